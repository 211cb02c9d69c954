"""Whether an Opportunity is due, decided from what stands on it: pure functions, no clock, no network."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Self

from sfsync.records import Opportunity, Status, Values

_TOKEN = re.compile(
    r"(?P<id>[A-Za-z0-9]{18}):(?P<entered>\d{8}T\d{6}Z):(?P<made_from>[0-9a-f]{16}):(?P<made_with>[0-9a-f]{8})"
)
_ENTERED = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a form answers: whose it is, which entry into the stage, which values, which template and settings.

    It holds the Opportunity's Id, so that a clone, which copies our fields, is due by itself.
    """

    opportunity_id: str
    entered_at: datetime
    #: over the values that the form prints
    made_from: str
    #: over the template and the settings; a change of these alone makes nothing due
    made_with: str

    def __str__(self) -> str:
        entered = self.entered_at.astimezone(UTC).strftime(_ENTERED)
        return f"{self.opportunity_id}:{entered}:{self.made_from}:{self.made_with}"

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Read a token off a record; None where there is none, or somebody else's text."""
        found = _TOKEN.fullmatch(text or "")
        if not found:
            return None
        entered = datetime.strptime(found["entered"], _ENTERED).replace(tzinfo=UTC)
        return cls(
            opportunity_id=found["id"],
            entered_at=entered,
            made_from=found["made_from"],
            made_with=found["made_with"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """The version to be made next, and what its row will say."""

    number: int
    token: Token
    requested_at: datetime
    made_from: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Restore:
    """Nothing is to be made, but our fields do not say what the rows say: somebody wiped or overwrote them."""

    opportunity_id: str


def fingerprints(values: Values, paths: Iterable[str]) -> dict[str, str]:
    """One short hash for each field path; over all lines where the path runs through them."""
    return {path: _hash([_plain(v) for v in leaves(values, path.split("."))], 8) for path in sorted(set(paths))}


def token(opportunity: Opportunity, made_from: Mapping[str, str], made_with: str) -> Token:
    """Make the token that the record should have. `made_with` is the fingerprint of template and settings."""
    return Token(
        opportunity_id=opportunity.id,
        entered_at=opportunity.entered_at.replace(microsecond=0),
        made_from=_hash(made_from, 16),
        made_with=made_with[:8],
    )


def decide(
    opportunity: Opportunity, paths: Iterable[str], made_with: str, *, remake: bool = False
) -> Version | Restore | None:
    """What is to be done for a record that stands in a watched stage.

    The rows decide, since nobody edits them; the Opportunity's own fields are there to be read by people.
    """
    made_from = fingerprints(opportunity.values, paths)
    wanted = token(opportunity, made_from, made_with)
    made = opportunity.made
    last = Token.parse(made.token) if made else None
    same_entry = last is not None and last.entered_at == wanted.entered_at
    if made and last and same_entry and not _changed(made.made_from, made_from, last, wanted, remake=remake):
        return None if _intact(opportunity) else Restore(opportunity_id=opportunity.id)
    return Version(
        number=(made.version if made else 0) + 1,
        token=wanted,
        requested_at=opportunity.moved_at if same_entry else opportunity.entered_at,
        made_from=made_from,
    )


def _changed(old: Mapping[str, str], new: Mapping[str, str], last: Token, wanted: Token, *, remake: bool) -> bool:
    if last.made_with == wanted.made_with:
        return last.made_from != wanted.made_from
    # another template may read other fields: compare only what both of them read
    return remake or any(old[path] != new[path] for path in old.keys() & new.keys())


def _intact(opportunity: Opportunity) -> bool:
    shown, made = opportunity.shown, opportunity.made
    return (
        made is not None
        and shown.token == made.token
        and shown.version == made.version
        and shown.status == Status.READY
        and not shown.message
    )


def leaves(values: Any, steps: list[str]) -> list[Any]:
    """What stands at the end of a path: one value, or one for each line that it runs through."""
    if isinstance(values, tuple):
        return [leaf for each in values for leaf in (leaves(each, steps) or [None])]
    if not steps:
        return [len(values) if isinstance(values, Mapping) else values]
    return leaves(values.get(steps[0]), steps[1:]) if isinstance(values, Mapping) else [None]


def _plain(value: Any) -> str | bool | None:
    """A spelling that stays the same however the org writes the value: 10, 10.0 and 1E+1 are one number."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | Decimal):
        return f"{Decimal(value).normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _hash(value: Any, digits: int) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
