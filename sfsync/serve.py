"""A batch on its way through five steps: read, compose, render, attach, tell."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Protocol

from sfsync import events, notices, traces
from sfsync.due import Restore, Version, decide
from sfsync.errors import LookAgain, Outage, RecordIncomplete, SetupError, SfsyncError, TryAgainLater, trail
from sfsync.events import Attached, InFlight, Restored
from sfsync.forms.compose import choose, compose
from sfsync.forms.text import eastasian
from sfsync.oneorg import OneOrg
from sfsync.patience import PATIENT_FOR
from sfsync.records import Batch, Notice, Opportunity, OrderForm, Pdf, Receipt, Status, Unreadable, Upload
from sfsync.report import Outcome, Report
from sfsync.salesforce.attach import MAX_BYTES, Answers, Attacher
from sfsync.salesforce.org import IDS_PER_QUERY
from sfsync.salesforce.tell import BELLS, Teller
from sfsync.turns import Turns

log = logging.getLogger(__name__)

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

    @property
    def trace(self) -> str:
        """What stands for this request in log lines and calls."""
        return traces.short(self.opportunity.id, str(self.version.token))


@dataclass(slots=True)
class _Round:
    """What the steps hand on while a batch is dealt with."""

    #: how often each record came to nothing before
    failures: Mapping[str, int]
    outcome: Outcome
    #: on the clock, when to come to an end
    until: float
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

    @property
    def report(self) -> Report:
        return self.outcome.report

    def settle(self, ids: Iterable[str]) -> None:
        """They came to their end: what was to be done and told is done and told, or waits for their pause."""
        self.outcome.settled |= {i: self.read_at[i] for i in ids}


class Renders(Protocol):
    """What makes PDFs of forms: `Renderers`."""

    def render(self, forms: Sequence[OrderForm]) -> Iterator[Pdf | SfsyncError]:
        """Yield a PDF, or why there is none, for each form in the order given."""


class Serve:
    """Serves batches of one org."""

    def __init__(
        self,
        one: OneOrg,
        renderers: Renders,
        *,
        clock: Callable[[], float] = time.monotonic,
        stopping: Callable[[], bool] = lambda: False,
        attached: Callable[[int], None] = lambda _number: None,
        lane: Callable[[], AbstractContextManager[None]] = nullcontext,
        seconds: float = inf,
    ) -> None:
        """`lane` is held for each upload; what a batch has not come to after so many `seconds` is left to another."""
        self._one, self._org, self._settings, self._renderers = one, one.org, one.settings, renderers
        self.attacher = Attacher(one.api, one.settings.fields, clock=clock)
        self._teller = Teller(one.api, one.settings.fields)
        self._asked_to_stop, self._attached_so_many = stopping, attached
        self._lane, self._clock, self._seconds = lane, clock, seconds
        self._reads = IDS_PER_QUERY
        #: while one batch takes in what an upload came to, another one uploads. The earliest goes first, so that they
        #: do not all end at once, when nobody had read the next
        self._turns = Turns()

    def batch(self, batch: Batch) -> Outcome:
        """Serve it. Never raises for what the org or a record does: the outcome says it."""
        now = _Round(batch.failures, Outcome(batch=batch.id), self._clock() + self._seconds)
        try:
            with traces.about(traces.call, traces.short(batch.id)), traces.span("batch", count=len(batch.failures)):
                self._release(batch.left)
                self._deal_with(list(batch.failures), now)
        except SfsyncError as error:
            now.report.error = error
            self._one.heed(events.refused(error))
            if isinstance(error, SetupError):
                self._one.forget()
        except Exception as error:  # noqa: BLE001 (whoever waits for the outcome must hear of it)
            log.error("this is a bug of sfsync's; please report it: %s", trail(error))  # noqa: TRY400 (the error's own text may quote data)
            now.report.error = TryAgainLater(f"sfsync met something it does not know ({type(error).__name__}).")
            # smaller batches find out which record it is
            now.outcome.failing |= batch.failures.keys() - now.outcome.settled.keys()
        now.report.paused = self._one.board.paused
        return now.outcome

    def _release(self, left: Sequence[str]) -> None:
        """Whoever left its stage asks no more. Whether it did, the org says: a batch may be old, or a stranger's."""
        if left:
            self._teller.release(self._org.left(self._one.plan, left))

    def _stopping(self, now: _Round) -> bool:
        return self._asked_to_stop() or self._one.board.paused or self._clock() > now.until

    def _deal_with(self, ids: Sequence[str], now: _Round) -> None:
        for number in range(_ROUNDS):
            now.again, now.last = [], number == _ROUNDS - 1
            self._upload(self._batches(self._rendered(ids, now)), now)
            self._tell(now)
            self._ring(now)
            ids = now.again
            if not ids or self._stopping(now):
                break

    def _upload(self, batches: Iterator[list[tuple[_Job, Pdf]]], now: _Round) -> None:
        place = None
        for batch in batches:
            place = place or self._turns.come()
            if not self._attach(batch, place, now):
                break

    def _rendered(self, ids: Sequence[str], now: _Round) -> Iterator[tuple[_Job, Pdf]]:
        """Read and compose chunk by chunk, and yield what is rendered; the rest of a chunk renders meanwhile."""
        rest = list(ids)
        while rest and not self._stopping(now):
            chunk, rest = rest[: self._reads], rest[self._reads :]
            jobs = self._compose(chunk, now)
            self._tell(now)
            for job, pdf in zip(jobs, self._renderers.render([job.form for job in jobs]), strict=True):
                with traces.about(traces.request, job.trace):
                    if isinstance(pdf, SfsyncError):
                        self._refuse(job.opportunity, pdf, now)
                    elif pdf.missing:
                        _boxed(job.opportunity.id, pdf.missing)
                if isinstance(pdf, Pdf):
                    yield job, pdf

    def _compose(self, ids: Sequence[str], now: _Round) -> list[_Job]:
        now.read_at.update(dict.fromkeys(ids, self._org.now()))
        read = self._read(ids, now)
        with traces.span("compose", count=len(read)):
            due = [found for o in read if (found := self._due(o, now))]
        in_work = {o.id for o in (*(o for o, *_ in due), *(o for o, _ in now.notices), *now.restore)}
        now.settle(i for i in ids if i not in in_work)
        documents = self._org.documents(o.made.file_id for o, _, _ in due if o.made and o.made.file_id)
        return [_Job(o, form, version, documents.get(o.made.file_id) if o.made else None) for o, form, version in due]

    def _read(self, ids: Sequence[str], now: _Round) -> list[Opportunity]:
        """Read in full. Where the org has no answer for so many, the next pass asks for fewer, down to the one."""
        try:
            with traces.span("read", count=len(ids)):
                found = list(self._org.read(self._one.plan, ids))
        except Outage:
            raise
        except TryAgainLater as error:
            self._reads = max(1, len(ids) // 4)
            if len(ids) > 1 or now.outcome.failing:
                raise
            self._put_off(ids[0], error, now)
            return []
        self._reads = min(IDS_PER_QUERY, self._reads * 2)
        for each in found:
            if isinstance(each, Unreadable):
                self._put_off(each.id, each.error, now)
        return [each for each in found if isinstance(each, Opportunity)]

    def _due(self, opportunity: Opportunity, now: _Round) -> tuple[Opportunity, OrderForm, Version] | None:
        """The form that one record is due, if it is; else note what is to be told or restored."""
        one = self._one
        try:
            blueprint = choose(opportunity, one.blueprints)
            if blueprint is None:
                return None
            found = decide(opportunity, blueprint.paths, blueprint.made_with, remake=one.remake)
            if isinstance(found, Version):
                return opportunity, compose(opportunity, blueprint, found, self._settings, one.plan.labels), found
            if isinstance(found, Restore):
                now.restore.append(opportunity)
        except SfsyncError as error:
            self._refuse(opportunity, error, now)
        except Exception as error:  # noqa: BLE001 (whatever one record does to us stays with that record)
            text = "%s: this is a bug of sfsync's; please report it: %s"
            log.error(text, opportunity.id, trail(error))  # noqa: TRY400 (the error's own text may quote data)
            bug = SetupError(f"sfsync met something it does not know ({type(error).__name__}).", code="bug")
            self._refuse(opportunity, bug, now)
        return None

    def _refuse(self, opportunity: Opportunity, error: SfsyncError, now: _Round) -> None:
        """No form this time: the record says why, unless it is a matter of seconds."""
        if isinstance(error, RecordIncomplete):
            self._one.heed(events.refused(error, opportunity.id))
        else:
            times = self._put_off(opportunity.id, error, now)
            if isinstance(error, TryAgainLater) and times < PATIENT_FOR:
                now.settle([opportunity.id])
                return
        now.notices.append((opportunity, notices.refused(opportunity, error, self._settings.messages)))

    def _put_off(self, opportunity_id: str, error: SfsyncError, now: _Round) -> int:
        """Leave a record to a later pass, each time a longer while. Returns how often it failed in a row."""
        if isinstance(error, TryAgainLater) and opportunity_id not in now.outcome.failing:
            now.report.later += 1
        now.outcome.failing.add(opportunity_id)
        if not isinstance(error, TryAgainLater):
            now.outcome.refused.add(opportunity_id)
        self._one.heed(events.refused(error, opportunity_id))
        times = now.failures.get(opportunity_id, 0) + 1
        level = logging.INFO if isinstance(error, TryAgainLater) and times < PATIENT_FOR else logging.ERROR
        log.log(level, "%s: %s", opportunity_id, error.in_log, extra={"opportunity": opportunity_id})
        return times

    def _batches(self, rendered: Iterator[tuple[_Job, Pdf]]) -> Iterator[list[tuple[_Job, Pdf]]]:
        """As many as the attacher takes now, over the borders of chunks."""
        batch: list[tuple[_Job, Pdf]] = []
        for job, pdf in rendered:
            batch.append((job, pdf))
            size = sum(len(p.content) for _, p in batch)
            if len(batch) >= self.attacher.batch_size or size >= MAX_BYTES:
                yield batch
                batch = []
        if batch:
            yield batch

    def _attach(self, batch: Sequence[tuple[_Job, Pdf]], place: int, now: _Round) -> bool:
        """Upload one batch while the next ones are being rendered. Whether there was still time for it."""
        jobs = {job.opportunity.id: job for job, _ in batch}
        uploads = [_as_upload(job, pdf) for job, pdf in batch]
        with traces.about(traces.call, traces.of_call([job.trace for job, _ in batch])):
            with self._its_turn(place, now), self._lane():
                if self._stopping(now):
                    return False
                answers = self._uploaded(uploads)
            made = []
            for one, answer in answers.items():
                with traces.about(traces.request, jobs[one].trace):
                    made += self._receive(jobs[one], answer, now)
            now.bells += made
            now.report.made += len(made)
            self._attached_so_many(len(made))
            log.info("%d forms attached", now.report.made, extra={"made": now.report.made, "count": len(made)})
        outage = next((a for a in answers.values() if isinstance(a, Outage)), None)
        if len(now.bells) >= 4 * BELLS:  # those of one batch can wait until the next one uploads
            self._ring(now, BELLS)
        if outage:
            self._ring(now)
            raise outage
        return True

    @contextmanager
    def _its_turn(self, place: int, now: _Round) -> Iterator[None]:
        since = self._clock()
        with self._turns.turn(place):
            now.until += self._clock() - since
            yield

    def _uploaded(self, uploads: Sequence[Upload]) -> Answers:
        self._one.heed(InFlight(count=len(uploads)))
        try:
            with traces.span("attach", count=len(uploads)):
                return self.attacher.attach(uploads)
        finally:
            self._one.heed(InFlight(count=0))

    def _receive(self, job: _Job, answer: Receipt | SfsyncError, now: _Round) -> list[Notice]:
        """Take in what became of one form. Gives back the bell to ring for it, if it is attached."""
        opportunity = job.opportunity
        if isinstance(answer, Receipt):
            self._say_attached(job, answer)
            now.outcome.attached[opportunity.id] = answer.ready_at
            now.settle([opportunity.id])
            return [notices.ready(opportunity, job.form, self._settings.messages)]
        if isinstance(answer, LookAgain) and not now.last:
            now.again.append(opportunity.id)
        elif not isinstance(answer, Outage):
            self._refuse(opportunity, answer, now)
        return []

    def _say_attached(self, job: _Job, receipt: Receipt) -> None:
        one, seconds = receipt.opportunity_id, (receipt.ready_at - job.version.requested_at).total_seconds()
        its = {"opportunity": one, "version": receipt.version, "seconds": round(seconds, 3)}
        log.info("%s: version %d attached, %.0f s after it was asked for", one, receipt.version, seconds, extra=its)
        self._one.heed(Attached(opportunity_id=one, version=receipt.version, seconds=seconds))

    def _tell(self, now: _Round) -> None:
        """Write what changed, then ring for it: once for each change of state, never for each pass."""
        told, now.notices = now.notices, []
        restore, now.restore = now.restore, []
        now.report.waiting += sum(n.status is Status.NEEDS_INFORMATION for _, n in told)
        now.report.failed += sum(n.status is Status.FAILED for _, n in told)
        changed = {n.opportunity_id: (o, n) for o, n in told if notices.is_news(o, n)}
        with traces.span("tell", count=len(changed)):
            written = self._teller.write([n for _, n in changed.values()])
        now.bells += [n for n in written if changed[n.opportunity_id][0].shown.status != n.status]
        restored = self._teller.restore(restore)
        now.report.restored += len(restored)
        self._one.heed(Restored(count=len(restored)))
        done = restored | {n.opportunity_id for n in written} | now.outcome.failing
        for opportunity_id in sorted({*changed, *(o.id for o in restore)} - done):
            self._put_off(opportunity_id, TryAgainLater("Its status was not written."), now)
        now.settle(o.id for o in (*(o for o, _ in told), *restore))

    def _ring(self, now: _Round, most: int | None = None) -> None:
        bells, now.bells = now.bells[:most], now.bells[len(now.bells[:most]) :]
        if not self._one.api.session.usage.forms_only:
            self._teller.ring(bells)


def _boxed(opportunity_id: str, missing: str) -> None:
    lacks, remedy = " ".join(f"U+{ord(c):04X}" for c in missing), eastasian.remedy(missing)
    log.warning("%s: no font has %s; the form shows boxes%s", opportunity_id, lacks, f". {remedy}" if remedy else "")


def _as_upload(job: _Job, pdf: Pdf) -> Upload:
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
