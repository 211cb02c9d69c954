"""sObject Collections: up to 200 records in one call, together or each for itself.

Source: REST API Developer Guide, "Composite Resources: sObject Collections".
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from sfsync.pocketorg import ids
from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.dml import selected
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.schema import SObject

Record = dict[str, Any]
Write = Callable[[Record], Record]

_MOST_RECORDS = 200
_MOST_READ = 2000
_MOST_CHUNKS = 10
_ROLLED_BACK = ApiError(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
    [],
)


def create(org: Org, call: Call, _: Params) -> Answer:
    def write(record: Record) -> Record:
        record_id = org.dml.insert(_type(record), _fields(record, call), org.access(call))
        return _done(record_id)

    return _each(org, _records(call), write, all_or_none=_all_or_none(call))


def update(org: Org, call: Call, _: Params) -> Answer:
    def write(record: Record) -> Record:
        record_id = _id(record)
        org.dml.update(_type(record), record_id, _fields(record, call), org.access(call))
        return _done(ids.full(record_id) or record_id)

    return _each(org, _records(call), write, all_or_none=_all_or_none(call))


def upsert(org: Org, call: Call, params: Params) -> Answer:
    key = params["field"].lower()

    def write(record: Record) -> Record:
        value = next((v for k, v in record.items() if k.lower() == key), None)
        fields = _fields(record, call)
        record_id, created = org.dml.upsert(params["name"], params["field"], value, fields, org.access(call))
        return _done(record_id) | {"created": created}

    return _each(org, _records(call), write, all_or_none=_all_or_none(call))


def delete(org: Org, call: Call, _: Params) -> Answer:
    wanted = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()]
    _check_count(len(wanted))

    def write(record: Record) -> Record:
        sobject = org.schema.by_prefix(record["id"])
        if sobject is None:
            raise ApiError(400, "MALFORMED_ID", f"malformed id {record['id']}", [])
        org.dml.delete(sobject.name, record["id"], org.access(call))
        return _done(ids.full(record["id"]) or record["id"])

    all_or_none = call.query.get("allOrNone", "false").lower() == "true"
    return _each(org, [{"id": each} for each in wanted], write, all_or_none=all_or_none)


def _each(org: Org, records: list[Record], write: Write, *, all_or_none: bool) -> Answer:
    """Write each record in a savepoint of its own; with all_or_none, one failure undoes them all."""
    with org.store.transaction() as together:
        results = [_attempt(org, record, write) for record in records]
        together.undone = all_or_none and not all(result["success"] for result in results)
    if together.undone:
        results = [_failed(_ROLLED_BACK) if result["success"] else result for result in results]
    return Answer(200, results)


def _attempt(org: Org, record: Record, write: Write) -> Record:
    try:
        with org.store.transaction():
            return write(record)
    except ApiError as error:
        return _failed(error)


def _done(record_id: str) -> Record:
    return {"id": record_id, "success": True, "errors": []}


def _failed(error: ApiError) -> Record:
    """A failure as collections word it: `statusCode` where other resources say `errorCode`."""
    text = {"statusCode": error.code, "message": error.message, "fields": error.fields or []}
    return {"success": False, "errors": [text]}


# ------------------------------------------------------------------------ reading


def retrieve(org: Org, call: Call, params: Params) -> Answer:
    """Read records by Ids, in their order; null for one that is not there."""
    body = call.record() if call.method == "POST" else call.query
    wanted, fields = _listed(body.get("ids")), _listed(body.get("fields"))
    if not wanted or not fields:
        raise ApiError(400, "MALFORMED_QUERY", "The ids and fields parameters are required.")
    if len(wanted) > _MOST_READ:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST_READ} records")
    sobject = org.schema.get(params["name"])
    if sobject is None:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    found = _read(org, call, sobject, wanted, selected(sobject, fields))
    return Answer(200, [found.get(ids.full(each) or "") for each in wanted])


def _listed(value: Any) -> list[str]:
    listed = value.split(",") if isinstance(value, str) else value or []
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ApiError(400, "JSON_PARSER_ERROR", "ids and fields are lists of text.")
    return listed


def _read(org: Org, call: Call, sobject: SObject, wanted: Iterable[str], fields: list[str]) -> dict[str, Record]:
    names = [*fields, *([] if "id" in {f.lower() for f in fields} else ["Id"])]
    quoted = ", ".join(f"'{full}'" for full in map(ids.full, wanted) if full)
    if not quoted:
        return {}
    text = f"SELECT {', '.join(names)} FROM {sobject.name} WHERE Id IN ({quoted})"  # noqa: S608 - this is SOQL
    return {record["Id"]: record for record in org.query(text, call).records}


# ------------------------------------------------------------------- the request


def _records(call: Call) -> list[Record]:
    records = call.record().get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "'records' is a required field.")
    _check_count(len(records))
    types = [str(_attributes(r).get("type")).lower() for r in records]
    if sum(a != b for a, b in pairwise(types)) >= _MOST_CHUNKS:
        text = "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking."
        raise ApiError(400, "INVALID_INPUT", text)
    return records


def _check_count(count: int) -> None:
    if count > _MOST_RECORDS:
        text = f"record limit reached. cannot submit more than {_MOST_RECORDS} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", text)


def _all_or_none(call: Call) -> bool:
    return bool(call.record().get("allOrNone", False))


def _type(record: Record) -> str:
    kind = _attributes(record).get("type")
    if not kind or not isinstance(kind, str):
        raise ApiError(400, "INVALID_TYPE", "sObject type is missing: attributes.type", [])
    return kind


def _attributes(record: Record) -> Record:
    found = record.get("attributes")
    return found if isinstance(found, dict) else {}


def _id(record: Record) -> str:
    found = next((value for key, value in record.items() if key.lower() == "id"), None)
    if not isinstance(found, str):
        raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", [])
    return found


def _fields(record: Record, call: Call) -> Record:
    """The fields to write, with the binary part that the record names, where the call is multipart."""
    fields = {key: value for key, value in record.items() if key.lower() not in {"id", "attributes"}}
    attributes = _attributes(record)
    part = attributes.get("binaryPartName")
    if part is not None:
        fields[str(attributes.get("binaryPartNameAlias", "VersionData"))] = call.parts.get(str(part))
    return fields


ROUTES: tuple[Route[Org], ...] = (
    Route("/composite/sobjects", POST=create, PATCH=update, DELETE=delete),
    Route("/composite/sobjects/{name}", GET=retrieve, POST=retrieve),
    Route("/composite/sobjects/{name}/{field}", PATCH=upsert),
)
