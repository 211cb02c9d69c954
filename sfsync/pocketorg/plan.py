"""A query as one SELECT of SQLite for its own rows and one more for each list of children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sfsync.pocketorg import filters, shape, soql
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.filters import Sql
from sfsync.pocketorg.schema import Field
from sfsync.pocketorg.scope import Asked, Column, Scope
from sfsync.pocketorg.shape import Cell, Shape
from sfsync.pocketorg.terms import AGGREGATES, COSMETIC, Term, term

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


@dataclass(slots=True)
class _Columns:
    """The cells that the SELECT will yield; the same SQL is fetched once."""

    sql: list[str] = field(default_factory=list)

    def index(self, sql: str) -> int:
        if sql not in self.sql:
            self.sql.append(sql)
        return self.sql.index(sql)


def plan(query: soql.Query, asked: Asked) -> Plan:
    """Translate a query. Raises ApiError for whatever the org or the user does not have."""
    _refuse_unspoken(query)
    if query.all_rows:
        asked = replace(asked, include_deleted=True)
    if query.offset is not None and query.offset > MOST_OFFSET:
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")
    sobject = asked.sobject(query.source.path)
    if sobject.name == "ContentDocumentLink" and query.where is None:
        raise filters.document_links_need_a_filter()
    scope = Scope(asked, sobject, table="t", words=(query.source.alias,))
    if _is_count(query):
        return _count(query, scope)
    if query.group or any(_has_aggregate(item) for item in query.select):
        return _aggregated(query, scope)
    return _records(query, scope)


def _refuse_unspoken(query: soql.Query) -> None:
    if query.scope:
        raise soql.refused(f"USING SCOPE {query.scope}")
    if query.mode not in ("", "SECURITY_ENFORCED", "USER_MODE"):
        raise soql.refused(f"WITH {query.mode}")
    if query.intent and not set(query.intent) <= {"VIEW", "REFERENCE"}:
        raise soql.malformed(f"FOR {', '.join(query.intent)} is not allowed in this context")


# -- records -----------------------------------------------------------------------------------------------------------


def _records(query: soql.Query, scope: Scope, parent_key: str = "") -> Plan:
    columns, top = _Columns(), Shape(scope.sobject.name, 0)
    columns.index(f'{scope.table}."Id"')
    children: list[Child] = []
    for item in query.select:
        if isinstance(item, soql.Query):
            children.append(_child(item, scope, top))
        else:
            _select(item, scope, columns, top, query)
    if len(children) > MOST_CHILDREN:
        raise soql.malformed(f"Only {MOST_CHILDREN} sub-queries are allowed in one query")
    if parent_key:
        columns.sql.append(f'{scope.table}."{parent_key}"')
    condition = _condition(query, scope)
    if parent_key:
        # The parents' Ids are bound last, as one JSON list.
        among = f'{scope.table}."{parent_key}" IN (SELECT value FROM json_each(?))'
        condition = Sql(f"{condition.text} AND {among}", condition.values)
    order = _order(query, scope, grouped=False)
    tail = Sql("") if parent_key else _window(query)
    text = f"SELECT {', '.join(columns.sql)} {scope.from_sql} WHERE {condition.text}{order}{tail.text}"
    return Plan(
        scope.sobject.name, Sql(text, condition.values + tail.values), _builder(top, scope), children=tuple(children)
    )


def _builder(top: Shape, scope: Scope) -> Cell:
    schema = scope.asked.schema

    def by_prefix(record_id: str) -> str:
        found = schema.by_prefix(record_id)
        return found.name if found else "Name"

    return shape.builder(top, _records_url(scope), by_prefix)


def _records_url(scope: Scope) -> str:
    return f"/services/data/{scope.asked.version}/sobjects/"


def _select(item: soql.Item, scope: Scope, columns: _Columns, top: Shape, query: soql.Query) -> None:
    expression = item.expression
    if isinstance(expression, soql.Call):
        _select_call(expression, item.alias, scope, columns, top, query)
    elif item.alias:
        raise scope.asked.error(expression.at, "only aggregate expressions use field aliasing")
    else:
        _place(scope.column(expression), scope, columns, top, expression.at)


def _select_call(call: soql.Call, alias: str, scope: Scope, columns: _Columns, top: Shape, query: soql.Query) -> None:
    if call.name == "FIELDS":
        for each in _fields(call, scope, query):
            if each.name not in top.cells:
                _place(scope.field(scope.table, scope.sobject, each), scope, columns, top, call.at)
        return
    if call.name not in COSMETIC:
        raise soql.refused(f"The function {call.name}() outside GROUP BY")
    found = term(scope, call)
    assert found.column is not None
    index = columns.index(found.sql)
    look = {
        "TOLABEL": lambda: shape.labelled(found.column, index),
        "FORMAT": lambda: shape.formatted(found.type, index),
    }
    made = look.get(call.name, lambda: shape.cell(found.type, index))()
    _put(_home(found.column, columns, top), alias or found.name, made, scope, call.at)


def _fields(call: soql.Call, scope: Scope, query: soql.Query) -> Iterator[Field]:
    """Source: SOQL and SOSL Reference, "SELECT", FIELDS()."""
    which = str(call.arguments[0]).upper() if len(call.arguments) == 1 else ""
    if which not in ("ALL", "STANDARD", "CUSTOM"):
        raise soql.malformed("FIELDS() takes ALL, STANDARD or CUSTOM")
    if which != "STANDARD" and (query.limit is None or query.limit > MOST_FIELDS_LIMIT):
        raise soql.malformed(f"The SOQL FIELDS function must have a LIMIT of at most {MOST_FIELDS_LIMIT}")
    for each in scope.readable_fields():
        if which == "ALL" or each.custom == (which == "CUSTOM"):
            yield each


def _place(column: Column, scope: Scope, columns: _Columns, top: Shape, at: soql.Place) -> None:
    home = _home(column, columns, top)
    found = column.field
    if column.parts:
        made = shape.compound([(key, columns.index(sql)) for key, sql in column.parts])
    elif found.type == "base64":
        held = columns.index(f"length({column.sql})")
        made = shape.blob(found, held, home.id_index, _records_url(scope), home.entity)
    else:
        made = shape.cell(found.type, columns.index(column.sql))
    _put(home, found.name, made, scope, at)


def _home(column: Column, columns: _Columns, top: Shape) -> Shape:
    home = top
    for step in column.steps:
        home = shape.parent(home, step, columns.index(step.id_sql))
    return home


def _put(home: Shape, key: str, made: Cell, scope: Scope, at: soql.Place) -> None:
    if key in home.cells:
        raise scope.asked.error(at, f"duplicate field selected: {key}", "INVALID_FIELD")
    home.cells[key] = made
    home.keys.append(key)


def _child(query: soql.Query, scope: Scope, top: Shape) -> Child:
    """A sub-query: FROM names a relationship of the parent, with or without the parent's own name before it."""
    _refuse_unspoken(query)
    path = query.source.path
    found = next(
        (c for c in scope.asked.schema.children(scope.sobject.name) if c.name.lower() == path.names[-1].lower()), None
    )
    child = scope.asked.schema.get(found.child) if found else None
    if found is None or child is None or not scope.asked.access.can(child.name, "read"):
        message = (
            f"Didn't understand relationship '{path.names[-1]}' in FROM part of query call. If you are attempting to "
            "use a custom relationship, be sure to append the '__r' after the custom relationship name. "
            "Please reference your WSDL or the describe call for the appropriate names."
        )
        raise scope.asked.error(path.at, message, "INVALID_TYPE")
    if query.group or any(_has_aggregate(item) for item in query.select):
        raise soql.malformed("only root queries support aggregate expressions")
    inner = Scope(scope.asked, child, table="t", words=(query.source.alias, path.names[-1]))
    made = _records(query, inner, parent_key=found.field)
    if found.name in top.cells:
        raise scope.asked.error(path.at, f"duplicate field selected: {found.name}", "INVALID_FIELD")
    # The list is put in by whoever fetches it; here it only takes its place among the keys.
    top.cells[found.name] = lambda _row: None
    top.keys.append(found.name)
    return Child(found.name, made, query.limit, query.offset or 0)


# -- aggregates --------------------------------------------------------------------------------------------------------


def _has_aggregate(item: soql.Item | soql.Query) -> bool:
    return isinstance(item, soql.Item) and isinstance(item.expression, soql.Call) and item.expression.name in AGGREGATES


def _is_count(query: soql.Query) -> bool:
    first = query.select[0]
    return (
        len(query.select) == 1
        and isinstance(first, soql.Item)
        and isinstance(first.expression, soql.Call)
        and first.expression.name == "COUNT"
        and not first.expression.arguments
    )


def _count(query: soql.Query, scope: Scope) -> Plan:
    if query.group:
        raise soql.malformed("COUNT() can not be used with GROUP BY; use COUNT(Id)")
    if query.order:
        raise soql.malformed("COUNT() can not be used with ORDER BY")
    condition, tail = _condition(query, scope), _window(query)
    text = f"SELECT count(*) FROM (SELECT 1 {scope.from_sql} WHERE {condition.text}{tail.text})"
    return Plan(scope.sobject.name, Sql(text, condition.values + tail.values), lambda row: row[0], counts=True)


def _aggregated(query: soql.Query, scope: Scope) -> Plan:
    groups = [_group(scope, expression) for expression in query.group]
    columns: list[str] = []
    cells: dict[str, Cell] = {}
    for item in query.select:
        if isinstance(item, soql.Query):
            raise soql.malformed("Sub-queries are not allowed in an aggregate query")
        found = _selected(item, scope, groups)
        key = _key(item, found, cells)
        if key in cells:
            raise scope.asked.error(item.expression.at, f"duplicate alias: {key}")
        cells[key] = shape.cell(found.type, len(columns))
        columns.append(found.sql)
    condition = _condition(query, scope)
    grouping = f" GROUP BY {', '.join(group.folded for group in groups)}" if groups else ""
    having = filters.having(scope, query.having) if query.having else Sql("")
    tail = _window(query)
    having_text = f" HAVING {having.text}" if having.text else ""
    order = _order(query, scope, grouped=True)
    text = (
        f"SELECT {', '.join(columns)} {scope.from_sql} WHERE {condition.text}{grouping}{having_text}{order}{tail.text}"
    )

    def build(row: shape.Row) -> shape.Record:
        return {"attributes": {"type": "AggregateResult"}} | {key: cell(row) for key, cell in cells.items()}

    return Plan("AggregateResult", Sql(text, condition.values + having.values + tail.values), build)


def _group(scope: Scope, expression: soql.Expression) -> Term:
    if isinstance(expression, soql.Call) and expression.name in ("ROLLUP", "CUBE"):
        raise soql.refused(f"GROUP BY {expression.name}")
    found = term(scope, expression)
    if found.aggregate:
        raise scope.asked.error(found.at, f"Aggregate functions can not be grouped: {found.name}")
    if found.column and (not found.column.field.groupable or found.type in ("address", "base64")):
        raise scope.asked.error(found.at, f"field '{found.name}' can not be grouped in a query call")
    return found


def _selected(item: soql.Item, scope: Scope, groups: list[Term]) -> Term:
    if isinstance(item.expression, soql.Call) and item.expression.name == "GROUPING":
        raise soql.refused("GROUPING()")
    found = term(scope, item.expression)
    if not found.aggregate and found.sql not in {group.sql for group in groups}:
        raise scope.asked.error(found.at, f"Field must be grouped or aggregated: {found.name}")
    return found


def _key(item: soql.Item, found: Term, taken: dict[str, Cell]) -> str:
    """What has no name of its own is expr0, expr1, …; a plain field keeps its name."""
    if item.alias:
        return item.alias
    if isinstance(item.expression, soql.Path):
        return found.name
    return f"expr{sum(key.startswith('expr') for key in taken)}"


# -- the rest of the statement -----------------------------------------------------------------------------------------


def _condition(query: soql.Query, scope: Scope) -> Sql:
    made = filters.where(scope, query.where) if query.where else Sql("1")
    if scope.sobject.field("IsDeleted") and not scope.asked.include_deleted:
        return Sql(f'({made.text}) AND {scope.table}."IsDeleted" = 0', made.values)
    return Sql(f"({made.text})", made.values)


def _order(query: soql.Query, scope: Scope, *, grouped: bool) -> str:
    return f" ORDER BY {', '.join(_ordering(each, scope, grouped))}" if (each := query.order) else ""


def _ordering(orderings: tuple[soql.Ordering, ...], scope: Scope, grouped: bool) -> Iterator[str]:
    for each in orderings:
        found = term(scope, each.expression)
        if found.aggregate and not grouped:
            raise scope.asked.error(found.at, f"Aggregate functions need GROUP BY: {found.name}")
        if found.column and not found.aggregate and not _sortable(found.column.field):
            raise scope.asked.error(found.at, f"field '{found.name}' can not be sorted in a query call")
        direction = "DESC" if each.descending else "ASC"
        yield f"{found.folded} {direction} NULLS {'LAST' if each.nulls_last else 'FIRST'}"


def _sortable(field: Field) -> bool:
    return field.sortable and field.type not in ("address", "base64", "multipicklist")


def _window(query: soql.Query) -> Sql:
    if query.limit is None and query.offset is None:
        return Sql("")
    # SQLite's integers end at 2**63 - 1.
    limit = -1 if query.limit is None else min(query.limit, 2**62)
    return Sql(" LIMIT ? OFFSET ?", (limit, query.offset or 0))
