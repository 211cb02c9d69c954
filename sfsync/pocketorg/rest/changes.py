"""What was changed or deleted within a span of time: how a client keeps a copy up to date.

Source: REST API Developer Guide, "sObject Get Deleted", "sObject Get Updated".
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.store import Row, quoted
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.schema import SObject
from sfsync.pocketorg.values import moment

#: how far back an org can tell, and the shortest span it is asked for
_REACH, _SHORTEST = timedelta(days=30), timedelta(minutes=1)


def updated(org: Org, call: Call, params: Params) -> Answer:
    rows, end = _changed(org, call, params, deleted=0)
    return Answer(200, {"ids": [row["Id"] for row in rows], "latestDateCovered": _shown(end)})


def deleted(org: Org, call: Call, params: Params) -> Answer:
    rows, end = _changed(org, call, params, deleted=1)
    gone = [{"id": row["Id"], "deletedDate": f"{row['SystemModstamp'][:-1]}+0000"} for row in rows]
    earliest = _shown(moment(org.clock() - _REACH))
    return Answer(200, {"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": _shown(end)})


def _changed(org: Org, call: Call, params: Params, *, deleted: int) -> tuple[list[Row], str]:
    """The rows whose SystemModstamp lies in the span that is asked for, and the span's end."""
    sobject = _sobject(org, call, params["name"])
    start, end = _instant(call, "start"), _instant(call, "end")
    now = org.clock()
    if end - start < _SHORTEST:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "The end must lie more than one minute after the start")
    if start < now - _REACH:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days ago")
    sql = (
        f"SELECT Id, SystemModstamp FROM {quoted(sobject.name)} "  # noqa: S608 - quoted
        "WHERE SystemModstamp >= ? AND SystemModstamp < ? AND IsDeleted = ? ORDER BY SystemModstamp, Id"
    )
    # a row that was written in this very second belongs to the span
    until = min(end, now + timedelta(seconds=1))
    rows = org.store.db.execute(sql, (moment(min(start, until)), moment(until), deleted))
    return [dict(row) for row in rows], moment(min(end, now))


def _sobject(org: Org, call: Call, name: str) -> SObject:
    found = org.schema.get(name)
    if found is None or not org.access(call).can(found.name, "read"):
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    if not found.replicateable or found.field("IsDeleted") is None or found.field("SystemModstamp") is None:
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type {found.name} does not support replication")
    return found


def _instant(call: Call, name: str) -> datetime:
    # a + that was not encoded in the URL arrives as a blank
    text: Any = call.query.get(name, "").replace(" ", "+")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} must be a datetime in ISO 8601: {text}") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _shown(stamp: str) -> str:
    return f"{stamp[:-1]}+0000"


ROUTES: tuple[Route[Org], ...] = (
    Route("/sobjects/{name}/updated", GET=updated),
    Route("/sobjects/{name}/deleted", GET=deleted),
)
