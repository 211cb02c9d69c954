"""Queries that count, sum and group: their rows are no records but AggregateResults.

Source: SOQL and SOSL Reference, "GROUP BY", "HAVING" and "Aggregate Functions".
"""

from __future__ import annotations

from sfsync.pocketorg.query import clauses, filters, shape, soql, subtotals
from sfsync.pocketorg.query.filters import Sql
from sfsync.pocketorg.query.scope import Scope
from sfsync.pocketorg.query.shape import Cell
from sfsync.pocketorg.query.terms import AGGREGATES, SHAPELESS, Term, term


def has_aggregate(item: soql.Item | soql.Query) -> bool:
    return isinstance(item, soql.Item) and isinstance(item.expression, soql.Call) and item.expression.name in AGGREGATES


def is_count(query: soql.Query) -> bool:
    first = query.select[0]
    return (
        len(query.select) == 1
        and isinstance(first, soql.Item)
        and isinstance(first.expression, soql.Call)
        and first.expression.name == "COUNT"
        and not first.expression.arguments
    )


def count(query: soql.Query, scope: Scope) -> Sql:
    """SELECT COUNT(): one row of one cell."""
    if query.group or query.order:
        raise soql.malformed("COUNT() can not be used with GROUP BY or ORDER BY; use COUNT(Id)")
    condition, tail = clauses.condition(query, scope), clauses.window(query)
    rows = f"SELECT 1 {scope.from_sql} WHERE {condition.text}{tail.text}"
    return Sql(f"SELECT count(*) FROM ({rows})", condition.values + tail.values)  # noqa: S608 -- every value is bound


def aggregated(query: soql.Query, scope: Scope) -> tuple[Sql, Cell]:
    """Translate to the statement and to what makes an AggregateResult of a row."""
    if any(isinstance(each, soql.Call) and each.name in subtotals.WORDS for each in query.group):
        groups = [_group(scope, each) for each in subtotals.fields(query)]
        found = _select(query, scope, groups)
        return subtotals.statement(query, scope, list(found.values()), groups), _builder(found)
    groups = [_group(scope, expression) for expression in query.group]
    found = _select(query, scope, groups)
    columns = ", ".join(each.sql for each in found.values())
    condition = clauses.condition(query, scope)
    grouping = f" GROUP BY {', '.join(group.folded for group in groups)}" if groups else ""
    having = filters.having(scope, query.having) if query.having else Sql("1")
    kept = f" HAVING {having.text}" if query.having else ""
    order, tail = clauses.order(query, scope, {group.sql for group in groups}), clauses.window(query)
    text = f"SELECT {columns} {scope.from_sql} WHERE {condition.text}{grouping}{kept}{order}{tail.text}"
    return Sql(text, condition.values + having.values + tail.values), _builder(found)


def _select(query: soql.Query, scope: Scope, groups: list[Term]) -> dict[str, Term]:
    found: dict[str, Term] = {}
    for item in query.select:
        if isinstance(item, soql.Query):
            raise soql.malformed("Sub-queries are not allowed in an aggregate query")
        selected = _selected(item, scope, groups)
        key = _key(item, selected, found)
        if key in found:
            raise scope.asked.error(item.expression.at, f"duplicate alias: {key}")
        found[key] = selected
    return found


def _builder(found: dict[str, Term]) -> Cell:
    cells = [(key, shape.cell(each.type, index)) for index, (key, each) in enumerate(found.items())]

    def build(row: shape.Row) -> shape.Record:
        return {"attributes": {"type": "AggregateResult"}} | {key: cell(row) for key, cell in cells}

    return build


def _group(scope: Scope, expression: soql.Expression) -> Term:
    found = term(scope, expression)
    if found.aggregate:
        raise scope.asked.error(found.at, f"Aggregate functions can not be grouped: {found.name}")
    if found.column and (not found.column.field.groupable or found.type in SHAPELESS):
        raise scope.asked.error(found.at, f"field '{found.name}' can not be grouped in a query call")
    return found


def _selected(item: soql.Item, scope: Scope, groups: list[Term]) -> Term:
    if isinstance(item.expression, soql.Call) and item.expression.name == "GROUPING":
        return subtotals.grouping(scope, item.expression, groups)
    found = term(scope, item.expression)
    if not found.aggregate and found.sql not in {group.sql for group in groups}:
        raise scope.asked.error(found.at, f"Field must be grouped or aggregated: {found.name}")
    return found


def _key(item: soql.Item, found: Term, taken: dict[str, Term]) -> str:
    """What has no name of its own is expr0, expr1, …; a plain field keeps its name."""
    if item.alias:
        return item.alias
    if isinstance(item.expression, soql.Path):
        return found.name
    return f"expr{sum(key.startswith('expr') for key in taken)}"
