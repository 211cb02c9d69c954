"""A query as one SELECT of SQLite for its own rows and one more for each list of children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import aggregates, clauses, filters, money, shape, soql
from sfsync.pocketorg.query.filters import Sql
from sfsync.pocketorg.query.scope import WSDL, Asked, Column, Scope
from sfsync.pocketorg.query.shape import Cell, Shape
from sfsync.pocketorg.query.terms import COSMETIC, Term, term
from sfsync.pocketorg.schema import ChildRelationship, Field, SObject

#: Source: SOQL and SOSL Reference, "OFFSET", "SELECT" (FIELDS) and "Relationship Query Limits".
MOST_OFFSET, MOST_FIELDS_LIMIT, MOST_CHILDREN = 2000, 200, 20


@dataclass(frozen=True, slots=True)
class Plan:
    """`sql` yields rows whose first cell is the record's Id; in a child's, the last is its parent's."""

    entity: str
    sql: Sql
    build: Cell
    children: tuple[Child, ...] = ()
    counts: bool = False  #: SELECT COUNT(): the one cell is the answer


@dataclass(frozen=True, slots=True)
class Child:
    """A list of children under `key`; limit and offset hold for each parent."""

    key: str
    plan: Plan
    limit: int | None
    offset: int


def plan(query: soql.Query, asked: Asked) -> Plan:
    """Translate a query. Raises ApiError for whatever the org or the user does not have."""
    _refuse_unspoken(query)
    if query.all_rows:  # Apex has it; the API has queryAll instead
        raise soql.malformed("ALL ROWS not allowed in this context")
    sobject = asked.sobject(query.source.path)
    if sobject.name == "ContentDocumentLink" and query.where is None:
        raise filters.document_links_need_a_filter()
    scope = Scope(asked, sobject, table="t", words=(query.source.alias,))
    scope.own_files = not asked.all_files and sobject.name in filters.FILES and not filters.names_files(scope, query)
    if aggregates.is_count(query):
        return Plan(sobject.name, aggregates.count(query, scope), lambda row: row[0], counts=True)
    if query.group or any(aggregates.has_aggregate(item) for item in query.select):
        return Plan("AggregateResult", *aggregates.aggregated(query, scope))
    return _Selection(query, scope).plan()


def _refuse_unspoken(query: soql.Query) -> None:
    if query.scope:
        raise soql.refused(f"USING SCOPE {query.scope}")
    if query.mode not in {"", "SECURITY_ENFORCED", "USER_MODE"}:
        raise soql.refused(f"WITH {query.mode}")
    if not set(query.intent) <= {"VIEW", "REFERENCE"}:
        raise soql.malformed(f"FOR {', '.join(query.intent)} is not allowed in this context")
    if query.offset is not None and query.offset > MOST_OFFSET:
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")


class _Selection:
    """What one SELECT picks, gathered item by item: the cells to fetch and the shape they will have."""

    def __init__(self, query: soql.Query, scope: Scope) -> None:
        self._query = query
        self._scope = scope
        self._cells = {f'{scope.table}."Id"': 0}  #: SQL of a cell and its place in the row
        self._top = Shape(scope.sobject.name, 0)
        self._children: list[Child] = []
        for item in query.select:
            self._add(item)
        if len(self._children) > MOST_CHILDREN:
            raise soql.malformed(f"Only {MOST_CHILDREN} sub-queries are allowed in one query")

    def plan(self, parent_key: str = "") -> Plan:
        """Make the plan; that of a child list takes the Ids of all parents as one JSON list, bound last."""
        query, scope = self._query, self._scope
        condition, cells = clauses.condition(query, scope), list(self._cells)
        if parent_key:
            parent = f'{scope.table}."{parent_key}"'
            cells.append(parent)
            among = f"{parent} IN (SELECT value FROM json_each(?))"  # noqa: S608 -- the schema's names
            condition = Sql(f"{condition.text} AND {among}", condition.values)
        order = clauses.order(query, scope)
        tail = Sql("") if parent_key else clauses.window(query)
        text = f"SELECT {', '.join(cells)} {scope.from_sql} WHERE {condition.text}{order}{tail.text}"
        build = shape.builder(self._top, scope.asked.records_url, scope.asked.name_of)
        return Plan(scope.sobject.name, Sql(text, condition.values + tail.values), build, tuple(self._children))

    def _cell(self, sql: str) -> int:
        return self._cells.setdefault(sql, len(self._cells))

    def _add(self, item: soql.Item | soql.Query) -> None:
        if isinstance(item, soql.Query):
            self._add_child(item)
        elif isinstance(item.expression, soql.Call):
            self._add_call(item.expression, item.alias)
        elif item.alias:
            raise self._scope.asked.error(item.expression.at, "only aggregate expressions use field aliasing")
        else:
            self._add_column(self._scope.column(item.expression), item.expression.at)

    def _add_call(self, call: soql.Call, alias: str) -> None:
        if call.name == "FIELDS":
            for each in self._fields(call):
                if each.name not in self._top.cells:
                    self._add_column(self._scope.field(self._scope.table, self._scope.sobject, each), call.at)
        elif call.name in COSMETIC:
            self._add_cosmetic(call, term(self._scope, call), alias)
        else:
            raise soql.refused(f"The function {call.name}() outside GROUP BY")

    def _add_cosmetic(self, call: soql.Call, found: Term, alias: str) -> None:
        column = found.column
        assert column is not None
        if call.name == "CONVERTCURRENCY":
            made = shape.cell(found.type, self._cell(self._converted(column, found.at)))
        elif call.name == "TOLABEL":
            made = shape.labelled(column, self._cell(column.sql))
        elif isinstance(call.arguments[0], soql.Call):
            made = shape.money(self._cell(self._converted(column, found.at)), self._scope.asked.currency)
        elif money.is_converted(self._scope, column):
            cells = (column.sql, money.iso_sql(self._scope, column), money.users(self._scope, column))
            value, iso, own = map(self._cell, cells)
            made = shape.money_of_both(value, iso, own, self._scope.asked.currency)
        else:
            made = shape.formatted(found.type, self._cell(column.sql))
        self._put(self._home(column), alias or found.name, made, found.at)

    def _converted(self, column: Column, at: soql.Place) -> str:
        if not money.is_converted(self._scope, column):
            message = f"convertCurrency() can not be used with field '{column.field.name}' in this organization"
            raise self._scope.asked.error(at, message, "INVALID_FIELD")
        return money.users(self._scope, column)

    def _fields(self, call: soql.Call) -> Iterator[Field]:
        """Source: SOQL and SOSL Reference, "SELECT", FIELDS()."""
        which = str(call.arguments[0]).upper() if len(call.arguments) == 1 else ""
        if which not in {"ALL", "STANDARD", "CUSTOM"}:
            raise soql.malformed("FIELDS() takes ALL, STANDARD or CUSTOM")
        limit = self._query.limit
        if which != "STANDARD" and (limit is None or limit > MOST_FIELDS_LIMIT):
            raise soql.malformed(f"The SOQL FIELDS function must have a LIMIT of at most {MOST_FIELDS_LIMIT}")
        for each in self._scope.readable_fields():
            if which == "ALL" or each.custom == (which == "CUSTOM"):
                yield each

    def _add_column(self, column: Column, at: soql.Place) -> None:
        home, found = self._home(column), column.field
        if column.parts:
            made = shape.compound([(key, self._cell(sql)) for key, sql in column.parts])
        elif found.type == "base64":
            url = f"{self._scope.asked.records_url}{home.entity}"
            made = shape.blob(found.name, self._cell(f"length({column.sql})"), home.id_index, url)
        else:
            made = shape.cell(found.type, self._cell(column.sql))
        self._put(home, found.name, made, at)

    def _home(self, column: Column) -> Shape:
        """The record that a column belongs to: the top one, or a parent made at its first mention."""
        home = self._top
        for step in column.steps:
            home = shape.parent(home, step, self._cell(step.id_sql))
        return home

    def _put(self, home: Shape, key: str, made: Cell, at: soql.Place) -> None:
        if key in home.cells:
            raise self._scope.asked.error(at, f"duplicate field selected: {key}", "INVALID_FIELD")
        home.cells[key] = made
        home.keys.append(key)

    def _add_child(self, query: soql.Query) -> None:
        _refuse_unspoken(query)
        if query.group or any(aggregates.has_aggregate(item) for item in query.select):
            raise soql.malformed("only root queries support aggregate expressions")
        relationship, child = self._relationship(query.source.path)
        words = (query.source.alias, relationship.name)
        inner = Scope(self._scope.asked, child, table="t", words=words)
        made = _Selection(query, inner).plan(relationship.field)
        # Whoever fetches the children puts the list in; here it only takes its place among the keys.
        self._put(self._top, relationship.name, lambda _row: None, query.source.path.at)
        self._children.append(Child(relationship.name, made, query.limit, query.offset or 0))

    def _relationship(self, path: soql.Path) -> tuple[ChildRelationship, SObject]:
        """What FROM names in a sub-query: `Contacts`, or `Account.Contacts` with the parent's own name before it."""
        asked, name = self._scope.asked, path.names[-1]
        for found in asked.schema.children(self._scope.sobject.name):
            child = asked.schema.get(found.child)
            if found.name.lower() == name.lower() and child and asked.access.can(child.name, "read"):
                return found, child
        message = (
            f"Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a "
            f"custom relationship, be sure to append the '__r' after the custom relationship name.{WSDL}"
        )
        raise asked.error(path.at, message, "INVALID_TYPE")
