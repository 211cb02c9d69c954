"""The story: one pass over the six steps. Watch, read, compose, render, attach, tell."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sfsync import notices, outlook
from sfsync.due import Restore, Version, decide
from sfsync.errors import Held, LookAgain, Outage, RecordIncomplete, SetupError, SfsyncError, TryAgainLater, trail
from sfsync.forms.blueprint import Blueprint
from sfsync.forms.compose import choose, compose
from sfsync.forms.text import eastasian
from sfsync.patience import PATIENT_FOR, Patience
from sfsync.records import Notice, Opportunity, OrderForm, Pdf, Receipt, Request, Stamp, Status, Unreadable, Upload
from sfsync.report import Report
from sfsync.salesforce.api import Api
from sfsync.salesforce.attach import MAX_BYTES, Attacher
from sfsync.salesforce.board import Board
from sfsync.salesforce.budget import Usage
from sfsync.salesforce.org import IDS_PER_QUERY, Org
from sfsync.salesforce.plan import Plan
from sfsync.salesforce.tell import BELLS, Teller
from sfsync.settings import Settings

log = logging.getLogger(__name__)

#: the longest transaction takes 10 minutes; its changes carry the time of its beginning and appear at its end
OVERLAP = timedelta(minutes=11)
#: stamps have whole seconds, and our clock may be 2 s ahead: what moved this shortly before we read it may have moved
#: again within the same second
_FRESH = timedelta(seconds=3)
#: how long after our own write to look at a record again
_SETTLES = timedelta(seconds=5)
#: rounds for records that others changed while we worked on them; the rest waits for the next pass
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Job:
    """A form to be made for an Opportunity as we read it."""

    opportunity: Opportunity
    form: OrderForm
    version: Version
    #: ContentDocument Id that takes the new version
    document_id: str | None


@dataclass(slots=True)
class _Round:
    """What the steps hand on while some records are dealt with."""

    #: when each record was read, by Id
    read_at: dict[str, datetime] = field(default_factory=dict)
    #: what is to be written on records: they lack something, or failed
    notices: list[tuple[Opportunity, Notice]] = field(default_factory=list)
    restore: list[Opportunity] = field(default_factory=list)
    #: bells of forms that are attached
    bells: list[Notice] = field(default_factory=list)
    #: changed under us: to be looked at again at once
    again: list[str] = field(default_factory=list)
    #: whether there is no other round, and what changes under us waits as well
    last: bool = False
    #: left to a later pass
    later: set[str] = field(default_factory=set)
    #: those, and whatever else did not come to its end
    failing: set[str] = field(default_factory=set)


class Renders(Protocol):
    """What makes PDFs of forms: `Renderers`."""

    def render(self, forms: Sequence[OrderForm]) -> Iterator[Pdf | SfsyncError]:
        """Yield a PDF, or why there is none, for each form in the order given."""


class Sync:
    """Makes the passes over one org. What it remembers between passes only saves reading; the org holds the truth."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        blueprints: Sequence[Blueprint],
        renderers: Renders,
        *,
        clock: Callable[[], float] = time.monotonic,
        remake: bool = False,
        since: datetime | None = None,
        at_most: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
        attached: Callable[[int], None] = lambda _number: None,
        installation: str = "",
    ) -> None:
        self._board = Board(api, settings, installation)
        self._org = Org(api, currency=settings.currency, beside=self._board.reads)
        self._attacher = Attacher(api, settings.fields, clock=clock)
        self._teller = Teller(api, settings.fields)
        self._settings, self._blueprints, self._renderers = settings, tuple(blueprints), renderers
        self._clock, self._remake = clock, remake
        self._asked_to_stop = stopping
        self._since, self._at_most, self._attached_so_many = since, at_most, attached
        self._plan: Plan | None = None
        self._seen: dict[str, frozenset[Stamp]] = {}
        self._attached: dict[str, datetime] = {}
        self._patience = Patience()
        self._reads = IDS_PER_QUERY
        self._watched: datetime | None = None

    def run(self, *, sweep: bool = False) -> Report:
        """Make one pass; a `sweep` reads every record of the watched stages, and not only what moved.

        It does not raise for what the org or a record does: the report says it.
        """
        report = Report()
        try:
            self._pass(report, sweep=sweep or self._watched is None)
        except SfsyncError as error:
            report.error = error
            if isinstance(error, SetupError):
                self._forget()
        report.paused = self._board.paused
        if not isinstance(report.error, TryAgainLater):
            self._board.beat(report.error)
        return report

    @property
    def usage(self) -> Usage:
        """How much of the org's budget is spent, as its latest answer said."""
        return self._org.api.session.usage

    def _stopping(self) -> bool:
        return self._asked_to_stop() or self._board.paused

    def _forget(self) -> None:
        """Ask the org anew what it has: an admin may be mending it."""
        self._plan = None
        self._org.describer.forget()

    def _pass(self, report: Report, *, sweep: bool) -> None:
        if self._board.paused and self._board.still_paused():
            return
        plan = self._plan = self._plan or outlook.plan_for(self._org, self._blueprints, self._settings)
        since = None if sweep or self._watched is None else self._watched - OVERLAP
        started = self._clock()
        requests, left = self._org.watch(plan, since, self._counts_since())
        if self._board.paused:
            return
        # the answer has set our clock right; before it, the machine's may have been an hour ahead
        began = self._org.now() - timedelta(seconds=self._clock() - started)
        self._forget_all_but({r.opportunity_id for r in requests})
        moved = {r.opportunity_id: r for r in requests if sweep or self._is_news(r, began)}
        # what failed is tried again after its pause, also when its stamps have grown too old for the watch
        failed = [Request(opportunity_id=i, stamps=frozenset()) for i in self._patience.over(began) if i not in moved]
        report.moved = len(moved)
        self._teller.release(left)
        # what fails again and again holds up nobody
        requests = sorted([*failed, *moved.values()], key=lambda r: self._patience.times(r.opportunity_id))
        self._hold_a_flood(plan, [r.opportunity_id for r in requests])
        self._deal_with(plan, requests, report)
        if not self._stopping():
            self._watched = began

    def _is_news(self, request: Request, now: datetime) -> bool:
        """Whether to read it. What we have just written moved by our own hand, and is looked at once it has settled."""
        attached = self._attached.get(request.opportunity_id)
        if attached and now - attached < _SETTLES:
            return False
        return not request.stamps <= self._seen.get(request.opportunity_id, frozenset())

    def _forget_all_but(self, ids: set[str]) -> None:
        self._seen = {i: stamps for i, stamps in self._seen.items() if i in ids}
        self._attached = {i: when for i, when in self._attached.items() if i in ids}

    def _counts_since(self) -> datetime | None:
        """When deals without a form must have reached their stage, to count. Raises Held before somebody said yes."""
        if self._at_most is None:
            return self._since
        if self._board.switched_on is None:
            self._board.look()
        if self._board.switched_on is None:
            raise Held(
                "sfsync is not switched on for this org. Nothing is made.",
                remedy="Look at what it would do: sfsync run --dry-run. Then switch it on: sfsync run --yes.",
            )
        return self._since or self._board.switched_on

    def _hold_a_flood(self, plan: Plan, ids: Sequence[str]) -> None:
        """Raise Held where more forms would be made than somebody expects. Only so many records are worth counting."""
        if self._at_most is None or len(ids) <= self._at_most:
            return
        scope = outlook.Scope(self._org, plan, self._blueprints, self._settings, self._remake)
        number = outlook.count(outlook.of(scope, ids))
        if number > self._at_most:
            raise Held(
                f"{number:,} forms are due at once, more than at_most ({self._at_most:,}). None is made.",
                remedy="Look at them: sfsync run --dry-run. Then make them: sfsync run --yes.",
            )

    def _deal_with(self, plan: Plan, requests: Sequence[Request], report: Report) -> None:
        now = _Round()
        ids = [r.opportunity_id for r in requests]
        for number in range(_ROUNDS):
            now.again, now.last = [], number == _ROUNDS - 1
            for batch in self._batches(self._rendered(plan, ids, now, report)):
                self._attach(batch, now, report)
                if self._stopping():
                    break
            self._tell(now, report)
            self._ring(now)
            ids = now.again
            if not ids or self._stopping():
                break
        report.later += len(now.later)
        for request in requests:
            self._settle(request, now)

    def _settle(self, request: Request, now: _Round) -> None:
        """Remember what we have seen and dealt with."""
        read_at = now.read_at.get(request.opportunity_id)
        if read_at is None or request.opportunity_id in now.again:
            return
        if request.opportunity_id not in now.failing:
            self._patience.forget(request.opportunity_id)
        if all(when < read_at - _FRESH for _, when in request.stamps):
            self._seen[request.opportunity_id] = request.stamps

    def _rendered(self, plan: Plan, ids: Sequence[str], now: _Round, report: Report) -> Iterator[tuple[_Job, Pdf]]:
        """Read and compose chunk by chunk, and yield what is rendered; the rest of a chunk renders meanwhile."""
        rest = list(ids)
        while rest and not self._stopping():
            chunk, rest = rest[: self._reads], rest[self._reads :]
            jobs = self._compose(plan, chunk, now)
            self._tell(now, report)
            for job, pdf in zip(jobs, self._renderers.render([job.form for job in jobs]), strict=True):
                if isinstance(pdf, SfsyncError):
                    self._refuse(job.opportunity, pdf, now)
                    continue
                if pdf.missing:
                    _boxed(job.opportunity.id, pdf.missing)
                yield job, pdf

    def _compose(self, plan: Plan, ids: Sequence[str], now: _Round) -> list[_Job]:
        now.read_at.update(dict.fromkeys(ids, self._org.now()))
        due = [found for o in self._read(plan, ids, now) if (found := self._due(plan, o, now))]
        documents = self._org.documents(o.made.file_id for o, _, _ in due if o.made and o.made.file_id)
        return [_Job(o, form, version, documents.get(o.made.file_id) if o.made else None) for o, form, version in due]

    def _read(self, plan: Plan, ids: Sequence[str], now: _Round) -> list[Opportunity]:
        """Read in full. Where the org has no answer for so many, the next pass asks for fewer, down to the one."""
        try:
            found = list(self._org.read(plan, ids))
        except Outage:
            raise
        except TryAgainLater as error:
            self._reads = max(1, len(ids) // 4)
            if len(ids) > 1 or now.failing:
                raise
            self._put_off(ids[0], error, now)
            return []
        self._reads = min(IDS_PER_QUERY, self._reads * 2)
        for each in found:
            if isinstance(each, Unreadable):
                self._put_off(each.id, each.error, now)
        return [each for each in found if isinstance(each, Opportunity)]

    def _due(self, plan: Plan, opportunity: Opportunity, now: _Round) -> tuple[Opportunity, OrderForm, Version] | None:
        """The form that one record is due, if it is; else note what is to be told or restored."""
        try:
            blueprint = choose(opportunity, self._blueprints)
            if blueprint is None:
                return None
            found = decide(opportunity, blueprint.paths, blueprint.made_with, remake=self._remake)
            if isinstance(found, Version):
                return opportunity, compose(opportunity, blueprint, found, self._settings, plan.labels), found
            if isinstance(found, Restore):
                now.restore.append(opportunity)
        except SfsyncError as error:
            self._refuse(opportunity, error, now)
        except Exception as error:  # noqa: BLE001 (whatever one record does to us stays with that record)
            text = "%s: this is a bug of sfsync's; please report it: %s"
            log.error(text, opportunity.id, trail(error))  # noqa: TRY400 (the error's own text may quote data)
            bug = SetupError(f"sfsync met something it does not know ({type(error).__name__}).")
            self._refuse(opportunity, bug, now)
        return None

    def _refuse(self, opportunity: Opportunity, error: SfsyncError, now: _Round) -> None:
        """No form this time: the record says why, unless it is a matter of seconds."""
        if not isinstance(error, RecordIncomplete):
            times = self._put_off(opportunity.id, error, now)
            if isinstance(error, TryAgainLater) and times < PATIENT_FOR:
                return
        now.notices.append((opportunity, notices.refused(opportunity, error, self._settings.messages)))

    def _put_off(self, opportunity_id: str, error: SfsyncError, now: _Round) -> int:
        """Leave a record to a later pass, each time a longer while. Returns how often it failed in a row."""
        now.failing.add(opportunity_id)
        if isinstance(error, TryAgainLater):
            now.later.add(opportunity_id)
        times = self._patience.failed(opportunity_id, self._org.now())
        level = logging.INFO if isinstance(error, TryAgainLater) and times < PATIENT_FOR else logging.ERROR
        log.log(level, "%s: %s", opportunity_id, error.in_log)
        return times

    def _batches(self, rendered: Iterator[tuple[_Job, Pdf]]) -> Iterator[list[tuple[_Job, Pdf]]]:
        """As many as the attacher takes now, over the borders of chunks."""
        batch: list[tuple[_Job, Pdf]] = []
        for job, pdf in rendered:
            batch.append((job, pdf))
            size = sum(len(p.content) for _, p in batch)
            if len(batch) >= self._attacher.batch_size or size >= MAX_BYTES:
                yield batch
                batch = []
        if batch:
            yield batch

    def _attach(self, batch: Sequence[tuple[_Job, Pdf]], now: _Round, report: Report) -> None:
        """Upload one batch while the next ones are being rendered."""
        jobs = {job.opportunity.id: job for job, _ in batch}
        answers = self._attacher.attach([_upload(job, pdf) for job, pdf in batch])
        made = [notice for i, answer in answers.items() if (notice := self._receive(jobs[i], answer, now))]
        now.bells += made
        report.made += len(made)
        self._attached_so_many(len(made))
        log.info("%d forms attached", report.made)
        outage = next((a for a in answers.values() if isinstance(a, Outage)), None)
        if len(now.bells) >= BELLS:
            self._ring(now, BELLS)
        if outage:
            self._ring(now)
            raise outage

    def _receive(self, job: _Job, answer: Receipt | SfsyncError, now: _Round) -> Notice | None:
        opportunity = job.opportunity
        if isinstance(answer, Receipt):
            seconds = (answer.ready_at - job.version.requested_at).total_seconds()
            log.info("%s: version %d attached, %.0f s after it was asked for", opportunity.id, answer.version, seconds)
            self._attached[opportunity.id] = answer.ready_at
            return notices.ready(opportunity, job.form, self._settings.messages)
        if isinstance(answer, LookAgain) and not now.last:
            now.again.append(opportunity.id)
        elif not isinstance(answer, Outage):
            self._refuse(opportunity, answer, now)
        return None

    def _tell(self, now: _Round, report: Report) -> None:
        """Write what changed, then ring for it: once for each change of state, never for each pass."""
        told, now.notices = now.notices, []
        restore, now.restore = now.restore, []
        report.waiting += sum(n.status is Status.NEEDS_INFORMATION for _, n in told)
        report.failed += sum(n.status is Status.FAILED for _, n in told)
        changed = {n.opportunity_id: (o, n) for o, n in told if notices.is_news(o, n)}
        written = self._teller.write([n for _, n in changed.values()])
        now.bells += [n for n in written if changed[n.opportunity_id][0].shown.status != n.status]
        restored = self._teller.restore(restore)
        report.restored += len(restored)
        done = restored | {n.opportunity_id for n in written} | now.failing
        for opportunity_id in sorted({*changed, *(o.id for o in restore)} - done):
            self._put_off(opportunity_id, TryAgainLater("Its status was not written."), now)

    def _ring(self, now: _Round, most: int | None = None) -> None:
        bells, now.bells = now.bells[:most], now.bells[len(now.bells[:most]) :]
        if not self.usage.forms_only:
            self._teller.ring(bells)


def _boxed(opportunity_id: str, missing: str) -> None:
    lacks, remedy = " ".join(f"U+{ord(c):04X}" for c in missing), eastasian.remedy(missing)
    log.warning("%s: no font has %s; the form shows boxes%s", opportunity_id, lacks, f". {remedy}" if remedy else "")


def _upload(job: _Job, pdf: Pdf) -> Upload:
    return Upload(
        opportunity_id=job.opportunity.id,
        form=job.form.name,
        title=job.form.title,
        version=job.version.number,
        token=str(job.version.token),
        requested_at=job.version.requested_at,
        made_from=job.version.made_from,
        document_id=job.document_id,
        content=pdf.content,
    )
