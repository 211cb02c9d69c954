"""What both Bulk APIs share: jobs, CSV in and out, one record written at a time, each for itself.

Jobs run at once when their data is complete; clients that poll find them done at the first look.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Prepare CSV Files", "Bulk API Limits".
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any

from sfsync.pocketorg.call import Call
from sfsync.pocketorg.data.access import Access
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.ids import full
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.query import Result, columns
from sfsync.pocketorg.schema import SObject

Record = dict[str, Any]

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
QUERIES = ("query", "queryAll")

_NULL = "#N/A"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record: its Id, or why it was refused (`CODE:message:fields --`)."""

    given: Record
    id: str = ""
    created: bool = False
    error: str = ""


@dataclass(kw_only=True, slots=True)
class Job:
    """A job of either API. `data` is what was uploaded, `rows` what a query found, with `header` above it."""

    id: str
    type: str  #: V2Ingest, V2Query, Classic
    operation: str
    sobject: str
    user_id: str
    created_at: datetime
    version: str
    key: str = ""  #: the external Id field of an upsert
    content_type: str = "CSV"
    line_ending: str = "LF"
    delimiter: str = "COMMA"
    query: str = ""
    state: str = "Open"
    problem: str = ""
    data: bytes = b""
    outcomes: list[Outcome] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    batches: list["Batch"] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(bool(each.error) for each in self.outcomes)


@dataclass(kw_only=True, slots=True)
class Batch:
    """A batch of a job of the first Bulk API. Its result is either outcomes or, of a query, an answer."""

    id: str
    data: bytes
    state: str = "Completed"
    problem: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    answer: bytes | None = None
    found: int = 0


def find(org: Org, job_id: str, *types: str) -> Job:
    """Look a job up by its Id."""
    found = org.jobs.get(full(job_id) or "")
    if not isinstance(found, Job) or found.type not in types:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return found


# ---------------------------------------------------------------------------- CSV


def read_csv(data: bytes, delimiter: str) -> tuple[list[str], list[Record]]:
    """Take CSV apart: the header, and a record for each line. An empty value is left out, #N/A is null."""
    try:
        lines = csv.reader(StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True)
        header, *rows = [line for line in lines if line] or [[]]
    except (csv.Error, UnicodeDecodeError) as bad:
        raise ApiError(400, "InvalidBatch", f"Failed to parse CSV: {bad}") from None
    records = []
    for row in rows:
        if len(row) != len(header):
            text = f"The number of columns in a line ({len(row)}) differs from the header's ({len(header)})"
            raise ApiError(400, "InvalidBatch", text)
        records.append({name: value for name, value in zip(header, row, strict=True) if value})
    return header, records


def write_csv(header: Iterable[str], rows: Iterable[Iterable[str]], delimiter: str = ",", end: str = "\n") -> bytes:
    """Write CSV as Salesforce does, with everything in quotes."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def check_header(header: list[str], sobject: SObject, access: Access) -> None:
    """Refuse a column that names no field; one bad name fails the batch."""
    for name in header:
        parent, _, rest = name.partition(".")
        known = sobject.relationship(parent.partition(":")[0]) if rest else sobject.field(name)
        if known is None or not access.readable(sobject.name, known.name):
            raise ApiError(400, "InvalidBatch", f"Field name not found : {name}")


def nested(record: Mapping[str, str]) -> Record:
    """A line's values as the JSON of a record: `Account.Key__c` becomes an object under Account."""
    found: Record = {}
    for name, value in record.items():
        parent, _, rest = name.partition(".")
        plain = None if value == _NULL else value
        found[parent.partition(":")[0] if rest else name] = {rest: plain} if rest else plain
    return found


# ---------------------------------------------------------------------------- work


def load(org: Org, call: Call, job: Job, records: list[Record]) -> list[Outcome]:
    """Write the records one by one; what is refused stands beside what went well."""
    return [_written(org, org.access(call), job, each) for each in records]


def _written(org: Org, access: Access, job: Job, given: Record) -> Outcome:
    try:
        with org.store.transaction():
            record_id, created = _write(org, access, job, nested(given) if job.content_type == "CSV" else given)
    except ApiError as error:
        text = f"{error.code}:{error.message}:{','.join(error.fields or [])} --"
        return Outcome(given, _own_id(given), error=text)
    return Outcome(given, record_id, created)


def _own_id(given: Record) -> str:
    return str(next((value for name, value in given.items() if name.lower() == "id"), None) or "")


def _write(org: Org, access: Access, job: Job, record: Record) -> tuple[str, bool]:
    rest = {name: value for name, value in record.items() if name.lower() not in {"id", "attributes"}}
    record_id = _own_id(record)
    if job.operation == "insert":
        return org.dml.insert(job.sobject, rest, access), True
    if job.operation == "upsert":
        value = next((v for name, v in record.items() if name.lower() == job.key.lower()), None)
        return org.dml.upsert(job.sobject, job.key, value, rest, access)
    if not record_id:
        raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", [])
    if job.operation == "update":
        org.dml.update(job.sobject, record_id, rest, access)
    else:
        org.dml.delete(job.sobject, record_id, access)
    return full(record_id) or record_id, False


# ------------------------------------------------------------------------- queries


def ask(org: Org, call: Call, job: Job) -> Result:
    """Run a job's query. Raises what the query is refused for."""
    result = org.query(job.query, call, include_deleted=job.operation == "queryAll")
    if result.child_keys:
        raise ApiError(400, "FeatureNotEnabled", "Nested queries are not supported in Bulk API")
    return result


def table(org: Org, call: Call, job: Job, result: Result) -> tuple[list[str], list[list[str]]]:
    """The answer as lines of text under a header; a parent's field goes by its path."""
    described = columns.of_query(job.query, org.schema, org.access(call))["columnMetadata"]
    paths = [path for column in described for path in _paths(column)]
    return [".".join(path) for path in paths], [[_shown(record, path) for path in paths] for record in result.records]


def _paths(column: Record) -> list[tuple[str, ...]]:
    name: str = column["columnName"]
    below = [path for each in column["joinColumns"] for path in _paths(each)]
    return [(name, *path) for path in below] if below else [(name,)]


def _shown(record: Record, path: tuple[str, ...]) -> str:
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _MOMENT.sub(r"\1Z", value)
    return "" if value is None else str(value)
