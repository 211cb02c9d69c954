"""What people are told: status and message on the Opportunity, and the owner's bell."""

import logging
from collections.abc import Iterable, Sequence

from sfsync.errors import Outage, SfsyncError, TryAgainLater
from sfsync.records import Left, Notice, Opportunity, Status
from sfsync.salesforce import soql
from sfsync.salesforce.api import Api, Row, chunks, documented, error_in
from sfsync.salesforce.attach import ready_fields
from sfsync.settings import FieldNames

log = logging.getLogger(__name__)

NOTIFICATION_TYPE = "Order_Form"
#: source: REST API Developer Guide, "sObject Collections"
_COLLECTION = 200
#: bells of one call; nobody documents a limit of inputs, and flows are given 200 at a time
BELLS = 200
#: length of the message field, as shipped in config/salesforce
_MESSAGE = 4096
#: source: Actions Developer Guide, "Custom Notification Actions"
_TITLE, _BODY = 250, 750


class Teller:
    """Writes only our own fields, and rings only after the write."""

    def __init__(self, api: Api, names: FieldNames) -> None:
        self._api, self._names = api, names
        self._type: str | None = None

    def write(self, notices: Sequence[Notice]) -> list[Notice]:
        """Put status and message on the records; give back the notices that now stand there. Raises Outage."""
        names = self._names
        rows: list[Row] = [
            {
                "attributes": {"type": "Opportunity"},
                "Id": soql.record_id(n.opportunity_id),
                names.status: n.status.value,
                names.message: n.message and n.message[:_MESSAGE],
            }
            for n in notices
        ]
        done = self._update(rows)
        return [n for n in notices if n.opportunity_id in done]

    def restore(self, opportunities: Iterable[Opportunity]) -> set[str]:
        """Write again what the rows say, where somebody wiped our fields; give back whose. Raises Outage."""
        return self._update(
            [
                {
                    "attributes": {"type": "Opportunity"},
                    "Id": soql.record_id(o.id),
                    **ready_fields(
                        self._names,
                        version=o.made.version,
                        token=o.made.token,
                        requested_at=o.made.requested_at,
                        ready_at=o.made.ready_at,
                    ),
                }
                for o in opportunities
                if o.made
            ]
        )

    def release(self, left: Sequence[Left]) -> None:
        """Ask no more of records that left their stage. Raises Outage."""
        self._update(
            [
                {
                    "attributes": {"type": "Opportunity"},
                    "Id": soql.record_id(each.opportunity_id),
                    self._names.status: Status.READY.value if each.has_form else None,
                    self._names.message: None,
                }
                for each in left
            ]
        )

    def _update(self, rows: Sequence[Row]) -> set[str]:
        """Write what can be written, and give back whose it was: the rest of a pass does not hang on it."""
        done: set[str] = set()
        for some in chunks(rows, _COLLECTION):
            body = {"allOrNone": False, "records": some}
            try:
                # the same words on the same record: safe to send again
                answers = self._api.call("PATCH", "composite/sobjects", body, reads=True)
                with documented():
                    refused = {
                        r["Id"]: error_in(a["errors"]) for r, a in zip(some, answers, strict=True) if not a["success"]
                    }
            except Outage:
                raise
            except TryAgainLater as error:
                refused = {row["Id"]: error for row in some}
            for one, why in refused.items():
                log.warning("%s: its status was not written: %s", one, why.in_log)
            done |= {row["Id"] for row in some} - refused.keys()
        return done

    def ring(self, notices: Sequence[Notice]) -> None:
        """Ring the owners' bells, many in one call. An org without the notification type stays silent."""
        kind = self.notification_type() if notices else ""
        for some in chunks(notices if kind else (), BELLS):
            inputs = [
                {
                    "customNotifTypeId": kind,
                    "recipientIds": [n.owner_id],
                    "title": n.title[:_TITLE],
                    "body": n.body[:_BODY],
                    "targetId": n.opportunity_id,
                }
                for n in some
            ]
            try:
                # not repeated: nothing keeps a second bell from ringing
                self._api.call("POST", "actions/standard/customNotificationAction", {"inputs": inputs}, reads=False)
            except SfsyncError as error:
                log.warning("no bell rang: %s", error.in_log)

    def notification_type(self) -> str:
        """The notification type's Id; empty where the org has none. Asked once in a process' life."""
        if self._type is None:
            where = soql.among("DeveloperName", [NOTIFICATION_TYPE])
            try:
                with documented():
                    rows = self._api.query(soql.select(["Id"], "CustomNotificationType", where))
                    self._type = soql.record_id(rows[0]["Id"]) if rows else ""
            except SfsyncError as error:
                log.info("no bells: %s", error.in_log)
                return ""
        return self._type
