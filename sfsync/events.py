"""What happens, told to whoever listens: Ids and numbers, never what stands on a record."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sfsync.errors import (
    AnswerLost,
    Held,
    LoginRefused,
    LookAgain,
    Outage,
    RecordIncomplete,
    SetupError,
    SfsyncError,
    TryAgainLater,
)


class Who(StrEnum):
    """Who acts next."""

    REP = "rep"
    ADMIN = "admin"
    LATER = "later"


class Ended(StrEnum):
    """How a pass ended."""

    GOOD = "good"
    FAILED = "failed"
    PAUSED = "paused"
    #: more waits to be served than is on its way: there was no need to look
    BUSY = "busy"
    #: the last one was still at work
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A form lies among an Opportunity's Files."""

    opportunity_id: str
    version: int
    #: from the request in Salesforce to the file
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """Our fields on so many Opportunities say again what the rows say."""

    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """No form this time; `opportunity_id` is empty where it is the whole org's matter."""

    opportunity_id: str
    who: Who
    #: Salesforce's errorCode, or a word of ours: there are about fifty
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A PDF was made."""

    opportunity_id: str
    version: int
    seconds: float
    #: bytes
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """A call was sent to the org; `status` is 0 where no answer came."""

    #: see `sfsync.salesforce.session.kind`
    kind: str
    status: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedIn:
    """The org has let us in, or refused to."""

    accepted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """A look at the org, and what it found."""

    ended: Ended
    moved: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """How many requests wait for their form, none of them for the rep, and since when the oldest of them does."""

    count: int
    oldest: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InFlight:
    """How many forms are on their way into the org now."""

    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """The org's API calls in the last 24 hours, everybody's together, and how many it allows."""

    used: int
    allowed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """How many forms the org was given in the last 24 hours, whichever worker made them."""

    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """The org is no longer ours: its file was taken away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A message came by the broker that none of ours wrote."""


Event = (
    Attached
    | Restored
    | Refused
    | Rendered
    | Called
    | LoggedIn
    | Passed
    | Waiting
    | InFlight
    | Budget
    | Files
    | Gone
    | SetAside
)
#: whoever is told; it must not raise, and is called from several threads
Heed = Callable[[Event], None]


def nobody(_event: Event) -> None:
    """Whoever is told where nobody listens."""


#: most special first
_CAUSES = {
    LoginRefused: "login_refused",
    Held: "held",
    AnswerLost: "answer_lost",
    Outage: "outage",
    LookAgain: "look_again",
    TryAgainLater: "later",
    RecordIncomplete: "incomplete",
    SetupError: "setup",
}


def refused(error: SfsyncError, opportunity_id: str = "") -> Refused:
    """An error as it is counted."""
    cause = error.code or next((word for kind, word in _CAUSES.items() if isinstance(error, kind)), "unknown")
    who = Who.REP if isinstance(error, RecordIncomplete) else Who.ADMIN
    if isinstance(error, TryAgainLater):
        who = Who.LATER
    return Refused(opportunity_id=opportunity_id, who=who, cause=cause)
