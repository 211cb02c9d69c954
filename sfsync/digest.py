"""The daily digest: whether it is due, what it looks back on, and its words. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal

from sfsync.messages import Messages
from sfsync.settings import Settings

#: it looks back no further, also where none was posted for longer
_LONGEST = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What one digest tells of: each form of a quiet org lies in exactly one."""

    #: the day of the digest, in the settings' zone: there is one a day
    day: date
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What is told."""

    made: int
    #: seconds from request to file, of each form that knows both
    took: tuple[float, ...]
    waiting: int
    failed: int
    #: None where the org has no such field
    not_right: int | None
    paused: bool


def span(now: datetime, settings: Settings, last: datetime | None = None) -> Span | None:
    """What to tell at this moment; None before its time, and on days without business hours.

    `last` is where the last digest ended. Where it is not known, the business day before is.
    """
    if settings.digest is None:
        return None
    day = now.astimezone(settings.zone).date()
    until = _moment(day, settings)
    if now < until or day.weekday() not in settings.business_hours.days:
        return None
    before = day - timedelta(days=1)
    while before.weekday() not in settings.business_hours.days:
        before -= timedelta(days=1)
    since = max(last or _moment(before, settings), until - _LONGEST)
    return Span(day=day, since=min(since, until), until=until)


def _moment(day: date, settings: Settings) -> datetime:
    assert settings.digest is not None
    return datetime.combine(day, settings.digest.at, settings.zone)


def words(told: Figures, over: Span, settings: Settings) -> tuple[str, str]:
    """Title and text, in the settings' locale and words."""
    said, locale = settings.messages, settings.locale
    day = format_date(over.day, "full", locale)
    hour = format_time(over.since.astimezone(settings.zone), "short", locale=locale)
    since = f"{format_skeleton('MMMEd', over.since, settings.zone, locale=locale)}, {hour}"
    return said.digest_title.format(day=day), "\n".join(_lines(told, since, said, locale))


def _lines(told: Figures, since: str, said: Messages, locale: str) -> list[str]:
    def number(some: float) -> str:
        return format_decimal(round(some), locale=locale)

    lines = [said.digest_made.format(since=since, number=number(told.made))]
    if told.took:
        lines += [said.digest_seconds.format(median=number(median(told.took)), slowest=number(max(told.took)))]
    lines += [said.digest_waiting.format(number=number(told.waiting))]
    lines += [said.digest_failed.format(number=number(told.failed))]
    if told.not_right is not None:
        lines += [said.digest_not_right.format(number=number(told.not_right))]
    return [*lines, said.paused] if told.paused else lines
