"""SOQL's date words: TODAY, LAST_N_DAYS:7, THIS_FISCAL_QUARTER, as half-open spans of days.

Source: SOQL and SOSL Reference, "Date Formats and Date Literals in WHERE".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date


#: How many months a unit has, or 0 where it counts in days.
_UNITS = {"DAY": 0, "WEEK": 0, "MONTH": 1, "QUARTER": 3, "YEAR": 12}
_WORD = re.compile(
    r"(?P<which>LAST|THIS|NEXT)_(?P<unit>WEEK|MONTH|(FISCAL_)?(QUARTER|YEAR))"
    r"|(?P<side>LAST|NEXT)_N_(?P<units>DAY|WEEK|MONTH|(FISCAL_)?(QUARTER|YEAR))S:(?P<count>\d+)"
    r"|N_(?P<past>DAY|WEEK|MONTH|(FISCAL_)?(QUARTER|YEAR))S_AGO:(?P<ago>\d+)"
)
_SINGLE = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}


def span(word: str, *, today: date, fiscal_start: int = 1) -> Span | None:
    """The days that a literal means, or None for a word that is none. `fiscal_start` is a month, 1 to 12."""
    try:
        return _span(word, today, fiscal_start)
    except (OverflowError, ValueError):
        return None


def _span(word: str, today: date, fiscal_start: int) -> Span | None:
    if word in _SINGLE:
        return _units("DAY", today, _SINGLE[word], 1, 1)
    if word in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        return _many("DAY", today, word[:4], 90, 1)
    match = _WORD.fullmatch(word)
    if match is None:
        return None
    name = str(match["unit"] or match["units"] or match["past"])
    unit, first_month = name.removeprefix("FISCAL_"), fiscal_start if name.startswith("FISCAL_") else 1
    if match["which"]:
        return _units(unit, today, ("LAST", "THIS", "NEXT").index(match["which"]) - 1, 1, first_month)
    if match["past"]:
        return _units(unit, today, -int(match["ago"]), 1, first_month)
    return _many(unit, today, match["side"], int(match["count"]), first_month)


def _many(unit: str, today: date, side: str, count: int, first_month: int) -> Span:
    """LAST_N_DAYS takes in today, LAST_N_WEEKS and longer units leave out the current one."""
    if side == "NEXT":
        return _units(unit, today, 1, count, first_month)
    whole = _units(unit, today, -count, count, first_month)
    return Span(whole.start, today + timedelta(days=1)) if unit == "DAY" else whole


def _units(unit: str, today: date, first: int, count: int, first_month: int) -> Span:
    """`count` units beginning `first` units after the current one."""
    if unit in ("DAY", "WEEK"):
        days = 1 if unit == "DAY" else 7
        # Weeks begin on Sunday in the locale en_US.
        begin = today if unit == "DAY" else today - timedelta(days=(today.weekday() + 1) % 7)
        start = begin + timedelta(days=first * days)
        return Span(start, start + timedelta(days=count * days))
    size = _UNITS[unit]
    current = (today.year * 12 + today.month - first_month) // size * size + first_month - 1
    return Span(_month(current + first * size), _month(current + (first + count) * size))


def _month(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


def midnight(day: date, zone: ZoneInfo) -> str:
    """The instant at which a day begins in `zone`, as stored."""
    return stored(datetime.combine(day, time(), zone))


def stored(moment: datetime) -> str:
    """An instant as the tables hold it: UTC, milliseconds, Z."""
    moment = moment.astimezone(UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
