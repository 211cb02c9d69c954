"""WHERE and HAVING as SQL. Every value is bound; nothing that a user wrote becomes SQL text.

Source: SOQL and SOSL Reference, "Condition Expression Syntax (WHERE Clause)" and "Comparison Operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sfsync.pocketorg import ids
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import dates, money, soql
from sfsync.pocketorg.query.scope import Scope
from sfsync.pocketorg.query.sqlfunctions import fold
from sfsync.pocketorg.query.terms import IDS, NUMBERS, SHAPELESS, Term, term

MOST_SEMI_JOINS = 2

Value = str | float | int | None


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and the values for its question marks."""

    text: str
    values: tuple[Value, ...] = ()


def where(scope: Scope, condition: soql.Condition) -> Sql:
    _check_semi_joins(condition)
    if scope.sobject.name == "ContentDocumentLink":
        _check_document_links(scope, condition)
    return _condition(scope, condition, _filterable)


def having(scope: Scope, condition: soql.Condition) -> Sql:
    """Like `where`, with aggregates in it."""
    return _condition(scope, condition, _plain)


def _condition(scope: Scope, condition: soql.Condition, find: Callable[[Scope, soql.Expression], Term]) -> Sql:
    if isinstance(condition, soql.Comparison):
        return _comparison(scope, find(scope, condition.left), condition)
    if isinstance(condition, soql.Not):
        inner = _condition(scope, condition.part, find)
        # SQL's NOT of unknown is unknown; SOQL's NOT takes the rows that the condition left out.
        return Sql(f"NOT coalesce(({inner.text}), 0)", inner.values)
    word = "AND" if isinstance(condition, soql.Both) else "OR"
    return _balanced([_condition(scope, part, find) for part in condition.parts], word)


def _balanced(parts: Sequence[Sql], word: str) -> Sql:
    """Join conditions as a flat tree: SQLite goes 1,000 levels deep, and a query may hold more conditions than that."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    left, right = _balanced(parts[:half], word), _balanced(parts[half:], word)
    return Sql(f"({left.text}) {word} ({right.text})", left.values + right.values)


def _plain(scope: Scope, expression: soql.Expression) -> Term:
    return term(scope, expression)


def _filterable(scope: Scope, expression: soql.Expression) -> Term:
    found = term(scope, expression)
    if found.aggregate:
        raise scope.asked.error(found.at, f"Aggregate functions are not allowed in WHERE: {found.name}")
    if found.column and (not found.column.field.filterable or found.type in SHAPELESS):
        message = f"field '{found.name}' can not be filtered in a query call"
        raise scope.asked.error(found.at, message, "INVALID_FIELD")
    return found


def _comparison(scope: Scope, left: Term, condition: soql.Comparison) -> Sql:
    operator, right = condition.operator, condition.right
    if isinstance(right, soql.SemiJoin):
        return _semi_join(scope, left, right, negated=operator == "NOT IN")
    if isinstance(right, tuple):
        return (
            _multi(scope, left, operator, right) if operator.endswith("CLUDES") else _list(scope, left, operator, right)
        )
    if operator == "LIKE":
        return _like(scope, left, right)
    return _compare(scope, left, operator, right)


def _compare(scope: Scope, left: Term, operator: str, literal: soql.Literal) -> Sql:
    if literal.kind == "range" and left.type in ("date", "datetime"):
        return _in_span(left, operator, *_edges(scope, left, literal))
    value = bound(scope, left, literal)
    if literal.kind == "currency" and left.column and money.is_converted(scope, left.column):
        sign = "IS NOT" if operator == "!=" else operator
        return Sql(f"{money.corporate(scope, left.column)} {sign} {money.BOUND}", (value, literal.raw[:3].upper()))
    if left.type == "boolean":
        if operator not in ("=", "!="):
            raise _bad_operator(scope, left)
        return Sql(f"coalesce({left.sql}, 0) {operator} ?", (value or 0,))
    if value is None:
        return Sql({"=": f"{left.sql} IS NULL", "!=": f"{left.sql} IS NOT NULL"}.get(operator, "0"))
    sql, value, collation = _comparable(left, operator, value)
    # IS NOT, since a row without a value differs from every value.
    return Sql(f"{sql} {'IS NOT' if operator == '!=' else operator} ?{collation}", (value,))


def _comparable(left: Term, operator: str, value: Value) -> tuple[str, Value, str]:
    """Text of plain ASCII is compared by SQLite itself; anything else is folded here, which is slower."""
    if not left.is_text or left.case_sensitive or not isinstance(value, str):
        return left.sql, value, ""
    if operator in ("=", "!=") and value.isascii():
        return left.sql, value, " COLLATE NOCASE"
    return left.folded, value.casefold(), ""


def _in_span(left: Term, operator: str, start: str, end: str) -> Sql:
    sql = left.sql
    return {
        "=": Sql(f"{sql} >= ? AND {sql} < ?", (start, end)),
        "!=": Sql(f"NOT coalesce({sql} >= ? AND {sql} < ?, 0)", (start, end)),
        "<": Sql(f"{sql} < ?", (start,)),
        "<=": Sql(f"{sql} < ?", (end,)),
        ">": Sql(f"{sql} >= ?", (end,)),
        ">=": Sql(f"{sql} >= ?", (start,)),
    }[operator]


def _edges(scope: Scope, left: Term, literal: soql.Literal) -> tuple[str, str]:
    asked = scope.asked
    days = dates.span(literal.raw, today=asked.today, fiscal_start=asked.fiscal_start)
    if days is None:
        raise asked.error(literal.at, f"unexpected token: '{literal.raw}'")
    if left.type == "date":
        return days.start.isoformat(), days.end.isoformat()
    return dates.midnight(days.start, asked.zone), dates.midnight(days.end, asked.zone)


def _list(scope: Scope, left: Term, operator: str, literals: Sequence[soql.Literal]) -> Sql:
    if left.type == "boolean" or any(each.kind in ("range", "currency") for each in literals):
        found = [_compare(scope, left, "=", each) for each in literals]
        either = _balanced(found, "OR")
        return either if operator == "IN" else Sql(f"NOT coalesce({either.text}, 0)", either.values)
    values = [bound(scope, left, each) for each in literals]
    present = [value for value in values if value is not None]
    sql = left.sql
    if left.is_text and not left.case_sensitive:
        plain = all(isinstance(value, str) and value.isascii() for value in present)
        sql = f"{sql} COLLATE NOCASE" if plain else left.folded
        present = present if plain else [fold(value) for value in present]  # type: ignore[misc]
    marks = ", ".join("?" * len(present))
    if operator == "IN":
        null = f" OR {left.sql} IS NULL" if None in values else ""
        return Sql(f"{sql} IN ({marks}){null}", tuple(present))
    null = f"{left.sql} IS NOT NULL AND" if None in values else f"{left.sql} IS NULL OR"
    return Sql(f"{null} {sql} NOT IN ({marks})", tuple(present))


def _like(scope: Scope, left: Term, literal: soql.Literal) -> Sql:
    if not left.is_text:
        raise _bad_operator(scope, left)
    if literal.kind != "string":
        raise _wrong_type(scope, left)
    # The pattern keeps its backslashes: \% and \_ mean themselves in SOQL as in SQLite's ESCAPE.
    pattern = re.sub(r"\\(u[0-9a-fA-F]{4}|.)", _pattern_escape, literal.raw[1:-1], flags=re.DOTALL)
    pattern = soql.well_formed(pattern)
    if pattern.isascii():
        return Sql(f"{left.sql} LIKE ? ESCAPE '\\'", (pattern,))
    return Sql(f"soql_fold({left.sql}) LIKE ? ESCAPE '\\'", (pattern.casefold(),))


def _pattern_escape(match: re.Match[str]) -> str:
    escaped = match[1]
    if escaped in ("%", "_", "\\"):
        return match[0]
    if len(escaped) > 1:
        return chr(int(escaped[1:], 16))
    return {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}.get(escaped.lower(), escaped)


def _multi(scope: Scope, left: Term, operator: str, literals: Sequence[soql.Literal]) -> Sql:
    """INCLUDES ('A;B', 'C'): both A and B, or C. Source: "Querying Multi-Select Picklists"."""
    if left.type != "multipicklist":
        raise _bad_operator(scope, left)
    texts: list[str] = []
    values: list[Value] = []
    for literal in literals:
        wanted = str(bound(scope, left, literal) or "").split(";")
        texts.append(" AND ".join(f"instr(';' || {left.folded} || ';', ?) > 0" for _ in wanted))
        values += [f";{each.casefold()};" for each in wanted]
    either = " OR ".join(f"({text})" for text in texts)
    return Sql(either if operator == "INCLUDES" else f"NOT coalesce({either}, 0)", tuple(values))


# -- values ------------------------------------------------------------------------------------------------------------


def bound(scope: Scope, left: Term, literal: soql.Literal) -> Value:
    """Turn a literal into what the column holds, or refuse it as being of another type."""
    if literal.kind == "null":
        return None
    if left.type in IDS:
        return _id(scope, left, literal)
    if left.type in NUMBERS:
        return _number(scope, left, literal)
    if left.type == "boolean":
        return int(bool(_of_kind(scope, left, literal, "boolean").value))
    if left.type in ("date", "datetime"):
        return _moment(scope, left, literal)
    text = str(_of_kind(scope, left, literal, "string").value)
    return (_value_of_label(left, text) if left.label else text) or None


def _id(scope: Scope, left: Term, literal: soql.Literal) -> str | None:
    text = str(_of_kind(scope, left, literal, "string").value)
    found = ids.full(text)
    if found is None and text:
        message = f"invalid ID field: {text}"
        raise scope.asked.error(literal.at, message, "INVALID_QUERY_FILTER_OPERATOR")
    return found


def _number(scope: Scope, left: Term, literal: soql.Literal) -> Value:
    if literal.kind == "currency":
        literal = replace(literal, kind="number")
    return float(_of_kind(scope, left, literal, "number").value or 0)


def _moment(scope: Scope, left: Term, literal: soql.Literal) -> str:
    raw = _of_kind(scope, left, literal, left.type).raw
    try:
        if left.type == "date":
            return date.fromisoformat(raw).isoformat()
        zoned = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", raw.upper())
        return dates.stored(datetime.fromisoformat(zoned))
    except (ValueError, OverflowError):
        raise scope.asked.error(literal.at, f"Invalid {left.type}: {raw}") from None


def _value_of_label(left: Term, label: str) -> str:
    choices = left.column.field.picklist if left.column else ()
    return next((choice.value for choice in choices if choice.label.casefold() == label.casefold()), label)


_TYPE_WORDS = {"datetime": "dateTime", "currency": "double", "percent": "double", "id": "ID", "reference": "ID"}


def _of_kind(scope: Scope, left: Term, literal: soql.Literal, kind: str) -> soql.Literal:
    if literal.kind != kind:
        raise _wrong_type(scope, left)
    return literal


def _wrong_type(scope: Scope, left: Term) -> ApiError:
    quoted = left.is_text or left.type in IDS
    word = "string" if left.is_text else _TYPE_WORDS.get(left.type, left.type)
    rule = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{left.name}' must be of type {word} and {rule}"
    return scope.asked.error(left.at, message, "INVALID_FIELD")


def _bad_operator(scope: Scope, left: Term) -> ApiError:
    word = "id" if left.type in IDS else left.type
    return scope.asked.error(left.at, f"invalid operator on {word} field", "INVALID_QUERY_FILTER_OPERATOR")


# -- semi-joins and ContentDocumentLink ------------------------------------------------------------------------------


def _semi_join(scope: Scope, left: Term, join: soql.SemiJoin, *, negated: bool) -> Sql:
    """Source: SOQL and SOSL Reference, "Comparison Operators", semi-joins and anti-joins with IN and NOT IN."""
    asked = scope.asked
    sobject = asked.sobject(join.source.path)
    if left.type not in IDS:
        raise asked.error(left.at, f"The left operand of a semi join must be an ID or a reference: {left.name}")
    if sobject.name == "ContentDocumentLink":
        raise soql.malformed(f"Entity '{sobject.name}' is not supported for semi join inner selects")
    if sobject.name == scope.sobject.name:
        raise soql.malformed("The inner and outer selects should not be on the same object type")
    inner = Scope(asked, sobject, table=f"s{join.source.path.at.offset}", words=(join.source.alias,))
    picked = term(inner, join.item.expression)
    if picked.type not in IDS or picked.aggregate:
        raise asked.error(picked.at, f"The inner select of a semi join must be an ID or a reference: {picked.name}")
    condition = where(inner, join.where) if join.where else Sql("1")
    if sobject.field("IsDeleted") and not asked.include_deleted:
        condition = Sql(f'({condition.text}) AND {inner.table}."IsDeleted" IS NOT 1', condition.values)
    members = f"SELECT {picked.sql} {inner.from_sql} WHERE ({condition.text}) AND {picked.sql} IS NOT NULL"
    null = f"{left.sql} IS NULL OR " if negated else ""
    return Sql(f"{null}{left.sql} {'NOT IN' if negated else 'IN'} ({members})", condition.values)


def _check_semi_joins(condition: soql.Condition) -> None:
    top = condition.parts if isinstance(condition, soql.Both) else (condition,)
    joins = [part.right for part in top if isinstance(part, soql.Comparison) and isinstance(part.right, soql.SemiJoin)]
    if len(joins) != len(list(_joins(condition))):
        raise soql.malformed(
            "Semi join sub-selects are only allowed at the top level WHERE expressions "
            "and not in nested WHERE expressions."
        )
    if len(joins) > MOST_SEMI_JOINS:
        raise soql.malformed(f"Maximum {MOST_SEMI_JOINS} semi join sub-selects are allowed")
    if any(join.where and any(_joins(join.where)) for join in joins):
        raise soql.malformed("Nesting of semi join sub-selects is not supported")


def _joins(condition: soql.Condition) -> list[soql.SemiJoin]:
    if isinstance(condition, soql.Comparison):
        return [condition.right] if isinstance(condition.right, soql.SemiJoin) else []
    parts = (condition.part,) if isinstance(condition, soql.Not) else condition.parts
    return [join for part in parts for join in _joins(part)]


_LINK_FILTERS = frozenset({"id", "contentdocumentid", "linkedentityid"})


def _check_document_links(scope: Scope, condition: soql.Condition) -> None:
    top = condition.parts if isinstance(condition, soql.Both) else (condition,)
    if not any(isinstance(part, soql.Comparison) and _picks(scope, part, _LINK_FILTERS) for part in top):
        raise document_links_need_a_filter()


def _picks(scope: Scope, part: soql.Comparison, names: frozenset[str]) -> bool:
    if part.operator not in {"=", "IN"} or not isinstance(part.left, soql.Path):
        return False
    *before, name = part.left.names
    return name.lower() in names and not any(scope.sobject.relationship(each) for each in before)


#: a file's object, and the field that names its document
FILES = {"ContentDocument": "Id", "ContentVersion": "ContentDocumentId"}
_FILE_FILTERS = frozenset({"id", "contentdocumentid", "latestpublishedversionid"})


def names_files(scope: Scope, query: soql.Query) -> bool:
    """Whether the query names files by Id, which finds also those that the user sees through a record."""
    top = query.where.parts if isinstance(query.where, soql.Both) else (query.where,)
    return any(isinstance(part, soql.Comparison) and _picks(scope, part, _FILE_FILTERS) for part in top)


def own_files(scope: Scope) -> Sql:
    """Files that the user owns, or that were shared with him by name.

    Source: Object Reference, "ContentVersion": queries that name no Id do not find what is shared through a record.
    """
    document = f'{scope.table}."{FILES[scope.sobject.name]}"'
    shared = (
        f'SELECT 1 FROM "ContentDocumentLink" AS own WHERE own."ContentDocumentId" = {document} '  # noqa: S608
        'AND own."LinkedEntityId" = ?'
    )
    user = scope.asked.user_id
    return Sql(f'({scope.table}."OwnerId" = ? OR EXISTS ({shared}))', (user, user))


def document_links_need_a_filter() -> ApiError:
    return soql.malformed(
        "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or "
        "LinkedEntityId using the equals operator or multiple Id's using the IN operator."
    )
