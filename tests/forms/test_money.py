"""Money, numbers, dates and times as the reader's country writes them. Digits are 0 to 9 everywhere."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sfsync.forms.money import formatter
from sfsync.forms.text.bidi import unmarked

#: locale, currency, an amount of five digits and a negative one, a percent; ~ stands for a space that does not break
WRITTEN = [
    ("de_DE", "EUR", "1.234.567,50~€", "-1.234,50~€", "-12,5~%"),
    ("de_AT", "EUR", "€~1.234.567,50", "-€~1.234,50", "-12,5~%"),
    ("de_CH", "CHF", "CHF~1’234’567.50", "CHF-1’234.50", "-12.5%"),
    ("fr_FR", "EUR", "1~234~567,50~€", "-1~234,50~€", "-12,5~%"),
    ("fr_CH", "CHF", "1~234~567.50~CHF", "-1~234.50~CHF", "-12,5%"),
    ("sv_SE", "SEK", "1~234~567,50~kr", "−1~234,50~kr", "−12,5~%"),
    ("ar_EG", "EGP", "1,234,567.50~ج.م.", "-1,234.50~ج.م.", "-12.5%"),
    ("ar_KW", "KWD", "1,234,567.500~د.ك.", "-1,234.500~د.ك.", "-12.5%"),
    ("he_IL", "ILS", "1,234,567.50~₪", "-1,234.50~₪", "-12.5%"),
    ("ja_JP", "JPY", "¥1,234,567.5", "-¥1,234.5", "-12.5%"),
    ("hi_IN", "INR", "₹12,34,567.50", "-₹1,234.50", "-12.5%"),
    ("en_IN", "INR", "₹12,34,567.50", "-₹1,234.50", "-12.5%"),
    ("th_TH", "THB", "฿1,234,567.50", "-฿1,234.50", "-12.5%"),
    ("pt_BR", "BRL", "R$~1.234.567,50", "-R$~1.234,50", "-12,5%"),
    ("es_CL", "CLP", "$1.234.567,5", "$-1.234,5", "-12,5%"),
    ("en_US", "KWD", "KWD~1,234,567.500", "-KWD~1,234.500", "-12.5%"),
]


def plain(text: str) -> str:
    return unmarked(text).replace("\xa0", "~").replace("\u202f", "~")


@pytest.mark.parametrize(("locale", "currency", "large", "negative", "percent"), WRITTEN)
def test_amounts_read_as_the_locale_writes_them(locale, currency, large, negative, percent):
    form = formatter(locale, currency, "UTC")
    assert plain(form.money(Decimal("1234567.5"))) == large
    assert plain(form.money(Decimal("-1234.50"))) == negative
    assert plain(form.percent(Decimal("-12.5"))) == percent


@pytest.mark.parametrize(
    ("currency", "amount", "written"),
    [
        ("JPY", "1234567", "¥1,234,567"), ("CLP", "1234567", "CLP~1,234,567"), ("KWD", "1.5", "KWD~1.500"),
        ("USD", "999999999999999.99", "$999,999,999,999,999.99"), ("USD", "0.0125", "$0.0125"), ("USD", "0", "$0.00"),
        ("USD", "-0.00", "$0.00"), ("USD", "-0.0000001", "$0.00"), ("USD", "0.0000005", "$0.000001"),
        ("USD", "12345678901234567890.12", "$12,345,678,901,234,567,890.12"),
    ],
)  # fmt: skip
def test_each_currency_has_its_own_decimals_and_no_amount_loses_any(currency, amount, written):
    assert plain(formatter("en_US", currency, "UTC").money(Decimal(amount))) == written


@pytest.mark.parametrize(
    ("locale", "day"),
    [("de_DE", "26. November 2026"), ("fr_CH", "26 novembre 2026"), ("sv_SE", "26 november 2026"),
     ("pt_BR", "26 de novembro de 2026"), ("ja_JP", "2026年11月26日"), ("he_IL", "26 בנובמבר 2026"),
     ("ar_EG", "26 نوفمبر 2026"), ("hi_IN", "26 नवंबर 2026"), ("th_TH", "26 พฤศจิกายน ค.ศ. 2026"),
     ("en_IN", "26 November 2026")],
)  # fmt: skip
def test_a_day_reads_as_the_locale_writes_it_in_gregorian_years(locale, day):
    assert unmarked(formatter(locale, "USD", "UTC").date(date(2026, 11, 26), "long")) == day


def test_a_time_is_that_of_the_forms_zone_in_summer_and_in_winter():
    form = formatter("de_DE", "EUR", "Europe/Berlin")
    assert form.datetime(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == "02.07.2026, 00:30:00"
    assert form.time(datetime(2026, 12, 1, 22, 30, tzinfo=UTC)) == "23:30"
    assert form.date(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "01.01.2027"
