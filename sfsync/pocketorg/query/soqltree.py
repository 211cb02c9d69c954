"""The nodes of a SOQL query: what was written, not yet looked up in any org."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as Choice


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word stands in the query: offset from 0, row and column from 1."""

    offset: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Path:
    """`Name`, `Account.Owner.Name`; as written, not yet looked up."""

    names: tuple[str, ...]
    at: Place

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written: kind says how, `value` is its Python value, `raw` its text."""

    kind: Choice["string", "number", "currency", "boolean", "null", "date", "datetime", "range"]
    value: str | float | bool | None
    raw: str
    at: Place


@dataclass(frozen=True, slots=True)
class Call:
    """`COUNT(Id)`, `CALENDAR_YEAR(CloseDate)`, `FIELDS(ALL)`; the name in upper case."""

    name: str
    arguments: tuple[Path | Call | Literal, ...]
    at: Place


Expression = Path | Call


@dataclass(frozen=True, slots=True)
class Item:
    expression: Expression
    alias: str


@dataclass(frozen=True, slots=True)
class Source:
    path: Path
    alias: str


@dataclass(frozen=True, slots=True)
class SemiJoin:
    item: Item
    source: Source
    where: Condition | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Operator is one of = != < <= > >= LIKE, IN, NOT IN, INCLUDES, EXCLUDES; the last four take a list."""

    left: Expression
    operator: str
    right: Literal | tuple[Literal, ...] | SemiJoin


@dataclass(frozen=True, slots=True)
class Both:
    """AND."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """OR."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Comparison | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Ordering:
    expression: Expression
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    select: tuple[Item | Query, ...]
    source: Source
    scope: str
    where: Condition | None
    mode: str  #: after WITH
    group: tuple[Expression, ...]
    having: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int | None
    intent: tuple[str, ...]  #: after FOR
    all_rows: bool
