"""Runs a query and pages its answer: what GET /query and /queryAll do behind the URL."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sfsync.pocketorg import ids
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import soql
from sfsync.pocketorg.query.plan import Child, Plan, plan
from sfsync.pocketorg.query.scope import Access, Asked
from sfsync.pocketorg.query.shape import Record, Row
from sfsync.pocketorg.schema import Schema

CHILD_PAGE = 200  #: rows of a child list that come with their parent; the rest has its own nextRecordsUrl
MOST_CURSORS, MOST_RECORDS = 500, 500_000  #: kept open at a time
SMALLEST_PAGE, LARGEST_PAGE = 200, 2000


@dataclass(frozen=True, slots=True)
class Result:
    """A whole answer, JSON-ready. `child_keys` name lists of children: {totalSize, done, records} or None each."""

    records: list[Record]
    total_size: int
    entity: str
    child_keys: tuple[str, ...] = ()


def run(
    text: str,
    *,
    db: sqlite3.Connection,
    schema: Schema,
    access: Access,
    now: datetime,
    version: str,
    user_id: str,
    include_deleted: bool = False,
    all_files: bool = True,
) -> Result:
    """Answer a SOQL query as `user_id` sees the org. The connection knows `soql.register`. Raises ApiError."""
    asked = Asked(
        text=text,
        schema=schema,
        access=access,
        now=now,
        zone=_zone(db, schema, user_id),
        fiscal_start=int(_setting(db, schema, "Organization", "FiscalYearStartMonth") or 1),
        version=f"v{version.lstrip('v')}",
        include_deleted=include_deleted,
        user_id=user_id,
        all_files=all_files,
        currency=_currency(db, schema, user_id),
    )
    try:
        return _answer(db, plan(soql.parse(text), asked))
    except (RecursionError, sqlite3.OperationalError) as problem:
        if isinstance(problem, RecursionError) or re.search(_TOO_MUCH, str(problem)):
            raise soql.too_complicated() from None
        raise


#: How SQLite says that a statement goes beyond its limits.
_TOO_MUCH = "too large|too many|stack overflow|at most"


def _answer(db: sqlite3.Connection, made: Plan) -> Result:
    if made.counts:
        return Result([], int(_rows(db, made.sql.text, made.sql.values)[0][0]), made.entity)
    records = _fetch(db, made)
    return Result(records, len(records), made.entity, tuple(child.key for child in made.children))


def _rows(db: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> list[Row]:
    cursor = db.cursor()
    cursor.row_factory = None
    return cursor.execute(sql, values).fetchall()


def _fetch(db: sqlite3.Connection, made: Plan) -> list[Record]:
    rows = _rows(db, made.sql.text, made.sql.values)
    return _with_children(db, made, rows)


def _with_children(db: sqlite3.Connection, made: Plan, rows: list[Row]) -> list[Record]:
    records = [made.build(row) for row in rows]
    for child in made.children:
        _hang(db, child, {row[0]: record for row, record in zip(rows, records, strict=True)})
    return records


def _hang(db: sqlite3.Connection, child: Child, parents: dict[str, Record]) -> None:
    """Fetch the children of all parents in one statement and put each list under its parent."""
    made = child.plan
    families: dict[str, list[Row]] = {}
    for row in _rows(db, made.sql.text, (*made.sql.values, json.dumps(list(parents)))):
        families.setdefault(row[-1], []).append(row)
    stop = None if child.limit is None else child.offset + child.limit
    kept = {parent_id: rows[child.offset : stop] for parent_id, rows in families.items()}
    records = iter(_with_children(db, made, [row for rows in kept.values() for row in rows]))
    lists = {parent_id: list(islice(records, len(rows))) for parent_id, rows in kept.items()}
    for parent_id, parent in parents.items():
        found = lists.get(parent_id)
        parent[child.key] = {"totalSize": len(found), "done": True, "records": found} if found else None


def _zone(db: sqlite3.Connection, schema: Schema, user_id: str) -> ZoneInfo:
    """The user's time zone, in which days begin and end; UTC where none is set."""
    name = _setting(db, schema, "User", "TimeZoneSidKey", user_id) if user_id else None
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _currency(db: sqlite3.Connection, schema: Schema, user_id: str) -> str:
    """The currency of the user, or the org's where he has none; empty where the org does not know several."""
    own = _setting(db, schema, "User", "DefaultCurrencyIsoCode", user_id) if user_id else None
    if own or schema.get("CurrencyType") is None:
        return str(own or "")
    rows = _rows(db, 'SELECT "IsoCode" FROM "CurrencyType" WHERE "IsCorporate" = 1', ())
    return str(rows[0][0]) if rows else ""


def _setting(db: sqlite3.Connection, schema: Schema, sobject: str, field: str, record_id: str = "") -> Any:
    found = schema.get(sobject)
    if found is None or found.field(field) is None:
        return None
    # The organization has one row and needs no Id.
    where, values = (' WHERE "Id" = ?', (record_id,)) if record_id else (" LIMIT 1", ())
    rows = _rows(db, f'SELECT "{field}" FROM "{sobject}"{where}', values)  # noqa: S608 -- the schema's names
    return rows[0][0] if rows else None


class Cursors:
    """The open answers of an org. The oldest is forgotten when there are too many, so that memory stays bounded."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[Result, int, str]] = OrderedDict()
        self._numbers = count(1)

    def open(self, result: Result, *, version: str, batch_size: int = LARGEST_PAGE, user_id: str = "") -> Record:
        """Give the first page as the body of an answer. `batch_size` is brought between 200 and 2,000."""
        size = min(max(batch_size, SMALLEST_PAGE), LARGEST_PAGE)
        if result.total_size <= size or not result.records:
            return self._page(result, "", 0, size, version, user_id)
        return self._page(result, self._keep(result, size, user_id), 0, size, version, user_id)

    def more(self, locator: str, version: str, user_id: str = "") -> Record:
        """Give the page that a nextRecordsUrl names.

        Raises INVALID_QUERY_LOCATOR where it is unknown, forgotten, or of another user's query.
        """
        key, _, start = locator.rpartition("-")
        if key not in self._open or not (start.isascii() and start.isdigit()):
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        result, size, owner = self._open[key]
        if not 0 < int(start) < result.total_size or owner != user_id:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(result, key, int(start), size, version, user_id)

    def _keep(self, result: Result, size: int, user_id: str) -> str:
        key = ids.numbered("0r8", next(self._numbers))
        self._open[key] = (result, size, user_id)
        while len(self._open) > MOST_CURSORS or (len(self._open) > 1 and self._held() > MOST_RECORDS):
            self._open.popitem(last=False)
        return key

    def _held(self) -> int:
        return sum(len(result.records) for result, _, _ in self._open.values())

    def _page(self, result: Result, key: str, start: int, size: int, version: str, user_id: str) -> Record:  # noqa: PLR0917
        stop = start + size
        keys = result.child_keys
        records = [self._with_child_pages(record, keys, version, user_id) for record in result.records[start:stop]]
        body: Record = {"totalSize": result.total_size, "done": stop >= result.total_size or not key}
        if not body["done"]:
            body["nextRecordsUrl"] = f"/services/data/v{version.lstrip('v')}/query/{key}-{stop}"
        return body | {"records": records}

    def _with_child_pages(self, record: Record, keys: tuple[str, ...], version: str, user_id: str) -> Record:
        long = [key for key in keys if record[key] and record[key]["totalSize"] > CHILD_PAGE]
        if not long:
            return record
        return record | {key: self._child_page(record[key], version, user_id) for key in long}

    def _child_page(self, found: Record, version: str, user_id: str) -> Record:
        result = Result(found["records"], found["totalSize"], "")
        return self._page(result, self._keep(result, CHILD_PAGE, user_id), 0, CHILD_PAGE, version, user_id)
