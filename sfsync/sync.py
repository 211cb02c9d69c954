"""The story: one pass over the six steps. Watch, read, compose, render, attach, tell."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sfsync.config import Settings
from sfsync.due import Restore, Version, decide
from sfsync.errors import LookAgain, Outage, RecordIncomplete, SetupError, SfsyncError, TryAgainLater
from sfsync.forms.compose import DISCOUNT, Blueprint, choose, compose
from sfsync.records import Notice, Opportunity, OrderForm, Pdf, Receipt, Request, Stamp, Status, Upload
from sfsync.renderers import Renderers
from sfsync.salesforce.api import Api, chunks
from sfsync.salesforce.attach import MAX_BYTES, Attacher
from sfsync.salesforce.org import IDS_PER_QUERY, Org
from sfsync.salesforce.plan import Plan
from sfsync.salesforce.tell import Teller

log = logging.getLogger(__name__)

#: the longest transaction, whose changes carry the time of its beginning and appear at its end
OVERLAP = timedelta(minutes=10)
#: stamps have whole seconds: what moved this shortly before it was read may have moved again
_FRESH = timedelta(seconds=2)
#: rounds for records that others changed while we worked on them; the rest waits for the next pass
_ROUNDS = 3


@dataclass(slots=True)
class Report:
    """What one pass came to."""

    moved: int = 0
    made: int = 0
    waiting: int = 0
    restored: int = 0
    failed: int = 0
    later: int = 0
    #: what ended the pass early
    error: SfsyncError | None = None

    @property
    def exit_code(self) -> int:
        """0 all well, also when records wait for the rep; 2 the admin must act; 75 try again later."""
        if self.failed or isinstance(self.error, SetupError):
            return 2
        return 75 if self.later or self.error else 0

    def __str__(self) -> str:
        parts = {
            "made": self.made,
            "waiting for information": self.waiting,
            "restored": self.restored,
            "failed": self.failed,
            "to be tried again": self.later,
        }
        did = ", ".join(f"{n} {word}" for word, n in parts.items() if n)
        return f"{did or 'nothing done'}; stopped early" if self.error else did or "nothing to do"


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
    """What the steps hand on for one chunk of records."""

    jobs: list[_Job] = field(default_factory=list)
    notices: list[tuple[Opportunity, Notice]] = field(default_factory=list)
    restore: list[Opportunity] = field(default_factory=list)
    #: records that are not dealt with, and must be looked at again
    again: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)


class Sync:
    """Makes the passes over one org. What it remembers between passes only saves reading; the org holds the truth."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        blueprints: Sequence[Blueprint],
        renderers: Renderers,
        *,
        remake: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._org = Org(api, currency=settings.currency)
        self._attacher = Attacher(api, settings.fields)
        self._teller = Teller(api, settings.fields)
        self._settings, self._blueprints, self._renderers = settings, tuple(blueprints), renderers
        self._remake, self._stopping = remake, stopping
        self._plan: Plan | None = None
        self._seen: dict[str, frozenset[Stamp]] = {}
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
        return report

    def _forget(self) -> None:
        """Ask the org anew what it has: an admin may be mending it."""
        self._plan = None
        self._org.describer.forget()

    def _pass(self, report: Report, *, sweep: bool) -> None:
        began = self._org.now()
        plan = self._plan = self._plan or self._make_plan()
        since = None if sweep or self._watched is None else self._watched - OVERLAP
        requests = self._org.watch(plan, since, began - self._settings.look_back)
        moved = [r for r in requests if sweep or not r.stamps <= self._seen.get(r.opportunity_id, frozenset())]
        report.moved = len(moved)
        kept = {r.opportunity_id for r in requests}
        self._seen = {i: stamps for i, stamps in self._seen.items() if i in kept}
        for chunk in chunks(moved, IDS_PER_QUERY):
            if self._stopping():
                return
            self._deal_with(plan, chunk, report)
        self._watched = began

    def _make_plan(self) -> Plan:
        stages = [b.settings.stage for b in self._blueprints]
        places = [place for b in self._blueprints for place in b.places]
        return self._org.plan(stages, self._settings.fields, places, optional=[DISCOUNT])

    def _deal_with(self, plan: Plan, requests: Sequence[Request], report: Report) -> None:
        began = self._org.now()
        ids, open_ids = [r.opportunity_id for r in requests], set[str]()
        for _ in range(_ROUNDS):
            done = self._round(plan, ids, report)
            open_ids |= done.later
            ids = sorted(done.again)
            if not ids or self._stopping():
                break
        open_ids |= set(ids)
        report.later += len(open_ids)
        for request in requests:
            settled = all(when < began - _FRESH for _, when in request.stamps)
            if settled and request.opportunity_id not in open_ids:
                self._seen[request.opportunity_id] = request.stamps

    def _round(self, plan: Plan, ids: Sequence[str], report: Report) -> _Round:
        """Read and compose some records, attach what is due, tell what there is to tell."""
        now = _Round()
        self._compose(plan, ids, now)
        self._attach(now, report)
        self._tell(now, report)
        return now

    def _compose(self, plan: Plan, ids: Sequence[str], now: _Round) -> None:
        due: list[tuple[Opportunity, OrderForm, Version]] = []
        for opportunity in self._org.read(plan, ids):
            blueprint = choose(opportunity, self._blueprints)
            if blueprint is None:
                continue
            found = decide(opportunity, blueprint.paths, blueprint.made_with, remake=self._remake)
            if isinstance(found, Restore):
                now.restore.append(opportunity)
            elif found:
                try:
                    form = compose(opportunity, blueprint, found, self._settings, plan.labels)
                except SfsyncError as error:
                    now.notices.append((opportunity, _refused(opportunity, error)))
                else:
                    due.append((opportunity, form, found))
        documents = self._org.documents(o.made.file_id for o, _, _ in due if o.made and o.made.file_id)
        for opportunity, form, version in due:
            file_id = opportunity.made.file_id if opportunity.made else ""
            now.jobs.append(_Job(opportunity, form, version, documents.get(file_id)))

    def _attach(self, now: _Round, report: Report) -> None:
        """Upload one batch while the next ones are being rendered."""
        for batch in self._batches(now, self._renderers.render([job.form for job in now.jobs])):
            jobs = {job.opportunity.id: job for job, _ in batch}
            answers = self._attacher.attach([upload for _, upload in batch])
            ready = [self._receive(jobs[i], answer, now) for i, answer in answers.items()]
            self._teller.ring([notice for notice in ready if notice])
            report.made += sum(notice is not None for notice in ready)
            log.info("%d of %d forms attached", report.made, len(now.jobs))
            for answer in answers.values():
                if isinstance(answer, Outage):
                    raise answer
            if self._stopping():
                return

    def _batches(self, now: _Round, pdfs: Iterator[Pdf | SfsyncError]) -> Iterator[list[tuple[_Job, Upload]]]:
        batch: list[tuple[_Job, Upload]] = []
        size = 0
        for job, pdf in zip(now.jobs, pdfs, strict=True):
            if isinstance(pdf, SfsyncError):
                now.notices.append((job.opportunity, _refused(job.opportunity, pdf)))
                continue
            if pdf.missing:
                log.warning("%s: no font has %s; the form shows boxes", job.opportunity.id, pdf.missing)
            batch.append((job, _upload(job, pdf)))
            size += len(pdf.content)
            if len(batch) >= self._attacher.batch_size or size >= MAX_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _receive(self, job: _Job, answer: Receipt | SfsyncError, now: _Round) -> Notice | None:
        opportunity = job.opportunity
        if isinstance(answer, Receipt):
            seconds = (answer.ready_at - job.version.requested_at).total_seconds()
            log.info("%s: version %d attached, %.0f s after it was asked for", opportunity.id, answer.version, seconds)
            return _ready(opportunity, job.form)
        if isinstance(answer, LookAgain):
            now.again.add(opportunity.id)
        elif isinstance(answer, TryAgainLater):
            log.info("%s: %s", opportunity.id, answer)
            now.later.add(opportunity.id)
        else:
            now.notices.append((opportunity, _refused(opportunity, answer)))
        return None

    def _tell(self, now: _Round, report: Report) -> None:
        """Write what changed, then ring for it: once for each change of state, never for each pass."""
        report.waiting += sum(n.status is Status.NEEDS_INFORMATION for _, n in now.notices)
        report.failed += sum(n.status is Status.FAILED for _, n in now.notices)
        changed = {n.opportunity_id: (o, n) for o, n in now.notices if _differs(o, n)}
        written = self._teller.write([n for _, n in changed.values()])
        self._teller.ring([n for n in written if changed[n.opportunity_id][0].shown.status != n.status])
        if now.restore:
            self._teller.restore(now.restore)
            report.restored += len(now.restore)


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


def _differs(opportunity: Opportunity, notice: Notice) -> bool:
    shown = opportunity.shown
    return shown.status != notice.status or (shown.message or "").split() != (notice.message or "").split()


def _ready(opportunity: Opportunity, form: OrderForm) -> Notice:
    again = f" It is version {form.version} of the same file." if form.version > 1 else ""
    return Notice(
        opportunity_id=opportunity.id,
        owner_id=opportunity.owner_id,
        status=Status.READY,
        message=None,
        title="Order form ready",
        body=f"The order form for {opportunity.name} is among its Files.{again}",
    )


def _refused(opportunity: Opportunity, error: SfsyncError) -> Notice:
    """What the rep reads: what to mend, or that the administrator has to."""
    if isinstance(error, RecordIncomplete):
        status, title, message = Status.NEEDS_INFORMATION, "Order form needs information", error.what
    else:
        log.error("%s: %s", opportunity.id, error)
        status, title = Status.FAILED, "Order form failed"
        message = f"The order form could not be made. Please ask your Salesforce administrator, and show this: {error}"
    return Notice(
        opportunity_id=opportunity.id,
        owner_id=opportunity.owner_id,
        status=status,
        message=message,
        title=title,
        body=f"{opportunity.name}: {message}",
    )
