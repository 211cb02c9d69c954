"""Whatever is asked: found by its meaning, or refused."""

import contextlib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfsync.pocketorg.errors import ApiError
from tests.pocketorg.small_org import SmallOrg

NAMES = st.sampled_from([None, "", "alpha", "ALPHA", "Ärger", "ärger", "50%", "a_b", "back\\slash"])
Row = dict[str, Any]
AMOUNTS = st.sampled_from([None, 0.0, -1.5, 7.0, 1e9])
ROWS = st.lists(st.fixed_dictionaries({"Name": NAMES, "Amount": AMOUNTS, "IsWon": st.booleans()}), max_size=6)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _same(left: str | None, right: str | None) -> bool:
    return (left or "").casefold() == (right or "").casefold()


def _test(field: str, operator: str, value: Any) -> tuple[str, Any]:
    if field == "Name":
        text = "null" if value is None else _quoted(value)
        return f"Name {operator} {text}", lambda row: _same(row["Name"], value) == (operator == "=")
    compare = {
        "=": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a is not None and b is not None and a < b,
        ">=": lambda a, b: a is not None and b is not None and a >= b,
    }[operator]
    return f"Amount {operator} {'null' if value is None else value}", lambda row: compare(row["Amount"], value)


LEAVES = st.one_of(
    st.tuples(st.just("Name"), st.sampled_from(["=", "!="]), NAMES).map(lambda t: _test(*t)),
    st.tuples(st.just("Amount"), st.sampled_from(["=", "!=", "<", ">="]), AMOUNTS).map(lambda t: _test(*t)),
    st.booleans().map(lambda b: (f"IsWon = {b}", lambda row: row["IsWon"] == b)),
    st.lists(NAMES, min_size=1, max_size=3).map(
        lambda values: (
            f"Name IN ({', '.join('null' if v is None else _quoted(v) for v in values)})",
            lambda row: any(_same(row["Name"], v) for v in values),
        )
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda t: (f"(NOT ({t[0]}))", lambda row: not t[1](row))),
        st.lists(inner, min_size=2, max_size=3).map(
            lambda ts: (f"({' AND '.join(f'({t[0]})' for t in ts)})", lambda row: all(t[1](row) for t in ts))
        ),
        st.lists(inner, min_size=2, max_size=3).map(
            lambda ts: (f"({' OR '.join(f'({t[0]})' for t in ts)})", lambda row: any(t[1](row) for t in ts))
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, tree=TREES)
def test_any_condition_agrees_with_its_meaning(org: SmallOrg, rows: list[Row], tree: tuple[str, Any]) -> None:
    org.db.execute("DELETE FROM Opportunity")
    for row in rows:
        # Salesforce keeps no empty text.
        org.insert("Opportunity", **(row | {"Name": row["Name"] or None, "IsWon": int(row["IsWon"])}))
    text, holds = tree
    found = org.records(f"SELECT Name, Amount, IsWon FROM Opportunity WHERE {text} ORDER BY Id")
    expected = [row for row in rows if holds(row)]
    assert [(r["Name"] or "", r["Amount"], r["IsWon"]) for r in found] == [
        (r["Name"] or "", r["Amount"], r["IsWon"]) for r in expected
    ]


WORDS = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "<",
        "'x'",
        "'\\'",
        "5",
        "null",
        "TODAY",
        "LAST_N_DAYS:3",
        "Id",
        "Name",
        "Account",
        "Opportunity",
        "Amount",
        "CloseDate",
        "Opportunities",
        "GROUP",
        "BY",
        "ORDER",
        "LIMIT",
        "OFFSET",
        "COUNT",
        "SUM",
        "FIELDS",
        "ALL",
        ".",
        ":",
        "$",
        "'",
        "\x00",
        "�",
        "😀",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(st.text(), st.lists(WORDS, max_size=25).map(lambda w: "SELECT Id FROM Account " + " ".join(w))))
def test_whatever_is_asked_is_answered_or_refused(org: SmallOrg, text: str) -> None:
    with contextlib.suppress(ApiError):
        org.ask(text)


def test_a_thousand_conditions_are_no_more_than_one(sales: SmallOrg) -> None:
    many = " OR ".join(f"Amount = {n}" for n in range(2000))
    assert sales.named(many) == set()
    deep = "(" * 3000 + "Amount = 7.5" + ")" * 3000
    assert sales.named(deep) == {"100% new_business"}


def test_nesting_beyond_reason_is_too_complicated(sales: SmallOrg) -> None:
    nots = "(NOT " * 5000 + "Amount = 1" + ")" * 5000
    assert sales.refusal(f"SELECT Id FROM Opportunity WHERE {nots}").code == "QUERY_TOO_COMPLICATED"
