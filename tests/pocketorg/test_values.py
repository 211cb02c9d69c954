"""Ids and numbers as Salesforce writes them."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.pocketorg import ids
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.http import jsontext
from sfsync.pocketorg.values import java_double

SHORT_IDS = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(SHORT_IDS)
def test_a_long_id_gets_its_case_back(short):
    long = short + ids.suffix(short)
    assert ids.full(short) == ids.full(long) == ids.full(long.lower()) == long


def test_the_suffix_is_salesforces():
    assert ids.full("001B000001Lp1G2") == "001B000001Lp1G2IAJ"
    assert ids.full("a00B000000FSjVUIB1") is None


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_later_ids_sort_behind_earlier_ones(one, other):
    assert (one < other) == (ids.numbered("006", one) < ids.numbered("006", other))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_java_double_reads_back_as_the_same_number(number):
    assert float(java_double(number)) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0.0"), (50.0, "50.0"), (9999999.0, "9999999.0"), (1e7, "1.0E7"), (-1.5e-4, "-1.5E-4"), (1e16, "1.0E16")],
)
def test_large_and_small_doubles_have_an_exponent(number, text):
    assert java_double(number) == text


@given(JSON)
def test_an_answer_reads_back_as_it_was(value):
    assert json.loads(jsontext.dumps(value)) == value


@given(st.binary())
def test_any_body_is_parsed_or_refused(body):
    assert _refusal(body) in {"", "JSON_PARSER_ERROR"}


def _refusal(body):
    try:
        jsontext.loads(body)
    except ApiError as error:
        return error.code
    return ""
