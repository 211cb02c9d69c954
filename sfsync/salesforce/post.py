"""Where a digest goes: the feed of a Chatter group, or somebody's bell.

Source: Connect REST API Developer Guide, "Feed Elements"; Object Reference, "CollaborationGroup" (members post in it);
Actions Developer Guide, "Custom Notification Actions".
"""

from collections.abc import Sequence
from typing import Any, Protocol

from sfsync.errors import AnswerLost, SetupError, SfsyncError
from sfsync.salesforce import soql
from sfsync.salesforce.api import Api, Row, documented, error_in
from sfsync.salesforce.tell import NOTIFICATION_TYPE
from sfsync.settings import DigestSettings

_WHERE = "digest"
#: source: Actions Developer Guide, "Custom Notification Actions"
_TITLE, _BODY = 250, 750


class Recipient(Protocol):
    """Asked for first, then found among the answers, then posted to."""

    @property
    def questions(self) -> Sequence[str]:
        """The queries that tell whether it is there."""

    def find(self, answers: Sequence[Any]) -> str:
        """Take their answers, and say whom was found. Raises SetupError where nobody was."""

    def post(self, title: str, text: str, about: str) -> None:
        """Say it once, never again. `about` is the Id of a record. Raises what Salesforce says against it."""


def records(answer: Any) -> list[Row]:
    """The rows of one query of several. Raises what Salesforce says against it."""
    if isinstance(answer, SfsyncError):
        raise answer
    with documented():
        return list(answer["records"])


def recipient(api: Api, settings: DigestSettings) -> Recipient:
    """Where these settings send it."""
    return Group(api, settings.chatter_group) if settings.chatter_group else Bell(api, settings.bell)


class Group:
    """A Chatter group, by its name."""

    def __init__(self, api: Api, name: str) -> None:
        self._api, self._name = api, name
        self._id = ""

    @property
    def questions(self) -> Sequence[str]:
        me = (soql.among_ids("MemberId", [i]) for i in [self._api.session.user_id] if i)
        return (
            soql.select(["Id", "IsArchived"], "CollaborationGroup", soql.among("Name", [self._name])),
            soql.select(["Id"], "CollaborationGroupMember", soql.among("CollaborationGroup.Name", [self._name]), *me),
        )

    def find(self, answers: Sequence[Any]) -> str:
        if any(isinstance(answer, SetupError) for answer in answers):
            what = "Chatter is switched off in this org, or the integration user may not use it."
            raise SetupError(what, where=_WHERE, remedy="Switch it on, or choose bell in the settings.")
        groups, mine = map(records, answers)
        with documented():
            open_ = [row["Id"] for row in groups if not row["IsArchived"]]
        if not open_:
            what = f"The Chatter group '{self._name}' is archived." if groups else self._missing
            raise SetupError(what, where=_WHERE, remedy="Name another one, or mend it in Salesforce: docs/admin.md.")
        self._id = open_[0]
        if not mine:
            what = f"The integration user is not a member of the Chatter group '{self._name}'."
            raise SetupError(what, where=_WHERE, remedy="Add it to the group's members: docs/admin.md.")
        return f"the Chatter group {self._name}"

    @property
    def _missing(self) -> str:
        return f"There is no Chatter group '{self._name}' that the integration user sees."

    def post(self, title: str, text: str, about: str) -> None:  # noqa: ARG002 (a bell has to name a record)
        body = {
            "feedElementType": "FeedItem",
            "subjectId": self._id,
            "body": {"messageSegments": [{"type": "Text", "text": f"{title}\n{text}"}]},
        }
        try:
            self._api.call("POST", "chatter/feed-elements", body, reads=False)
        except SetupError as error:
            raise SetupError(
                f"The Chatter group '{self._name}' does not take the digest: {error.what}",
                where=_WHERE,
                remedy="Look at the group's settings, or choose bell: docs/admin.md.",
                logged=f"The Chatter group does not take it: {error.logged or error.what}",
            ) from None


class Bell:
    """The bell of one user, by the username."""

    def __init__(self, api: Api, username: str) -> None:
        self._api, self._username = api, username
        self._id = self._type = ""

    @property
    def questions(self) -> Sequence[str]:
        active = (soql.among("Username", [self._username]), "IsActive = true")
        kind = soql.among("DeveloperName", [NOTIFICATION_TYPE])
        return soql.select(["Id"], "User", *active), soql.select(["Id"], "CustomNotificationType", kind)

    def find(self, answers: Sequence[Any]) -> str:
        users, kinds = map(records, answers)
        if not users:
            what = "There is no active user with the username '{}'."
            remedy = "Name one under bell: in the settings; Setup, Users shows them."
            raise SetupError(what.format(self._username), where=_WHERE, remedy=remedy, logged=what.format("…"))
        if not kinds:
            what = f"There is no notification type {NOTIFICATION_TYPE}."
            raise SetupError(what, where=_WHERE, remedy="Run sfsync setup.")
        with documented():
            self._id, self._type = users[0]["Id"], kinds[0]["Id"]
        return f"the bell of {self._username}"

    def post(self, title: str, text: str, about: str) -> None:
        body = {
            "customNotifTypeId": self._type,
            "recipientIds": [self._id],
            "title": title[:_TITLE],
            "body": text[:_BODY],
            "targetId": about,
        }
        done = self._api.call("POST", "actions/standard/customNotificationAction", {"inputs": [body]}, reads=False)
        with documented(AnswerLost):
            refused = None if done[0]["isSuccess"] else error_in(done[0]["errors"])
        if refused:
            raise refused
