"""The one standard action that the pocket org performs: ringing the bell.

Source: Actions Developer Guide, "Custom Notification Actions".
"""

from typing import Any

from sfsync.pocketorg import ids
from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Notification, Org

Record = dict[str, Any]

_ACTION = "customNotificationAction"
_LONGEST = {"title": 250, "body": 750}
_REQUIRED = ("customNotifTypeId", "recipientIds", "title", "body")
_MOST_RECIPIENTS = 500
_RECIPIENT_PREFIXES = ("005", "00G", "001", "006")


def notify(org: Org, call: Call, _: Params) -> Answer:
    """Ring for each input; one that is refused does not silence the others."""
    inputs = call.record().get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(each, dict) for each in inputs):
        raise ApiError(400, "JSON_PARSER_ERROR", "'inputs' is a required field.")
    if not org.access(call).may("SendCustomNotifications"):
        text = "You need the Send Custom Notifications permission to perform this action."
        raise ApiError(403, "INSUFFICIENT_ACCESS", text)
    results = [_notify(org, each) for each in inputs]
    return Answer(200 if any(result["isSuccess"] for result in results) else 400, results)


def _notify(org: Org, given: Record) -> Record:
    try:
        org.notifications.append(_notification(org, given))
    except ApiError as error:
        text = {"statusCode": error.code, "message": error.message, "fields": []}
        return {"actionName": _ACTION, "errors": [text], "isSuccess": False, "outputValues": None}
    words = {"SuccessMessage": "Your custom notification is processed successfully."}
    return {"actionName": _ACTION, "errors": None, "isSuccess": True, "outputValues": words}


def _notification(org: Org, given: Record) -> Notification:
    missing = [name for name in _REQUIRED if not given.get(name)]
    if missing:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", f"Missing required input parameter: {missing[0]}")
    for name, longest in _LONGEST.items():
        if not isinstance(given[name], str):
            raise ApiError(400, "INVALID_API_INPUT", f"The {name} must be text.")
        if len(given[name]) > longest:
            raise ApiError(400, "INVALID_API_INPUT", f"The {name} can have up to {longest} characters.")
    return Notification(
        at=org.clock(),
        type_id=_existing(org, "CustomNotificationType", given["customNotifTypeId"]),
        recipient_ids=_recipients(org, given["recipientIds"]),
        title=given["title"],
        body=given["body"],
        target_id=_target(org, given),
    )


def _recipients(org: Org, listed: Any) -> tuple[str, ...]:
    if not isinstance(listed, list) or len(listed) > _MOST_RECIPIENTS:
        raise ApiError(400, "INVALID_API_INPUT", f"recipientIds is a list of up to {_MOST_RECIPIENTS} Ids.")
    wrong = [each for each in listed if not str(each).startswith(_RECIPIENT_PREFIXES)]
    if wrong:
        raise ApiError(400, "INVALID_API_INPUT", f"Invalid recipient Id: {wrong[0]}")
    return tuple(_existing(org, "", each) for each in listed)


def _target(org: Org, given: Record) -> str:
    if given.get("targetId"):
        return _existing(org, "", given["targetId"])
    if given.get("targetPageRef"):
        return str(given["targetPageRef"])
    raise ApiError(400, "REQUIRED_FIELD_MISSING", "Specify either targetId or targetPageRef.")


def _existing(org: Org, sobject: str, record_id: str) -> str:
    full = ids.full(str(record_id))
    found = org.schema.by_prefix(full) if full else None
    if full is None or found is None or sobject not in {"", found.name} or not org.store.get(found.name, full):
        raise ApiError(400, "INVALID_API_INPUT", f"Invalid Id: {record_id}")
    return full


ROUTES: tuple[Route[Org], ...] = (Route(f"/actions/standard/{_ACTION}", POST=notify),)
