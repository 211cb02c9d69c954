"""Amounts read as Babel writes them, also where we write them ourselves."""

from zoneinfo import ZoneInfo

from babel import Locale, localedata
from hypothesis import given
from hypothesis import strategies as st

from sfsync.forms import money
from sfsync.forms.money import Formatter, rounded

LOCALES = sorted(localedata.locale_identifiers())
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=None)


@given(st.sampled_from(LOCALES), st.sampled_from(["USD", "EUR", "JPY", "KWD", "CHF"]), AMOUNTS)
def test_an_amount_reads_as_babel_writes_it_in_every_locale(name, currency, amount):
    locale = Locale.parse(name)
    pattern = money.currency_pattern(locale, currency)
    theirs = str(pattern.apply(rounded(amount), locale)).translate(money._PRINTABLE)
    assert money._applied(pattern, amount, locale) == theirs


@given(st.sampled_from(LOCALES), AMOUNTS)
def test_a_number_reads_as_babel_writes_it_in_every_locale(name, amount):
    form = Formatter(Locale.parse(name), "USD", ZoneInfo("UTC"))
    theirs = str(form._number.apply(rounded(amount), form.locale)).translate(money._PRINTABLE)
    assert form.number(amount) == theirs
