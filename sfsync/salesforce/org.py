"""The port to one org: watch, read, and what the admin is told about it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sfsync.errors import SetupError, SfsyncError
from sfsync.records import Left, Made, Opportunity, Request, Shown, Stamp, Status, Unreadable
from sfsync.salesforce import plan as plans
from sfsync.salesforce import soql
from sfsync.salesforce.api import MAX_SUBREQUESTS, Api, Row, chunks, documented
from sfsync.salesforce.describe import Describer, FieldInfo, Resolved
from sfsync.salesforce.plan import Children, Plan
from sfsync.settings import FieldNames

#: Ids in one query: its URL stays below 16,384 bytes (SOQL and SOSL Reference, "SOQL Limits"), and the lines of so many
#: usual deals fit into one page of 2,000 rows; and they are five full calls of uploads
IDS_PER_QUERY = 375
_ROW = ("Opportunity__c", "Version__c", "Token__c", "File_Id__c", "Requested_At__c", "Ready_At__c", "Made_From__c")


class Org:
    """Reads of one org. What it writes goes through `attach` and `tell`."""

    def __init__(
        self, api: Api, *, currency: str | None, beside: Mapping[str, Callable[[Any], None]] | None = None
    ) -> None:
        """`beside` goes along with each look at the records: see `Api.queries`."""
        self.api = api
        self._beside = beside
        self._currency = currency
        self.describer = Describer(self._describe)

    def _describe(self, names: Sequence[str]) -> list[Row | SfsyncError]:
        found: list[Row | SfsyncError] = []
        for some in chunks(names, MAX_SUBREQUESTS):
            found += self.api.composite(f"sobjects/{name}/describe" for name in some)
        return found

    def now(self) -> datetime:
        return self.api.session.now()

    def plan(
        self,
        stages: Iterable[tuple[str, str]],
        names: FieldNames,
        paths: Iterable[tuple[str, str]],
        optional: Iterable[str] = (),
    ) -> Plan:
        """Prove stages and fields against the org's describe. Raises SetupError or SetupErrors."""
        made = plans.make(self.describer, stages, names, paths, optional)
        if not (made.multicurrency or self._currency):
            raise SetupError(
                "The org has one currency, and its API does not say which.",
                where="settings",
                remedy="Add a line such as currency: USD.",
            )
        return made

    def watch(
        self, plan: Plan, since: datetime | None, entered_since: datetime | None
    ) -> tuple[list[Request], list[str]]:
        """Which records of the watched stages moved at or after `since`; all of them where it is None.

        A record of which sfsync has never spoken counts only if it entered its stage after `entered_since`, where that
        is said. Beside them, the Ids of those that left their stage and still ask for something. One API call, and one
        more for each 2,000 moved records.
        """
        texts = [_watch_opportunities(plan, since, entered_since), _watch_left(plan, since)]
        if since is not None:
            texts += [_watch_children(plan, c, since) for c in plan.children]
        seen: dict[str, set[Stamp]] = defaultdict(set)
        opportunities, left, *children = self.api.queries(texts, self._beside)
        with documented():
            for row in opportunities:
                seen[row["Id"]].update(_stamps(row, "", plan.stamps))
            for child, rows in zip(plan.children, children, strict=False):
                for row in rows:
                    seen[row[child.link]].update(_stamps(row, row["Id"], child.stamps))
            requests = [Request(opportunity_id=soql.record_id(i), stamps=frozenset(seen[i])) for i in seen]
            return requests, [soql.record_id(row["Id"]) for row in left]

    def left(self, plan: Plan, ids: Sequence[str]) -> list[Left]:
        """Which of these left their stage and still ask for something. One API call for each 375, none for none."""
        found: list[Left] = []
        for some in chunks(ids, IDS_PER_QUERY):
            [rows] = self.api.queries([_left(plan, soql.among_ids("Id", some))], self._beside)
            with documented():
                found += [
                    Left(opportunity_id=soql.record_id(r["Id"]), has_form=bool(r[plan.names.version])) for r in rows
                ]
        return found

    def read(self, plan: Plan, ids: Sequence[str], *, in_any_stage: bool = False) -> Iterator[Opportunity | Unreadable]:
        """Read in full those that still stand in a watched stage, or all of them, in the order given.

        The rows are asked for before the data, so that the version is never later than what it is made from.
        """
        for some in chunks(ids, IDS_PER_QUERY):
            standing = () if in_any_stage else (soql.among("StageName", plan.stages),)
            texts = [
                soql.select(_ROW, "Order_Form__c", soql.among_ids("Opportunity__c", some)),
                soql.select(plan.selected, "Opportunity", soql.among_ids("Id", some), *standing),
                *(_read_children(c, some) for c in plan.children),
            ]
            rows, opportunities, *children = self.api.queries(texts, self._beside)
            with documented():
                lines = [_grouped(found, c.link) for c, found in zip(plan.children, children, strict=True)]
                made, by_id = _grouped(rows, "Opportunity__c"), {row["Id"]: row for row in opportunities}
            for one in some:
                if one in by_id:
                    own = {c.relationship: found[one] for c, found in zip(plan.children, lines, strict=True)}
                    yield self._understood(plan, by_id[one], own, made[one])

    def sample(self, plan: Plan, most: int) -> tuple[int, list[str]]:
        """What templates would print of the deals that moved last, in whatever stage, and of five times as many lines.

        How many deals these are, at `most`, and every text. One API call, as a rule.
        """
        sources = [("Opportunity", plan.selected, plan.paths, most)]
        sources += ((c.sobject, c.selected, c.paths, 5 * most) for c in plan.children)
        last = "SystemModstamp DESC"
        found = self.api.queries([soql.select(fields, name, order=last, most=n) for name, fields, _, n in sources])
        with documented():
            values = [
                _follow(row, path.select.split("."))
                for rows, (_, _, paths, _) in zip(found, sources, strict=True) for row in rows for path in paths
            ]  # fmt: skip
            return len(found[0]), [value for value in values if isinstance(value, str)]

    def documents(self, file_ids: Iterable[str]) -> dict[str, str]:
        """ContentDocument Ids by ContentVersion Id. A file that somebody deleted is not among them."""
        found: dict[str, str] = {}
        for some in chunks(file_ids, IDS_PER_QUERY):
            text = soql.select(["Id", "ContentDocumentId"], "ContentVersion", soql.among_ids("Id", some))
            with documented():
                found |= {row["Id"]: row["ContentDocumentId"] for row in self.api.query(text)}
        return found

    def _understood(
        self, plan: Plan, row: Row, lines: Mapping[str, list[Row]], made: Iterable[Row]
    ) -> Opportunity | Unreadable:
        """One record; whatever is odd about its data stays with it."""
        try:
            with documented():
                return self._opportunity(plan, row, lines, _latest(made))
        except SfsyncError as error:
            return Unreadable(id=row["Id"], error=error)

    def _opportunity(self, plan: Plan, row: Row, lines: Mapping[str, list[Row]], made: Made | None) -> Opportunity:
        stamps = {when for _, when in _stamps(row, "", plan.stamps)}
        values = _values(row, plan.paths)
        for child in plan.children:
            own = lines[child.relationship]
            values[child.relationship] = tuple(_values(line, child.paths) for line in own)
            stamps |= {when for line in own for _, when in _stamps(line, "", child.stamps)}
        names = plan.names
        version = row[names.version]
        return Opportunity(
            id=row["Id"],
            name=row["Name"],
            stage=row["StageName"],
            owner_id=row["OwnerId"],
            entered_at=moment(row["LastStageChangeDate"] or row["CreatedDate"]),
            moved_at=max(stamps),
            currency=row.get("CurrencyIsoCode") or self._currency or "",
            line_currencies=frozenset(
                line["CurrencyIsoCode"] for own in lines.values() for line in own if line.get("CurrencyIsoCode")
            ),
            values=values,
            made=made,
            shown=Shown(
                status=row[names.status],
                message=row[names.message],
                version=None if version is None else int(version),
                token=row[names.token],
            ),
        )


def moment(text: str) -> datetime:
    """Read `2026-05-01T07:25:37.000+0000`."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _since(stamps: Iterable[str], since: datetime) -> str:
    return soql.any_of(f"{f'{s}.' if s else ''}SystemModstamp >= {soql.moment(since)}" for s in ("", *stamps))


def _watch_opportunities(plan: Plan, since: datetime | None, entered_since: datetime | None) -> str:
    moved = (_since(plan.stamps, since),) if since else ()
    counts = (_counts(plan.names, entered_since),) if entered_since else ()
    conditions = (soql.among("StageName", plan.stages), *moved, *counts)
    return soql.select(["Id", *_stamp_fields(plan.stamps)], "Opportunity", *conditions, order="SystemModstamp")


def _counts(names: FieldNames, entered_since: datetime) -> str:
    entered = soql.moment(entered_since)
    known = (
        f"{names.token} != null",
        f"{names.status} != null",
        f"LastStageChangeDate >= {entered}",
        f"(LastStageChangeDate = null AND CreatedDate >= {entered})",  # created straight in its stage
    )
    return soql.any_of(known)


def _watch_left(plan: Plan, since: datetime | None) -> str:
    return _left(plan, *((_since((), since),) if since else ()))


def _left(plan: Plan, *conditions: str) -> str:
    names = plan.names
    gone = f"StageName NOT IN {soql.texts(plan.stages)}"
    asking = soql.among(names.status, [Status.NEEDS_INFORMATION.value, Status.FAILED.value])
    return soql.select(["Id", names.version], "Opportunity", gone, asking, *conditions)


def _watch_children(plan: Plan, child: Children, since: datetime) -> str:
    standing = soql.among(f"{child.parent}.StageName", plan.stages)
    fields = ["Id", child.link, *_stamp_fields(child.stamps)]
    return soql.select(fields, child.sobject, standing, _since(child.stamps, since))


def _read_children(child: Children, ids: Iterable[str]) -> str:
    return soql.select(child.selected, child.sobject, soql.among_ids(child.link, ids), order=child.order)


def _stamp_fields(parents: Iterable[str]) -> list[str]:
    return ["SystemModstamp", *(f"{parent}.SystemModstamp" for parent in parents)]


def _grouped(rows: Iterable[Row], link: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[link]].append(row)
    return found


def _stamps(row: Row, source: str, parents: Iterable[str]) -> Iterator[Stamp]:
    yield source, moment(row["SystemModstamp"])
    for parent in parents:
        if stamp := _follow(row, [*parent.split("."), "SystemModstamp"]):
            yield f"{source}/{parent}", moment(stamp)


def _latest(rows: Iterable[Row]) -> Made | None:
    """The highest version."""
    row = max(rows, key=lambda each: int(each["Version__c"]), default=None)
    if row is None:
        return None
    return Made(
        version=int(row["Version__c"]),
        token=row["Token__c"] or "",
        file_id=row["File_Id__c"] or "",
        requested_at=moment(row["Requested_At__c"]) if row["Requested_At__c"] else None,
        ready_at=moment(row["Ready_At__c"]) if row["Ready_At__c"] else None,
        made_from=_made_from(row["Made_From__c"]),
    )


def _made_from(text: str | None) -> dict[str, str]:
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _values(row: Row, paths: Iterable[Resolved]) -> dict[str, Any]:
    """A tree of Python values with exactly the fields asked for; a parent that is not set has leaves of None."""
    tree: dict[str, Any] = {}
    for path in paths:
        *parents, leaf = path.select.split(".")
        here = tree
        for step in parents:
            here = here.setdefault(step, {})
        here[leaf] = python_value(_follow(row, [*parents, leaf]), path.info)
    return tree


def _follow(row: Any, steps: Iterable[str]) -> Any:
    for step in steps:
        if row is None:
            return None
        row = row[step]
    return row


def python_value(value: Any, info: FieldInfo) -> Any:
    """A JSON value as Python has it. Decimals are rounded to the field's scale, which takes the binary noise away."""
    if value is None or info.type == "boolean":
        return value
    match info.type:
        case "currency" | "double" | "percent":
            return _finite(value).quantize(Decimal(1).scaleb(-info.scale))
        case "int":
            return int(value)
        case "date":
            return date.fromisoformat(value)
        case "datetime":
            return moment(value)
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _finite(value: Any) -> Decimal:
    """A number; NaN, which JSON readers let through, would pass for an amount."""
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("not a number")
    return number
