"""GROUP BY ROLLUP and CUBE: the groups, their subtotals and the grand total, one statement for each level.

Source: SOQL and SOSL Reference, "GROUP BY ROLLUP", "GROUP BY CUBE" and "GROUPING(fieldName)".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations

from sfsync.pocketorg.query import clauses, soql
from sfsync.pocketorg.query.filters import Sql
from sfsync.pocketorg.query.scope import Scope
from sfsync.pocketorg.query.terms import Term, term

WORDS = frozenset({"ROLLUP", "CUBE"})
MOST_FIELDS = 3
#: stands before the SQL of a field where 1 is meant if the row is a subtotal over it
_MARK = "subtotal over "


def fields(query: soql.Query) -> tuple[soql.Expression, ...]:
    """What is grouped by. ROLLUP and CUBE stand alone."""
    call = query.group[0]
    if len(query.group) != 1 or not isinstance(call, soql.Call):
        raise soql.malformed("ROLLUP and CUBE can not be combined with other fields in GROUP BY")
    if not 1 <= len(call.arguments) <= MOST_FIELDS:
        raise soql.malformed(f"GROUP BY {call.name} takes between 1 and {MOST_FIELDS} fields")
    if query.having:
        raise soql.refused(f"HAVING beside {call.name}")
    return tuple(each for each in call.arguments if isinstance(each, soql.Path | soql.Call))


def grouping(scope: Scope, call: soql.Call, groups: Sequence[Term]) -> Term:
    """GROUPING(field): 1 in a row that is a subtotal over the field, else 0."""
    inner = call.arguments[0] if len(call.arguments) == 1 else None
    found = term(scope, inner) if isinstance(inner, soql.Path | soql.Call) else None
    if found is None or found.sql not in {group.sql for group in groups}:
        raise scope.asked.error(call.at, "GROUPING() takes a field of GROUP BY ROLLUP or CUBE")
    return Term(_MARK + found.sql, "int", found.name, call.at, aggregate=True)


def statement(query: soql.Query, scope: Scope, selected: Sequence[Term], groups: Sequence[Term]) -> Sql:
    """All levels, one below the other. Sort keys come last in each row, where no cell looks for them."""
    call = query.group[0]
    assert isinstance(call, soql.Call)
    keys = [_key(scope, each, groups) for each in query.order]
    condition = clauses.condition(query, scope)
    levels = list(_levels(call.name, groups))
    parts = [_level(scope, condition, [*(t.sql for t in selected), *keys], groups, kept) for kept in levels]
    order = ", ".join(
        f"{number} {'DESC' if each.descending else 'ASC'} NULLS {'LAST' if each.nulls_last else 'FIRST'}"
        for number, each in enumerate(query.order, start=len(selected) + 1)
    )
    tail = clauses.window(query)
    text = f"SELECT * FROM ({' UNION ALL '.join(parts)}){f' ORDER BY {order}' if order else ''}{tail.text}"  # noqa: S608
    return Sql(text, condition.values * len(levels) + tail.values)


def _levels(word: str, groups: Sequence[Term]) -> Iterator[tuple[Term, ...]]:
    """From the finest to the grand total: ROLLUP leaves fields out from the right, CUBE in every way."""
    if word == "ROLLUP":
        return (tuple(groups[:count]) for count in range(len(groups), -1, -1))
    return chain.from_iterable(combinations(groups, count) for count in range(len(groups), -1, -1))


def _level(scope: Scope, condition: Sql, cells: Sequence[str], groups: Sequence[Term], kept: Sequence[Term]) -> str:
    kept_sql = {each.sql for each in kept}
    left_out = {sql for each in groups if each.sql not in kept_sql for sql in (each.sql, each.folded)}
    columns = ", ".join(_cell(sql, left_out) for sql in cells)
    grouped = f" GROUP BY {', '.join(each.folded for each in kept)}" if kept else ""
    # a grand total over nothing is no row: every other level has none either
    some = "" if kept else " HAVING count(*) > 0"
    return f"SELECT {columns} {scope.from_sql} WHERE {condition.text}{grouped}{some}"


def _cell(sql: str, left_out: set[str]) -> str:
    if sql.startswith(_MARK):
        return str(int(sql.removeprefix(_MARK) in left_out))
    return "NULL" if sql in left_out else sql


def _key(scope: Scope, ordering: soql.Ordering, groups: Sequence[Term]) -> str:
    if isinstance(ordering.expression, soql.Call) and ordering.expression.name == "GROUPING":
        return grouping(scope, ordering.expression, groups).sql
    found = term(scope, ordering.expression)
    if not found.aggregate and found.sql not in {group.sql for group in groups}:
        raise scope.asked.error(found.at, f"Field must be grouped or aggregated: {found.name}")
    return found.folded
