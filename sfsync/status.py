"""How things stand, read from the org in one call. Writes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any

from sfsync.errors import SfsyncError, TryAgainLater
from sfsync.records import Status
from sfsync.salesforce import answers, board, soql
from sfsync.salesforce.api import Api, Row
from sfsync.salesforce.org import moment
from sfsync.settings import Settings

#: so many records are named of each kind, and so many forms are measured
_NAMED, _MEASURED = 50, 2000
_SAID = ("Last_Seen__c", "Last_Words__c", board.PAUSED, board.SWITCHED_ON)
_WORKER = f"sobjects/{board.OBJECT}/{board.KEY}/{board.ONLY}?fields={','.join(_SAID)}"


@dataclass(frozen=True, slots=True)
class Worker:
    """What the worker last said of itself, as its settings in the org hold it."""

    last_seen: datetime | None
    last_words: str
    paused: bool
    #: since when forms are made here; None as long as nobody has said yes
    switched_on: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """An Opportunity that waits for somebody."""

    opportunity_id: str
    name: str
    owner: str
    message: str


@dataclass(frozen=True, slots=True)
class Turnaround:
    """How long forms took from being asked for to lying among the Files."""

    made: int
    #: seconds; None where none was made
    median: float | None
    slowest: float | None
    #: whose form was the slowest
    slowest_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A form that a rep marked as not right."""

    opportunity_id: str
    #: the Order_Form__c row
    row_id: str
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything at a glance."""

    at: datetime
    #: None where the org has no such object, or nobody ever worked there
    worker: Worker | None
    waiting: tuple[Record, ...]
    failed: tuple[Record, ...]
    #: how many stand in their stage, and sfsync has said nothing of them
    untouched: int
    today: Turnaround
    #: the last seven days
    week: Turnaround
    #: of the last seven days, the latest first; None where the org has no such fields
    not_right: tuple[Answer, ...] | None
    calls_used: int
    #: 0 where the org did not say
    calls_allowed: int


def look(api: Api, settings: Settings) -> Standing:
    """Read it all. Raises SetupError where sfsync's fields are not there, TryAgainLater where the org is away."""
    now = api.session.now()
    week = now - timedelta(days=7)
    texts = [*_records(settings), _untouched(settings), _rows(week), _answers(week)]
    # five queries are as many as one call takes; the worker's row is read by its key
    waiting, failed, untouched, rows, wrong, worker = api.composite([*map(soql.url, texts), _WORKER])
    for answer in (waiting, failed, untouched, rows):
        if isinstance(answer, SfsyncError):
            raise answer
    for answer in (wrong, worker):
        if isinstance(answer, TryAgainLater):
            raise answer
    midnight = datetime.combine(now.astimezone(settings.zone).date(), time.min, settings.zone)
    return Standing(
        at=now,
        worker=None if isinstance(worker, SfsyncError) else _worker_in(worker),
        waiting=tuple(_record(row, settings) for row in waiting["records"]),
        failed=tuple(_record(row, settings) for row in failed["records"]),
        untouched=untouched["totalSize"],
        today=_turnaround(row for row in rows["records"] if moment(row["Ready_At__c"]) >= midnight),
        week=_turnaround(rows["records"]),
        not_right=None if isinstance(wrong, SfsyncError) else tuple(map(_answer, wrong["records"])),
        calls_used=api.session.usage.used,
        calls_allowed=api.session.usage.allowed,
    )


def _records(settings: Settings) -> Iterable[str]:
    names = settings.fields
    for status in (Status.NEEDS_INFORMATION, Status.FAILED):
        where = soql.among(names.status, [status.value])
        fields = ["Id", "Name", "Owner.Name", names.message]
        yield f"{soql.select(fields, 'Opportunity', where, order='SystemModstamp DESC')} LIMIT {_NAMED}"


def _untouched(settings: Settings) -> str:
    stages = dict.fromkeys(form.stage for form in settings.order_forms)
    names = settings.fields
    where = (soql.among("StageName", stages), f"{names.token} = null", f"{names.status} = null")
    return soql.select(["COUNT()"], "Opportunity", *where)


def _rows(since: datetime) -> str:
    fields = ["Opportunity__c", "Requested_At__c", "Ready_At__c"]
    made = soql.select(fields, "Order_Form__c", f"Ready_At__c >= {soql.moment(since)}", order="Ready_At__c DESC")
    return f"{made} LIMIT {_MEASURED}"


def _answers(since: datetime) -> str:
    fields = ["Id", "Opportunity__c", answers.WRONG, "LastModifiedDate"]
    latest = soql.select(fields, answers.OBJECT, *answers.not_right(since), order="LastModifiedDate DESC")
    return f"{latest} LIMIT {_NAMED}"


def _answer(row: Row) -> Answer:
    return Answer(row["Opportunity__c"], row["Id"], moment(row["LastModifiedDate"]), row[answers.WRONG] or "")


def _worker_in(row: Row) -> Worker:
    seen, on = (row[name] for name in ("Last_Seen__c", board.SWITCHED_ON))
    return Worker(
        last_seen=moment(seen) if seen else None,
        last_words=row["Last_Words__c"] or "",
        paused=bool(row[board.PAUSED]),
        switched_on=moment(on) if on else None,
    )


def _record(row: Row, settings: Settings) -> Record:
    owner: Any = row["Owner"] or {}
    return Record(row["Id"], row["Name"], owner.get("Name") or "", row[settings.fields.message] or "")


def _turnaround(rows: Iterable[Row]) -> Turnaround:
    took = [
        ((moment(row["Ready_At__c"]) - moment(row["Requested_At__c"])).total_seconds(), row["Opportunity__c"])
        for row in rows
        if row["Requested_At__c"]
    ]
    if not took:
        return Turnaround(0, None, None, "")
    slowest, whose = max(took)
    return Turnaround(len(took), median(seconds for seconds, _ in took), slowest, whose)
