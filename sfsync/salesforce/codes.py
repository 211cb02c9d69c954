"""Salesforce's `errorCode`, never the HTTP status, says who acts next."""

import re
from typing import Any

from sfsync.errors import LookAgain, Outage, RecordIncomplete, SetupError, SfsyncError, TryAgainLater

_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,79}")
_LOOK_AGAIN = {
    "DUPLICATE_VALUE": "This version was made meanwhile",  # our key is taken: by another worker, or a late write
    "ENTITY_IS_DELETED": "The record or its file was deleted meanwhile",
    "PROCESSING_HALTED": "Another write of the same call failed",
}
_OUTAGE = {
    "REQUEST_LIMIT_EXCEEDED": "The org's limit of API calls is reached",
    "SERVER_UNAVAILABLE": "Salesforce is busy",
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": "Salesforce is being maintained and read-only",
    "INVALID_SESSION_ID": "The session ended",
}
_LATER = {
    "UNABLE_TO_LOCK_ROW": "The record is locked by another edit",
    "REQUEST_RUNNING_TOO_LONG": "The org is slow",
    "QUERY_TIMEOUT": "The org is slow",
    "TOO_MANY_APEX_REQUESTS": "The org is busy",
    "EXCEEDED_QUOTA": "A quota of the org is used up",
    "UNKNOWN_EXCEPTION": "Salesforce had an error of its own",
    "INVALID_QUERY_LOCATOR": "A long answer was cut short",
}
_REP = frozenset(
    {
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",  # the admin's own words
        "ENTITY_IS_LOCKED",
        "FIELD_INTEGRITY_EXCEPTION",
    }
)
_ADMIN = {
    "INVALID_FIELD": "Run sfsync setup --permissions-only, or mend the field's name.",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Give the integration user edit access to this field.",
    "INVALID_TYPE": "Run sfsync setup, and give the integration user the permission set Order Form Worker.",
    "NOT_FOUND": "Run sfsync setup.",
    "INSUFFICIENT_ACCESS": "Give the integration user access to the record.",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Give the integration user edit access to the record.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "Give the integration user edit access to the record.",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "A trigger or flow of the org refuses the write; mend it there.",
    "STORAGE_LIMIT_EXCEEDED": "The org's storage is full: delete files or buy storage.",
    "API_CURRENTLY_DISABLED": "The org's API is switched off; ask Salesforce.",
    "API_DISABLED_FOR_ORG": "This edition of Salesforce has no API.",
    "REQUIRED_FIELD_MISSING": "The org asks for a field that sfsync does not fill; make it optional.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "Run sfsync setup, which brings the values.",
    "STRING_TOO_LONG": "Run sfsync setup: its fields are long enough.",
}


#: what no table knows is counted under one word: the org must not choose how many there are
UNKNOWN = "unknown_code"


def classify(code: str, message: str, *, where: str = "") -> SfsyncError:
    """Turn one of Salesforce's refusals into the error for whoever acts next. An unknown code says so."""
    said = " ".join(message.split())
    if code in _LOOK_AGAIN:
        return LookAgain(f"{_LOOK_AGAIN[code]} ({code}).", where=where, code=code)
    wait = "Nothing to do: sfsync tries again."
    if code in _OUTAGE:
        return Outage(f"{_OUTAGE[code]} ({code}).", where=where, remedy=wait, code=code)
    if code in _LATER:
        return TryAgainLater(f"{_LATER[code]} ({code}).", where=where, remedy=wait, code=code)
    if code in _REP:
        return RecordIncomplete(said, where=where, logged=_logged(code), code=code)
    if code in _ADMIN:
        what = f"{said.rstrip('.')} ({code})."
        return SetupError(what, where=where, remedy=_ADMIN[code], logged=_logged(code), code=code)
    remedy = "sfsync does not know this answer; please report it."
    what = f"Salesforce answers {code}: {said}"
    return SetupError(what, where=where, remedy=remedy, logged=_logged(code), code=UNKNOWN)


def _logged(code: str) -> str:
    return f"Salesforce answers {code}."


def first_error(body: Any) -> tuple[str, str] | None:
    """(errorCode, message) of an error body; None where it is no such body, as an HTML page of a 503."""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return None
    code = first.get("errorCode") or first.get("statusCode")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return None
    return code, str(first.get("message") or "")
