"""The clauses that every kind of query shares: WHERE with deleted rows left out, ORDER BY, LIMIT and OFFSET."""

from __future__ import annotations

from collections.abc import Container, Iterator

from sfsync.pocketorg.query import filters, money, soql
from sfsync.pocketorg.query.filters import Sql
from sfsync.pocketorg.query.scope import Scope
from sfsync.pocketorg.query.terms import SHAPELESS, term
from sfsync.pocketorg.schema import Field


def condition(query: soql.Query, scope: Scope) -> Sql:
    made = filters.where(scope, query.where) if query.where else Sql("1")
    if scope.own_files:
        own = filters.own_files(scope)
        made = Sql(f"({made.text}) AND {own.text}", made.values + own.values)
    if scope.sobject.field("IsDeleted") and not scope.asked.include_deleted:
        return Sql(f'({made.text}) AND {scope.table}."IsDeleted" IS NOT 1', made.values)
    return Sql(f"({made.text})", made.values)


def order(query: soql.Query, scope: Scope, groups: Container[str] | None = None) -> str:
    """Write ORDER BY; in an aggregate query, `groups` is the SQL of what rows are grouped by."""
    return f" ORDER BY {', '.join(_orderings(query.order, scope, groups))}" if query.order else ""


def _orderings(orderings: tuple[soql.Ordering, ...], scope: Scope, groups: Container[str] | None) -> Iterator[str]:
    for each in orderings:
        found = term(scope, each.expression)
        if groups is not None and not found.aggregate and found.sql not in groups:
            raise scope.asked.error(found.at, f"Field must be grouped or aggregated: {found.name}")
        if found.aggregate and groups is None:
            raise scope.asked.error(found.at, f"Aggregate functions need GROUP BY: {found.name}")
        if found.column and not found.aggregate and not _sortable(found.column.field):
            raise scope.asked.error(found.at, f"field '{found.name}' can not be sorted in a query call")
        direction = "DESC" if each.descending else "ASC"
        converted = found.column and not found.aggregate and money.is_converted(scope, found.column)
        value = money.corporate(scope, found.column) if converted and found.column else found.folded
        yield f"{value} {direction} NULLS {'LAST' if each.nulls_last else 'FIRST'}"


def _sortable(field: Field) -> bool:
    return field.sortable and field.type not in SHAPELESS | {"multipicklist"}


def window(query: soql.Query) -> Sql:
    if query.limit is None and query.offset is None:
        return Sql("")
    # SQLite's integers end at 2**63 - 1.
    limit = -1 if query.limit is None else min(query.limit, 2**62)
    return Sql(" LIMIT ? OFFSET ?", (limit, query.offset or 0))
