"""From rows to records: which cell becomes which key, nested as the paths were selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sfsync.pocketorg.query.scope import Column, Step

Record = dict[str, Any]
Row = Sequence[Any]
Cell = Callable[[Row], Any]


@dataclass(slots=True)
class Shape:
    """One record of an answer: where its Id stands, and its keys in order of selection. Grows while a query is read."""

    entity: str  #: empty where the row's Id tells the object
    id_index: int
    cells: dict[str, Cell] = field(default_factory=dict)
    parents: dict[str, Shape] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


def builder(shape: Shape, url: str, by_prefix: Callable[[str], str]) -> Cell:
    """A function from a row to a record; None where the Id is missing. `url` is the root of record addresses."""
    parents = {key: builder(parent, url, by_prefix) for key, parent in shape.parents.items()}
    cells = [(key, parents.get(key) or shape.cells[key]) for key in shape.keys]
    kind, index = shape.entity, shape.id_index

    def build(row: Row) -> Record | None:
        record_id = row[index]
        if record_id is None:
            return None
        record: Record = {
            "attributes": {"type": kind or "Name", "url": f"{url}{kind or by_prefix(record_id)}/{record_id}"}
        }
        for key, cell in cells:
            record[key] = cell(row)
        return record

    return build


def parent(shape: Shape, step: Step, id_index: int) -> Shape:
    """The shape of the parent under `step`, made at its first mention."""
    if step.key not in shape.parents:
        shape.parents[step.key] = Shape(step.sobject.name if step.sobject else "", id_index)
        shape.keys.append(step.key)
    return shape.parents[step.key]


def cell(kind: str, index: int) -> Cell:
    """How a stored value of this type looks in JSON. Source: REST API Developer Guide, "Valid Date Formats"."""
    if kind == "boolean":
        return lambda row: bool(row[index])
    if kind in ("currency", "double", "percent"):
        return lambda row: None if row[index] is None else float(row[index])
    if kind == "int":
        return lambda row: None if row[index] is None else int(row[index])
    if kind == "datetime":
        return lambda row: None if row[index] is None else f"{row[index][:-1]}+0000"
    return lambda row: row[index]


def blob(name: str, index: int, id_index: int, url: str) -> Cell:
    """A file's bytes are an address in an answer, never the bytes."""
    return lambda row: f"{url}/{row[id_index]}/{name}" if row[index] else None


def compound(parts: Sequence[tuple[str, int]]) -> Cell:
    """An address as one value, or None where nothing of it is filled in."""

    def build(row: Row) -> Record | None:
        value = {key: row[index] for key, index in parts}
        return value if any(each is not None for each in value.values()) else None

    return build


def labelled(column: Column, index: int) -> Cell:
    """The label of a picklist's value, for toLabel()."""
    labels = {choice.value: choice.label for choice in column.field.picklist}
    return lambda row: labels.get(row[index], row[index])


def formatted(kind: str, index: int) -> Cell:
    """FORMAT() as the locale en_US shows it."""

    def build(row: Row) -> str | None:
        value = row[index]
        if value is None:
            return None
        if kind in ("currency", "double", "percent"):
            return f"{value:,.2f}" + ("%" if kind == "percent" else "")
        if kind == "int":
            return f"{value:,}"
        if kind in ("date", "datetime"):
            return _shown(str(value))
        return str(value)

    return build


def money(index: int, code: str) -> Cell:
    """FORMAT() of money that was converted: EUR 1,000.00."""
    return lambda row: None if row[index] is None else f"{code} {row[index]:,.2f}"


def money_of_both(index: int, iso: int, converted: int, code: str) -> Cell:
    """FORMAT() of money in a foreign currency: USD 1,100.00 (EUR 1,000.00)."""

    def build(row: Row) -> str | None:
        if row[index] is None:
            return None
        shown = f"{row[iso]} {row[index]:,.2f}"
        return shown if row[iso] == code else f"{shown} ({code} {row[converted]:,.2f})"

    return build


def _shown(value: str) -> str:
    day = f"{int(value[5:7])}/{int(value[8:10])}/{value[:4]}"
    if len(value) == len("2026-05-01"):
        return day
    hour = int(value[11:13])
    return f"{day} {hour % 12 or 12}:{value[14:16]} {'AM' if hour < 12 else 'PM'}"  # noqa: PLR2004
