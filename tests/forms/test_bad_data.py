"""Whatever a record holds, a shipped form is whole, or says what to mend; and that within a moment."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sfsync import preview
from sfsync.due import decide
from sfsync.errors import RecordIncomplete, SetupError
from sfsync.forms.compose import compose
from sfsync.forms.render import render
from sfsync.records import Pdf
from sfsync.salesforce.describe import FieldInfo
from sfsync.salesforce.org import python_value
from tests.forms.test_shipped_forms import BLUEPRINTS, EXAMPLES, NAMES

NASTY = [
    "\x00\x01\x07\x1b[31m", "\ud800lone", "\u202eevil\u202c", "x" * 5000, "word " * 1000, "", "  ", "\t\n\r\n", "a\tb",
    "😀" * 50, "a\u0301" * 300, "Z\u0351\u034b\u0352" * 100, "<b>&amp;</b>", "{{ 7*7 }}{% for %}", "/sig/",
    "\ufeff\u200b", "שלום " * 50, "العربية " * 80, "日本語" * 100, "\U0010ffff\ufffe\uffff", "\u2028\u2029", "%s%n%d",
    "\x85\x0b\x0c", "🏳️‍🌈👨‍👩‍👧‍👦🇩🇪", "\u0600\u0601", "\u1160" * 20, "ก" * 500, "http://" + "a" * 3000,
    "'; DROP TABLE--",
]  # fmt: skip
AMOUNTS = [None, *map(Decimal, ["-5", "0", "1e25", "-1e25", "1e-25", "99999999999999999.99", "0.005"])]


def texts(value: Any, text: str) -> Any:
    """The same record with `text` for each of its texts."""
    if isinstance(value, Mapping):
        return {key: texts(inner, text) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(texts(inner, text) for inner in value)
    return text if isinstance(value, str) else value


def lines(values: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {**values, "OpportunityLineItems": tuple({**line, **changes} for line in values["OpportunityLineItems"])}


def made(form: str, change) -> Pdf | str:
    """The form of the usual deal after `change`, or what is said instead."""
    found = preview.of_sample(EXAMPLES, BLUEPRINTS, "usual", form)
    deal = replace(found.opportunity, values=change(found.opportunity.values))
    version = decide(deal, found.blueprint.paths, found.blueprint.made_with)
    try:
        return render(compose(deal, found.blueprint, version, EXAMPLES.settings, found.labels), found.blueprint.design)
    except (RecordIncomplete, SetupError) as error:
        return str(error)


@pytest.mark.parametrize("form", NAMES)
def test_no_text_breaks_a_form(form):
    began = time.process_time()
    found = [made(form, lambda values, text=text: texts(values, text)) for text in NASTY]
    assert time.process_time() - began < 20
    assert all(isinstance(each, Pdf) or "Shorten it." in each or "leave no room" in each for each in found)
    assert sum(isinstance(each, Pdf) for each in found) >= len(NASTY) / 2


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("field", ["Quantity", "UnitPrice", "TotalPrice", "Discount", "ListPrice"])
def test_no_amount_breaks_a_form_or_stands_on_one_that_does_not_add_up(form, field):
    for amount in AMOUNTS:
        found = made(form, lambda values, amount=amount: lines(values, **{field: amount}))
        assert isinstance(found, Pdf) is (field == "ListPrice"), found


@pytest.mark.parametrize("day", [None, date(1, 1, 1), date(9999, 12, 31)])
def test_no_day_breaks_a_form(day):
    assert all(isinstance(made(form, lambda values: {**values, "CloseDate": day}), Pdf) for form in NAMES)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "NaN", 10**30])
def test_what_is_no_amount_is_none_before_it_is_printed(value):
    info = FieldInfo.read({"name": "Amount", "label": "Amount", "type": "currency", "scale": 2})
    with pytest.raises((ValueError, ArithmeticError)):
        python_value(value, info)
