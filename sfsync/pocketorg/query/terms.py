"""What may stand left of an operator, in ORDER BY or in GROUP BY: a field, a date function, an aggregate; as SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sfsync.pocketorg.query import money, soql
from sfsync.pocketorg.query.scope import Column, Scope
from sfsync.pocketorg.schema import Field

IDS = frozenset({"id", "reference"})
NUMBERS = frozenset({"int", "double", "currency", "percent"})
#: What has no single value to compare, sort or group by.
SHAPELESS = frozenset({"address", "location", "base64"})
_NOT_TEXT = frozenset({"date", "datetime", "time", "boolean"}) | IDS | NUMBERS | SHAPELESS

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})

_MONTH = "CAST(strftime('%m', {0}) AS INTEGER)"
_DAY = "CAST(strftime('%d', {0}) AS INTEGER)"
_DAY_OF_YEAR = "CAST(strftime('%j', {0}) AS INTEGER)"
#: A moment moved so that the fiscal year begins in January.
_FISCAL = "date({0}, 'start of month', '-{1} months')"

#: Source: SOQL and SOSL Reference, "Date Functions". Of an instant they tell the day and hour in UTC.
_DATE_FUNCTIONS = {
    "CALENDAR_YEAR": "CAST(strftime('%Y', {0}) AS INTEGER)",
    "CALENDAR_QUARTER": f"({_MONTH} + 2) / 3",
    "CALENDAR_MONTH": _MONTH,
    "DAY_IN_MONTH": _DAY,
    "DAY_IN_WEEK": "CAST(strftime('%w', {0}) AS INTEGER) + 1",
    "DAY_IN_YEAR": _DAY_OF_YEAR,
    "DAY_ONLY": "substr({0}, 1, 10)",
    "FISCAL_MONTH": _MONTH.format(_FISCAL),
    "FISCAL_QUARTER": f"({_MONTH.format(_FISCAL)} + 2) / 3",
    # A fiscal year that does not begin in January bears the name of the year in which it ends.
    "FISCAL_YEAR": f"CAST(strftime('%Y', {_FISCAL}) AS INTEGER) + ({{1}} > 0)",
    "HOUR_IN_DAY": "CAST(strftime('%H', {0}) AS INTEGER)",
    "WEEK_IN_MONTH": f"({_DAY} + 6) / 7",
    "WEEK_IN_YEAR": f"({_DAY_OF_YEAR} + 6) / 7",
}
_OF_INSTANTS_ONLY = frozenset({"DAY_ONLY", "HOUR_IN_DAY"})
#: They change how a value looks, not what it is.
COSMETIC = frozenset({"TOLABEL", "FORMAT", "CONVERTCURRENCY"})


@dataclass(frozen=True, slots=True)
class Term:
    """`sql` and the type of its value; `column` unless a function changed it beyond the field; where it stands."""

    sql: str
    type: str
    name: str
    at: soql.Place
    column: Column | None = None
    aggregate: bool = False
    label: bool = False  #: the value is the picklist value's label

    @property
    def is_text(self) -> bool:
        return self.type not in _NOT_TEXT

    @property
    def case_sensitive(self) -> bool:
        return self.column is not None and self.column.field.case_sensitive

    @property
    def folded(self) -> str:
        """The value so that text sorts and groups without regard to case."""
        return f"soql_fold({self.sql})" if self.is_text and not self.case_sensitive else self.sql


def term(scope: Scope, expression: soql.Expression) -> Term:
    if isinstance(expression, soql.Path):
        column = scope.column(expression)
        return Term(column.sql, column.field.type, column.field.name, expression.at, column)
    if expression.name in AGGREGATES:
        return _aggregate(scope, expression)
    if expression.name in _DATE_FUNCTIONS:
        return _date_function(scope, expression)
    if expression.name in COSMETIC:
        inner = term(scope, _cosmetic_argument(expression))
        return Term(inner.sql, inner.type, inner.name, expression.at, inner.column, label=expression.name == "TOLABEL")
    raise soql.refused(f"The function {expression.name}()")


def _cosmetic_argument(call: soql.Call) -> soql.Expression:
    """A field, or in FORMAT(convertCurrency(Amount)) a call."""
    inner = call.arguments[0] if len(call.arguments) == 1 else None
    if call.name == "FORMAT" and isinstance(inner, soql.Call) and inner.name == "CONVERTCURRENCY":
        return inner
    return _only_path(call)


def _only_path(call: soql.Call) -> soql.Path:
    if len(call.arguments) != 1 or not isinstance(call.arguments[0], soql.Path):
        raise soql.malformed(f"{call.name}() takes one field")
    return call.arguments[0]


def _date_function(scope: Scope, call: soql.Call) -> Term:
    sql, kind, name = _moment(scope, call)
    if kind not in ("date", "datetime") or (call.name in _OF_INSTANTS_ONLY and kind != "datetime"):
        message = f"field '{name}' of type {kind} can not be used in {call.name}()"
        raise scope.asked.error(call.at, message, "INVALID_FIELD")
    text = _DATE_FUNCTIONS[call.name].format(sql, scope.asked.fiscal_start - 1)
    return Term(text, "date" if call.name == "DAY_ONLY" else "int", name, call.at)


def _moment(scope: Scope, call: soql.Call) -> tuple[str, str, str]:
    """The argument of a date function, in UTC or, through convertTimezone(), in the user's zone."""
    inner = call.arguments[0] if len(call.arguments) == 1 else None
    if isinstance(inner, soql.Call) and inner.name == "CONVERTTIMEZONE":
        column = scope.column(_only_path(inner))
        return f"soql_zoned({column.sql}, '{scope.asked.zone.key}')", column.field.type, column.field.name
    column = scope.column(_only_path(call))
    return column.sql, column.field.type, column.field.name


def _aggregate(scope: Scope, call: soql.Call) -> Term:
    """Source: SOQL and SOSL Reference, "Aggregate Functions" and "Support for Field Types in Aggregate Functions"."""
    if not call.arguments:
        if call.name != "COUNT":
            raise soql.malformed(f"{call.name}() takes one field")
        return Term("count(*)", "int", "COUNT", call.at, aggregate=True)
    inner = term(scope, _only_path(call))
    assert inner.column is not None
    if not _can_aggregate(call.name, inner.column.field):
        message = f"field {inner.name} does not support aggregate operator {call.name}"
        raise scope.asked.error(call.at, message)
    if call.name in ("MIN", "MAX", "SUM", "AVG") and money.is_converted(scope, inner.column):
        inner = replace(inner, sql=money.corporate(scope, inner.column))
    if call.name in ("MIN", "MAX"):
        collation = " COLLATE NOCASE" if inner.is_text else ""
        return Term(f"{call.name}({inner.sql}{collation})", inner.type, inner.name, call.at, aggregate=True)
    if call.name == "COUNT_DISTINCT":
        return Term(f"count(DISTINCT {inner.folded})", "int", inner.name, call.at, aggregate=True)
    kind = "int" if call.name == "COUNT" else "double"
    return Term(f"{call.name}({inner.sql})", kind, inner.name, call.at, aggregate=True)


def _can_aggregate(function: str, field: Field) -> bool:
    if function in {"SUM", "AVG"}:
        return field.type in NUMBERS
    if function in {"MIN", "MAX"}:
        return field.type not in {"boolean", "multipicklist"} | IDS | SHAPELESS
    return field.aggregatable and field.type != "boolean" and field.type not in SHAPELESS
