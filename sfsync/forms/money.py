"""Numbers, money and dates in the reader's locale. Decimal all the way; Babel knows the conventions."""

import re
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import (
    NumberPattern,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)

#: A unit price of 0.0125 must not read 0.01: this many decimals are shown where they are not zero.
MOST_DECIMALS = 6
_THOUSANDS = (3, 3)
_FINEST = Decimal(1).scaleb(-MOST_DECIMALS)
# Babel writes yen as U+FFE5 in Japanese, which Latin fonts lack.
_PRINTABLE = {0xFFE5: 0xA5}
# CLDR's currencySpacing, which Babel leaves out: a code such as KWD stands apart from its amount, a symbol does not.
_UNSPACED = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


@dataclass(frozen=True)
class Formatter:
    """What a form's locale, currency and time zone make of a value."""

    locale: Locale
    currency: str
    zone: ZoneInfo

    def money(self, value: Decimal | int, currency: str | None = None) -> str:
        """'$1,250.00': the currency's own decimals, and more only where they are not zero."""
        code = currency or self.currency
        text = _applied(currency_pattern(self.locale, code), Decimal(value), self.locale)
        return text.replace(*self._points) if self._points else text

    def number(self, value: Decimal | int) -> str:
        """'1,250.5': no trailing zeros."""
        return _applied(self._number, Decimal(value), self.locale)

    def percent(self, value: Decimal | int) -> str:
        """'12.5%' of 12.5, since Salesforce keeps a percent field as the rep typed it."""
        return _applied(self._percent, Decimal(value).scaleb(-2), self.locale)

    def date(self, value: date, style: str = "medium") -> str:
        """A day; of a datetime, the day it was in the form's time zone."""
        day = value.astimezone(self.zone).date() if isinstance(value, datetime) else value
        return format_date(day, style, locale=self.locale)

    def time(self, value: datetime, style: str = "short") -> str:
        return format_time(value, style, tzinfo=self.zone, locale=self.locale)

    def datetime(self, value: datetime, style: str = "medium") -> str:
        return format_datetime(value, style, tzinfo=self.zone, locale=self.locale)

    @cached_property
    def _points(self) -> tuple[str, str] | None:
        """A decimal sign, and that of money where it is another one, as in Swiss French; Babel knows no difference."""
        signs = self.locale.number_symbols["latn"]
        return (signs["decimal"], signs["currencyDecimal"]) if "currencyDecimal" in signs else None

    @cached_property
    def backwards(self) -> bool:
        """Whether the reader reads from right to left."""
        return bool(self.locale.character_order == "right-to-left")

    @cached_property
    def _number(self) -> NumberPattern:
        return _pattern(self.locale, self.locale.decimal_formats[None], 0)

    @cached_property
    def _percent(self) -> NumberPattern:
        return _pattern(self.locale, self.locale.percent_formats[None], 0)


@lru_cache(maxsize=64)
def formatter(locale: str, currency: str, time_zone: str) -> Formatter:
    """`locale` as Babel spells it (en_US), `currency` as ISO 4217, `time_zone` as IANA."""
    return Formatter(Locale.parse(locale), currency, ZoneInfo(time_zone))


@lru_cache(maxsize=256)
def currency_pattern(locale: Locale, currency: str) -> NumberPattern:
    """With the currency's symbol in it already: Babel would look it up for each amount, and its name as well."""
    pattern = _pattern(locale, locale.currency_formats["standard"], get_currency_precision(currency))
    symbol = get_currency_symbol(currency, locale).translate(_PRINTABLE)
    before, negative = (_UNSPACED.sub("\xa0", f"{part.replace('¤', symbol)}0")[:-1] for part in pattern.prefix)
    after, negative_after = (_UNSPACED.sub("\xa0", f"0{part.replace('¤', symbol)}")[1:] for part in pattern.suffix)
    pattern.prefix, pattern.suffix = (before, negative), (after, negative_after)
    return pattern


@lru_cache(maxsize=4096)
def _applied(pattern: NumberPattern, value: Decimal, locale: Locale) -> str:
    number = rounded(value)
    if pattern.grouping == _THOUSANDS and not pattern.scale:
        return _grouped(pattern, number, _signs(locale))
    return str(pattern.apply(number, locale)).translate(_PRINTABLE)


def _grouped(pattern: NumberPattern, number: Decimal, signs: tuple[str, str]) -> str:
    """What Babel writes, ten times as fast, where digits go by threes: amounts are a fifth of a form's work."""
    whole, _, rest = f"{number.copy_abs():,f}".partition(".")
    rest = rest.rstrip("0").ljust(pattern.frac_prec[0], "0")
    group, point = signs
    digits = whole.replace(",", group) + (point + rest if rest else "")
    return f"{pattern.prefix[number < 0]}{digits}{pattern.suffix[number < 0]}".translate(_PRINTABLE)


@lru_cache(maxsize=64)
def _signs(locale: Locale) -> tuple[str, str]:
    return get_group_symbol(locale), get_decimal_symbol(locale)


def _pattern(locale: Locale, pattern: NumberPattern, least: int) -> NumberPattern:
    """With at least so many decimals, and with the locale's own minus, which Babel leaves a hyphen."""
    own = copy(pattern)
    own.frac_prec = (least, max(least, MOST_DECIMALS))
    minus = locale.number_symbols["latn"]["minusSign"]
    own.prefix = (pattern.prefix[0], pattern.prefix[1].replace("-", minus))
    own.suffix = (pattern.suffix[0], pattern.suffix[1].replace("-", minus))
    return own


def rounded(value: Decimal) -> Decimal:
    """Half up, as people and Salesforce round; Babel alone would round half to even."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no amount.")  # noqa: TRY004 (infinity and nan are Decimals all right)
    found = value.quantize(_FINEST, ROUND_HALF_UP) if exponent < -MOST_DECIMALS else value
    return found or found.copy_abs()  # never -0.00
