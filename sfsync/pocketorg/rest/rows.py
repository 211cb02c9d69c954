"""The resources of single records and queries: the versions, the objects, their rows, SOQL."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from sfsync.pocketorg import ids
from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.dml import SeveralFound, external_id, selected
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.query import columns
from sfsync.pocketorg.rest import describe
from sfsync.pocketorg.schema import SObject

Record = dict[str, Any]

_UPSERT_WITH_BODY = 46


def resources(org: Org, call: Call, _: Params) -> Answer:
    """What there is below the version. Source: REST API Developer Guide, "Resources by Version"."""
    body = {name: f"{call.root}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "composite", "actions")}
    body["identity"] = f"{org.instance_url}/id/{org.org_id}/{call.user_id}"
    return Answer(200, body)


# ---------------------------------------------------------------------- objects


def list_objects(org: Org, call: Call, _: Params) -> Answer:
    return Answer(200, describe.describe_global(org.schema, org.access(call), call.version))


def basic_information(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    return Answer(200, describe.describe_basic(sobject, org.access(call), call.version))


def describe_object(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    body = describe.describe_sobject(sobject, org.schema, org.access(call), call.version, instance_url=org.instance_url)
    return Answer(200, body)


def _sobject(org: Org, call: Call, params: Params) -> SObject:
    found = org.schema.get(params["name"])
    if found is None or not org.access(call).can(found.name, "read"):
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return found


# ------------------------------------------------------------------------- rows


def create(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    record_id = org.dml.insert(sobject.name, _written(call), org.access(call))
    return _created(call, sobject, record_id)


def read(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    return _read(org, call, sobject, _row(org, sobject, params["id"]))


def update(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    row = _row(org, sobject, params["id"], writing=True)
    check_unmodified(call, row)
    org.dml.update(sobject.name, row["Id"], _written(call), org.access(call))
    return Answer(204)


def delete(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    org.dml.delete(sobject.name, params["id"], org.access(call))
    return Answer(204)


def read_by_key(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    try:
        return _read(org, call, sobject, _row(org, sobject, _found(org, call, sobject, params)))
    except SeveralFound as several:
        return _several(call, sobject, several)


def upsert(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    try:
        record_id, created = org.dml.upsert(
            sobject.name, params["field"], params["value"], _written(call), org.access(call)
        )
    except SeveralFound as several:
        return _several(call, sobject, several)
    if created:
        return _created(call, sobject, record_id, {"created": True})
    # Until 45.0 an update by key had no body. Source: REST API Developer Guide, "Upsert a Record Using an External ID"
    if float(call.version) < _UPSERT_WITH_BODY:
        return Answer(204)
    return Answer(200, {"id": record_id, "success": True, "errors": [], "created": False})


def create_by_id(org: Org, call: Call, params: Params) -> Answer:
    """POST to `/sobjects/X/Id`, which is upsert's way to create without a key."""
    if params["id"].lower() != "id":
        raise ApiError(405, "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are GET,PATCH,DELETE,HEAD")
    return create(org, call, params)


def delete_by_key(org: Org, call: Call, params: Params) -> Answer:
    sobject = _sobject(org, call, params)
    try:
        org.dml.delete(sobject.name, _found(org, call, sobject, params), org.access(call))
    except SeveralFound as several:
        return _several(call, sobject, several)
    return Answer(204)


def _found(org: Org, call: Call, sobject: SObject, params: Params) -> str:
    field = external_id(sobject, params["field"], org.access(call))
    found = org.dml.by_external_id(sobject, field, params["value"])
    if found is None:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return found


def _several(call: Call, sobject: SObject, several: SeveralFound) -> Answer:
    return Answer(300, [f"{call.root}/sobjects/{sobject.name}/{each}" for each in several.found])


def _written(call: Call) -> Mapping[str, Any]:
    """The fields in the body. An Id has no place there."""
    body = call.record()
    own = [key for key in body if key.lower() == "id"]
    if own:
        raise ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    return {**body, **{name: content for name, content in call.parts.items() if content}}


def _created(call: Call, sobject: SObject, record_id: str, more: Record | None = None) -> Answer:
    body = {"id": record_id, "success": True, "errors": [], **(more or {})}
    return Answer(201, body, {"Location": f"{call.root}/sobjects/{sobject.name}/{record_id}"})


def _row(org: Org, sobject: SObject, record_id: str, *, writing: bool = False) -> Row:
    full = ids.full(record_id)
    if full is None or full[:3] != sobject.key_prefix:
        return org.dml.existing(sobject, record_id)
    row = org.store.get(sobject.name, full)
    if row is None or (row.get("IsDeleted") and not writing):
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return org.dml.existing(sobject, full)


def _read(org: Org, call: Call, sobject: SObject, row: Row) -> Answer:
    moved = last_modified(row)
    since = _condition(call, "if-modified-since")
    if moved and since and moved <= since:
        return Answer(304)
    check_unmodified(call, row)
    # a record is read as a query reads it, so that formulas, compounds and rights agree
    names = _wanted(org, call, sobject)
    soql = f"SELECT {', '.join(names)} FROM {sobject.name} WHERE Id = '{row['Id']}'"  # noqa: S608 - this is SOQL
    result = org.query(soql, call)
    headers = {"Last-Modified": format_datetime(moved, usegmt=True)} if moved else {}
    return Answer(200, result.records[0], headers)


def _wanted(org: Org, call: Call, sobject: SObject) -> list[str]:
    if call.query.get("fields"):
        return selected(sobject, call.query["fields"].split(","))
    access = org.access(call)
    return [f.name for f in sobject.fields.values() if access.readable(sobject.name, f.name)]


# ----------------------------------------------------------- conditional requests


def last_modified(row: Row) -> datetime | None:
    """When a row last moved, in whole seconds."""
    stamp = row.get("LastModifiedDate") or row.get("SystemModstamp")
    return datetime.fromisoformat(stamp) if stamp else None


def check_unmodified(call: Call, row: Row) -> None:
    """Refuse with 412 what has changed since the moment that the caller names.

    Source: REST API Developer Guide, "Using Conditional Requests".
    """
    limit, moved = _condition(call, "if-unmodified-since"), last_modified(row)
    if limit and moved and moved > limit:
        text = "The record was modified since the date in If-Unmodified-Since"
        raise ApiError(412, "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK", text)


def _condition(call: Call, header: str) -> datetime | None:
    text = call.headers.get(header)
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        if call.method == "GET":
            return None
        raise ApiError(400, "INVALID_HEADER", f"Invalid date in {header}: {text}") from None


# ---------------------------------------------------------------------- queries


def run_query(org: Org, call: Call, _: Params) -> Answer:
    return _query(org, call, include_deleted=False)


def run_query_all(org: Org, call: Call, _: Params) -> Answer:
    return _query(org, call, include_deleted=True)


def _query(org: Org, call: Call, *, include_deleted: bool) -> Answer:
    text = call.query.get("q")
    if text is None:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    if "explain" in call.query:
        raise ApiError(400, "UNSUPPORTED_PARAMETER", "The pocket org does not explain its queries.")
    result = org.query(text, call, include_deleted=include_deleted)
    if call.query.get("columns", "").lower() == "true":
        return Answer(200, columns.of_query(text, org.schema, org.access(call)))
    return Answer(
        200, org.cursors.open(result, version=call.version, batch_size=_batch_size(call), user_id=call.user_id)
    )


def _batch_size(call: Call) -> int:
    options = call.headers.get("sforce-query-options", "")
    _, _, size = options.replace(" ", "").partition("batchSize=")
    return int(size) if size.isdecimal() and size.isascii() else 2000


def next_page(org: Org, call: Call, params: Params) -> Answer:
    return Answer(200, org.cursors.more(params["locator"], call.version, call.user_id))


ROUTES: tuple[Route[Org], ...] = (
    Route("", GET=resources),
    Route("/sobjects", GET=list_objects),
    Route("/sobjects/{name}", GET=basic_information, POST=create),
    Route("/sobjects/{name}/describe", GET=describe_object),
    Route("/sobjects/{name}/{id}", GET=read, HEAD=read, PATCH=update, DELETE=delete, POST=create_by_id),
    Route("/sobjects/{name}/{field}/{value}", GET=read_by_key, PATCH=upsert, DELETE=delete_by_key),
    Route("/query", GET=run_query),
    Route("/queryAll", GET=run_query_all),
    Route("/query/{locator}", GET=next_page),
    Route("/queryAll/{locator}", GET=next_page),
)
