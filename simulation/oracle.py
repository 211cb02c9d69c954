"""Compares what the reps did with what the org holds, invariant by invariant."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sfsync.pocketorg.server import PocketOrg
from simulation.history import History
from simulation.people import Deal, State

#: nobody waits longer than this, whatever goes wrong meanwhile
PATIENCE = 900.0
_NEEDS = "Needs information"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    """One invariant that did not hold, and for which Opportunity."""

    invariant: str
    opportunity_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.opportunity_id}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """What came of a world."""

    violations: list[Violation] = field(default_factory=list)
    #: when each request was made, and seconds from there to its file
    waits: list[tuple[float, float]] = field(default_factory=list)
    forms: int = 0

    def recovery(self, end: float) -> float:
        """Seconds after this moment until all had their files who waited for them then."""
        return max((at + waited - end for at, waited in self.waits if at < end < at + waited), default=0.0)


@dataclass(frozen=True, slots=True)
class _Made:
    """One version: its row, the moment of its commit, and what its file says."""

    row: Row
    at: float
    entered: str
    says: str


class Oracle:
    """Reads the org from behind, never through the code that is being judged."""

    def __init__(self, org: PocketOrg, history: History, end: float, *, patience: float = PATIENCE) -> None:
        self._org, self._history, self._end, self._patience = org, history, end, patience
        self._rows = _by(self._all("Order_Form__c", IsDeleted=0), "Opportunity__c")
        self._records = {row["Id"]: row for row in self._all("Opportunity")}
        self._accounts = {row["Id"]: row for row in self._all("Account")}
        self._lines = _by(self._all("OpportunityLineItem"), "OpportunityId")
        self._links = _by(self._all("ContentDocumentLink"), "LinkedEntityId")
        self._files = {row["Id"]: row for row in self._all("ContentVersion")}
        self._versions = _by(self._files.values(), "ContentDocumentId")
        self._first = _by(self._files.values(), "FirstPublishLocationId")
        self._made, self._told = history.made(), history.told()

    def _all(self, sobject: str, **equal: Any) -> list[dict[str, Any]]:
        return self._org.org.get_all(sobject, **equal)

    def judge(self, deals: Iterable[Deal]) -> Verdict:
        verdict = Verdict()
        verdict.violations += [Violation("I4", "-", what) for what in self._history.trespasses()]
        for deal in deals:
            if not deal.deleted:
                self._judge(deal, verdict)
        return verdict

    def _judge(self, deal: Deal, verdict: Verdict) -> None:
        made = self._versions_of(deal)
        verdict.forms += len(made)
        found = [
            *(("I1", what) for what in self._current(deal, made)),
            *(("I2", what) for what in self._doubles(deal, made)),
            *(("I3", what) for what in self._stale(deal, made)),
            *(("I4", what) for what in self._meddled(deal)),
            *(("I5", what) for what in self._waited(deal, made, verdict.waits)),
        ]
        verdict.violations += [Violation(invariant, deal.id, what) for invariant, what in found]

    def _versions_of(self, deal: Deal) -> list[_Made]:
        rows = sorted(self._rows.get(deal.id, ()), key=lambda row: (row["Version__c"], row["Id"]))
        moments = {key: iter(times) for key, times in self._made.items()}
        return [
            _Made(
                row,
                next(moments[row["Key__c"]]),
                row["Token__c"].split(":")[1],
                _says(self._files.get(row["File_Id__c"])),
            )
            for row in rows
        ]

    # ------------------------------------------------------------- I1: served

    def _current(self, deal: Deal, made: Sequence[_Made]) -> Iterator[str]:
        """The newest request of a deal is answered, and the record says how."""
        form, record = deal.form(), self._records[deal.id]
        status = record["Order_Form_Status__c"]
        if form is None and status not in {None, "Ready"}:
            yield f"it left the stage and still says {status}"
        if form == "" and (status != _NEEDS or not record["Order_Form_Message__c"]):
            yield f"something is missing, and it says {status}"
        if form:
            yield from self._served(deal, made, record)

    def _served(self, deal: Deal, made: Sequence[_Made], record: Row) -> Iterator[str]:
        if not made:
            yield "it has no form"
            return
        last = made[-1]
        entered = record["LastStageChangeDate"] or record["CreatedDate"]
        if last.entered != entered.replace("-", "").replace(":", "").replace(".000", ""):
            yield f"its newest form answers {last.entered} and not {entered}"
        for ours, theirs in (
            ("Version", "Version"),
            ("Token", "Token"),
            ("Requested_At", "Requested_At"),
            ("Ready_At", "Ready_At"),
        ):
            if record[f"Order_Form_{ours}__c"] != last.row[f"{theirs}__c"]:
                yield f"{ours} is {record[f'Order_Form_{ours}__c']} and not {last.row[f'{theirs}__c']}"
        if record["Order_Form_Status__c"] != "Ready" or record["Order_Form_Message__c"]:
            yield f"it says {record['Order_Form_Status__c']}: {record['Order_Form_Message__c']}"
        if last.row["Requested_At__c"] > last.row["Ready_At__c"]:
            yield "it was ready before it was asked for"
        yield from self._one_file(deal, last)

    def _one_file(self, deal: Deal, last: _Made) -> Iterator[str]:
        file = self._files.get(last.row["File_Id__c"])
        if file is None:
            yield "its newest form has no file"
        elif not file["IsDeleted"]:
            alive = [each for each in self._links.get(deal.id, ()) if not each["IsDeleted"]]
            if [each["ContentDocumentId"] for each in alive] != [file["ContentDocumentId"]]:
                yield f"it has {len(alive)} files"
            if not file["IsLatest"]:
                yield "its newest form is not its file's latest version"

    # -------------------------------------------------------------- I2: doubled

    def _doubles(self, deal: Deal, made: Sequence[_Made]) -> Iterator[str]:
        numbers = [m.row["Version__c"] for m in made]
        if numbers != list(range(1, len(made) + 1)):
            yield f"its versions are {numbers}"
        # a deleted file keeps its versions, and loses its link
        documents = {first["ContentDocumentId"] for first in self._first.get(deal.id, ())}
        files = [f["Id"] for document in documents for f in self._versions[document]]
        if sorted(files) != sorted(m.row["File_Id__c"] for m in made):
            yield f"it has {len(made)} versions in {len(files)} files"
        for one, next_one in pairwise(made):
            if (one.entered, one.says) == (next_one.entered, next_one.says):
                yield f"version {next_one.row['Version__c']:.0f} says what the one before it said"

    # ---------------------------------------------------------------- I3: stale

    def _stale(self, deal: Deal, made: Sequence[_Made]) -> Iterator[str]:
        """The newest version shows the record as it is, and each one as it was after the one before."""
        form = deal.form()
        if form and made and made[-1].says != form:
            yield f"it shows {made[-1].says} and not {form}"
        since = 0.0
        for one in made:
            if one.says not in _between(deal.journal, since, one.at):
                yield f"version {one.row['Version__c']:.0f} shows what was not so then: {one.says}"
            since = one.at

    # ------------------------------------------------------------- I4: meddling

    def _meddled(self, deal: Deal) -> Iterator[str]:
        """Everything that the reps wrote stands as they wrote it."""
        record, account = self._records[deal.id], self._accounts[deal.account.id]
        total = sum(quantity * price for quantity, price in deal.lines.values())
        lines = {line["Id"]: (line["Quantity"], line["UnitPrice"]) for line in self._lines.get(deal.id, ())}
        for what, is_now, was_left in (
            ("Name", record["Name"], deal.name),
            ("StageName", record["StageName"], deal.stage),
            ("NextStep", record["NextStep"] or "", deal.note),
            ("Amount", record["Amount"], total if lines else record["Amount"]),
            ("Account", record["AccountId"], account["Id"]),
            ("BillingCity", account["BillingCity"], deal.account.city),
            ("BillingStreet", account["BillingStreet"], deal.account.street),
            ("products", lines, deal.lines),
        ):
            if is_now != was_left:
                yield f"{what} is {is_now}, and a rep left {was_left}"

    # -------------------------------------------------------------- I5: waiting

    def _waited(self, deal: Deal, made: Sequence[_Made], waits: list[tuple[float, float]]) -> Iterator[str]:
        ends = [state.at for state in deal.journal[1:]] + [self._end]
        for state, end in zip(deal.journal, ends, strict=False):
            answered = self._answered(deal, state, made)
            if answered is not None and state.form and state.at < answered <= end:
                waits.append((state.at, answered - state.at))
            if state.form is not None and min(answered or self._end, end) - state.at > self._patience:
                yield f"it waited {min(answered or self._end, end) - state.at:.0f} s from {state.at:.0f} s on"

    def _answered(self, deal: Deal, state: State, made: Sequence[_Made]) -> float | None:
        """When the org came to hold what this state asks for; the state's own begin where it did already."""
        if state.form == "":
            told = self._told.get(deal.id, [])
            before = [status for at, status in told if at <= state.at]
            if before and before[-1] == _NEEDS:
                return state.at
            return next((at for at, status in told if at >= state.at and status == _NEEDS), None)
        before_it = [m for m in made if m.at <= state.at]
        if before_it and before_it[-1].says == state.form:
            return state.at
        return next((m.at for m in made if m.at >= state.at and m.says == state.form), None)


def _between(journal: Sequence[State], since: float, until: float) -> set[str | None]:
    """What a record's form had to say at any time of a span."""
    ends = [state.at for state in journal[1:]] + [until + 1]
    return {state.form for state, end in zip(journal, ends, strict=False) if state.at <= until and end >= since}


def _says(file: Row | None) -> str:
    return str(json.loads(file["VersionData"].removeprefix(b"%PDF-"))[1]) if file else ""


def _by(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found
