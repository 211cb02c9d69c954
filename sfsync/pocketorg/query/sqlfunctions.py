"""What SQLite needs to compare, sort and reckon as Salesforce does."""

import math
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sfsync.pocketorg import ids


def register(db: sqlite3.Connection) -> None:
    """Teach one connection the functions that translated queries and formulas call. Cheap; once per connection."""
    functions: tuple[tuple[str, int, Callable[..., Any]], ...] = (
        ("soql_fold", 1, fold),
        ("soql_zoned", 2, zoned),
        ("formula_text", 1, text),
        ("formula_regex", 2, regex),
        ("formula_addmonths", 2, add_months),
        ("formula_upper", 1, str.upper),
        ("formula_lower", 1, str.lower),
        ("formula_right", 2, right),
        ("formula_round", 2, rounded),
        ("formula_ceiling", 1, ceiling),
        ("formula_power", 2, power),
        ("formula_mod", 2, remainder),
        ("formula_trunc", 2, truncated),
        ("formula_log", 1, logarithm),
        ("formula_fill", 2, fill),
        ("formula_fullid", 1, full_id),
    )
    for name, count, function in functions:
        db.create_function(name, count, function, deterministic=True)


def fold(value: object) -> object:
    """Text without regard to case, also beyond ASCII; anything else untouched."""
    return value.casefold() if isinstance(value, str) else value


def zoned(value: str | None, zone: str) -> str | None:
    """A stored instant as local time of `zone`, in the same shape."""
    if value is None:
        return None
    instant = datetime.fromisoformat(value).astimezone(_zone(zone))
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def text(value: object) -> str | None:
    """TEXT() of a number: no decimal point without decimals."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None if value is None else str(value)


def right(value: str, count: float | None) -> str:
    return value[-int(count) :] if count and count > 0 else ""


def rounded(value: float | None, places: float | None) -> float | None:
    """Half away from zero, as an accountant does. SQLite's own round() knows no places left of the point."""
    if value is None:
        return None
    step = Decimal(1).scaleb(-int(places or 0))
    try:
        return float(Decimal(repr(value)).quantize(step, ROUND_HALF_UP))
    except InvalidOperation:  # more digits than a Decimal holds: nothing to round
        return value


def ceiling(value: float | None) -> float | None:
    """CEILING() goes away from zero where the number is negative. Source: Salesforce Help, "CEILING"."""
    return None if value is None else math.copysign(math.ceil(abs(value)), value)


def power(base: float | None, exponent: float | None) -> float | None:
    if base is None or exponent is None:
        return None
    try:
        return math.pow(base, exponent)
    except (ValueError, OverflowError):
        return None


def truncated(value: float | None, places: float | None) -> float | None:
    if value is None:
        return None
    factor = 10.0 ** int(places or 0)
    return math.trunc(float(Decimal(repr(value)) * Decimal(repr(factor)))) / factor


def logarithm(value: float | None) -> float | None:
    return math.log(value) if value is not None and value > 0 else None


def fill(text: str, count: int | None) -> str:
    """As much of the text, over and over, as has this many characters."""
    return (text * (count // len(text) + 1))[:count] if text and count and count > 0 else ""


def full_id(value: str) -> str:
    return ids.full(value) or value


def remainder(value: float | None, divisor: float | None) -> float | None:
    return math.fmod(value, divisor) if value is not None and divisor else None


def regex(value: str | None, pattern: str) -> int:
    """REGEX(): the whole text must match. Source: Salesforce Help, "Formula Operators and Functions"."""
    return int(re.fullmatch(pattern, value or "") is not None)


def add_months(value: str | None, months: float | None) -> str | None:
    """A date or datetime moved by months; the last day of a month stays a last day."""
    if value is None or months is None:
        return None
    moment = datetime.fromisoformat(value)
    year, month = divmod(moment.year * 12 + moment.month - 1 + int(months), 12)
    if _last_day(moment.year, moment.month) == moment.day:
        day = _last_day(year, month + 1)
    else:
        day = min(moment.day, _last_day(year, month + 1))
    return f"{year:04}-{month + 1:02}-{day:02}{value[10:]}"


def _last_day(year: int, month: int) -> int:
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return int((after.timestamp() - 86400) // 86400 - datetime(year, month, 1, tzinfo=UTC).timestamp() // 86400) + 1
