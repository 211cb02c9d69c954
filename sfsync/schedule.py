"""Durations in words and business hours, as an admin writes them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_DURATION = re.compile(r"(?P<number>\d+)\s*(?P<unit>second|minute|hour|day)s?", re.IGNORECASE)
#: for editors, which know no named groups and no flags
DURATION_PATTERN = r"^\d+ *([Ss]econd|[Mm]inute|[Hh]our|[Dd]ay)s?$"
HOURS_PATTERN = r"^[A-Za-z]{3,9}( *- *[A-Za-z]{3,9})? +\d{1,2}:\d\d *- *\d{1,2}:\d\d( +[A-Za-z_/+0-9-]+)?$"
TIME_PATTERN = r"^\d{1,2}:\d\d$"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(
    r"(?P<first>[a-z]{3})[a-z]*(?:\s*-\s*(?P<last>[a-z]{3})[a-z]*)?"
    r"\s+(?P<opens>\d{1,2}:\d\d)\s*-\s*(?P<closes>\d{1,2}:\d\d)"
    r"(?:\s+(?P<zone>[A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)*))?",
    re.IGNORECASE,
)


def duration(text: str) -> timedelta:
    """Read `15 seconds`, `5 minutes`, `1 hour`, `30 days`. Raises ValueError.

    >>> duration("15 seconds")
    datetime.timedelta(seconds=15)
    """
    found = _DURATION.fullmatch(text.strip())
    if not found or not int(found["number"]):
        raise ValueError(f"'{text}' is not a duration. Write it like 15 seconds, 5 minutes or 30 days.")
    return timedelta(seconds=int(found["number"]) * _UNITS[found["unit"].lower()])


def time_zone(name: str) -> ZoneInfo:
    """Look up an IANA time zone such as `Europe/Berlin`. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is not a time zone. Write it like Europe/Berlin or America/New_York.") from None


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """The weekly window in which the worker looks often: `Mon-Fri 8:00-18:00 Europe/Berlin`."""

    days: frozenset[int]  #: Monday is 0
    opens: time
    closes: time
    zone: ZoneInfo

    def __contains__(self, moment: datetime) -> bool:
        local = moment.astimezone(self.zone)
        return local.weekday() in self.days and self.opens <= local.time() < self.closes

    @property
    def weekly(self) -> timedelta:
        """How long it is open in a week."""
        opens, closes = (datetime.combine(date.min, each) for each in (self.opens, self.closes))
        return len(self.days) * (closes - opens)


ALWAYS = BusinessHours(frozenset(range(7)), time.min, time.max, ZoneInfo("UTC"))


def business_hours(text: str) -> BusinessHours:
    """Read `Mon-Fri 8:00-18:00 Europe/Berlin`. Raises ValueError.

    >>> datetime(2026, 11, 23, 9, tzinfo=UTC) in business_hours("Mon-Fri 8:00-18:00 Europe/Berlin")
    True
    """
    found = _HOURS.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' are not business hours. Write them like Mon-Fri 8:00-18:00 Europe/Berlin.")
    first, last = _day(found["first"]), _day(found["last"] or found["first"])
    days = frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))
    opens, closes = _clock(found["opens"]), _clock(found["closes"])
    if opens >= closes:
        raise ValueError(f"'{text}' ends before it begins. Write the earlier time first.")
    return BusinessHours(days, opens, closes, time_zone(found["zone"] or "UTC"))


def _day(name: str) -> int:
    try:
        return _DAYS.index(name.lower())
    except ValueError:
        raise ValueError(f"'{name}' is not a day. Write Mon, Tue, Wed, Thu, Fri, Sat or Sun.") from None


def _clock(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    if (hour, minute) == (24, 0):
        return time.max
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError(f"'{text}' is not a time of day.") from None


def time_of_day(text: str) -> time:
    """Read `17:30`. Raises ValueError.

    >>> time_of_day("9:05")
    datetime.time(9, 5)
    """
    if not re.fullmatch(TIME_PATTERN, text.strip()) or text.strip() == "24:00":
        raise ValueError(f"'{text}' is not a time of day. Write it like 17:30.")
    return _clock(text.strip())


def day(text: str) -> date:
    """Read `2026-12-01`. Raises ValueError.

    >>> day("2026-12-01")
    datetime.date(2026, 12, 1)
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"'{text}' is not a day. Write it like 2026-12-01.") from None


def beginning(of: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins."""
    return datetime.combine(of, time.min, zone)


def ago(some: timedelta) -> str:
    """Say how long ago something was, in its largest unit.

    >>> ago(timedelta(seconds=40)), ago(timedelta(minutes=90)), ago(timedelta(days=3))
    ('40 seconds ago', '1 hour ago', '3 days ago')
    """
    seconds = max(int(some.total_seconds()), 0)
    unit, size = next((u, n) for u, n in reversed(_UNITS.items()) if seconds >= n or n == 1)
    return f"{seconds // size} {unit}{'' if seconds // size == 1 else 's'} ago"


def utc_now() -> datetime:
    """The clock of this machine, aware."""
    return datetime.now(UTC)
