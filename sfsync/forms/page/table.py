"""Line items: heads that repeat, groups with subtotals, numbers to the right. Measured once, drawn once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NoReturn
from xml.etree.ElementTree import Element

from sfsync.forms.page.inline import Setting, plain, segments
from sfsync.forms.page.rows import Box, Cell, Row
from sfsync.forms.template.tags import miscounted
from sfsync.forms.text.lines import Line, Style
from sfsync.forms.text.wrapping import wrapped

_PAD_X = 4.0
_PAD_Y = 3.4
_HAIRLINE = 0.5


@dataclass(frozen=True)
class Columns:
    """A table's columns, and what its rows have in common."""

    edges: tuple[float, ...]
    sides: tuple[str, ...]
    text: Style
    bold: Style
    hairline: str
    #: repeated at the top of each page
    heads: tuple[Row, ...] = ()

    @property
    def width(self) -> float:
        return self.edges[-1]


def table(element: Element, width: float, setting: Setting) -> list[Row]:
    """A single group needs no heading and no subtotal: the form's total says it already."""
    columns = _columns(element, width, setting)
    heads = tuple(_head(e, columns, setting) for e in element if e.tag == "head")
    columns = replace(columns, heads=heads)
    bare = sum(e.tag == "group" for e in element) == 1
    rows: list[Row] = [replace(heads[0], gap=4), *heads[1:]] if heads else []
    for child in element:
        if child.tag == "row":
            rows.append(_row(child, columns, setting))
        elif child.tag == "group":
            rows += _group(child, columns, setting, bare=bare)
    return rows


def _columns(element: Element, width: float, setting: Setting) -> Columns:
    says = setting.read(element)
    shares: Sequence[float] = says["widths"]
    edges = tuple(width * part / sum(shares) for part in accumulate(shares, initial=0.0))
    sides = says.get("align", ("left",) * len(shares))
    if len(sides) != len(shares):
        setting.wrong(element, f"align names {len(sides)} columns, and widths {len(shares)}.")
    text = setting.theme.text
    return Columns(edges, sides, text, text._replace(bold=True), setting.theme.hairline)


def _head(element: Element, columns: Columns, setting: Setting) -> Row:
    theme = setting.theme
    height, cells = _cells(element, columns, setting, theme.label._replace(bold=True, colour=theme.accent))
    return Row(height, cells, (Box(0, height - 0.9, columns.width, 0.9, theme.accent),), keep=True)


def _row(element: Element, columns: Columns, setting: Setting) -> Row:
    style = columns.bold if setting.read(element).get("bold") else columns.text
    height, cells = _cells(element, columns, setting, style)
    hairline = Box(0, height - _HAIRLINE, columns.width, _HAIRLINE, columns.hairline)
    return Row(height, cells, (hairline,), heads=columns.heads)


def _cells(element: Element, columns: Columns, setting: Setting, style: Style) -> tuple[float, tuple[Cell, ...]]:
    """The row's height and what stands in it."""
    cells, at, bottom = [], 0, 0.0
    for td in element:
        says: dict[str, Any] = setting.read(td)
        end = at + says.get("span", 1)
        if end >= len(columns.edges):
            _miscounted(element, columns, setting)
        left, right = columns.edges[at] + _PAD_X, columns.edges[end] - _PAD_X
        lines = wrapped(found, right - left) if (found := segments(td, style, setting)) else ()
        cell = Cell(left, _PAD_Y, right - left, says.get("align", columns.sides[end - 1]), lines)
        cells.append(cell)
        bottom = max(bottom, cell.bottom)
        at = end
    if at != len(columns.edges) - 1:
        _miscounted(element, columns, setting)
    return bottom + _PAD_Y, tuple(cells)


def _miscounted(element: Element, columns: Columns, setting: Setting) -> NoReturn:
    spans = sum(setting.read(td).get("span", 1) for td in element)
    setting.wrong(element, *miscounted(element.tag, spans, len(columns.edges) - 1))


def _group(element: Element, columns: Columns, setting: Setting, *, bare: bool) -> Iterator[Row]:
    """The heading stays with the first line, and the subtotal with the last."""
    says = setting.read(element)
    label, total = plain(says.get("label")), plain(says.get("total"))
    rows = [_row(child, columns, setting) for child in element]
    if label and rows and not bare:
        yield _heading(label, columns, setting)
    if total and rows and not bare:
        rows[-1] = replace(rows[-1], keep=True)
        rows.append(_subtotal(plain(says.get("total-label", "Subtotal")), total, columns))
    yield from rows


def _heading(label: str, columns: Columns, setting: Setting) -> Row:
    style = columns.bold._replace(colour=setting.theme.accent)
    wide = columns.width - 2 * _PAD_X
    cell = Cell(_PAD_X, _PAD_Y, wide, "left", wrapped([(style, label)], wide))
    height = cell.bottom + _PAD_Y
    return Row(height, (cell,), (Box(0, 0, columns.width, height, setting.theme.tint),), keep=True, heads=columns.heads)


def _subtotal(label: str, total: str, columns: Columns) -> Row:
    """Its sum stands in the last column, its label to the left of that."""
    amount: tuple[Line, ...] = wrapped([(columns.bold, total)], columns.width / 3)
    room = columns.width - columns.width / 3 - 3 * _PAD_X
    left = columns.edges[-2] - _PAD_X if amount[0].width < columns.edges[-1] - columns.edges[-2] - 2 * _PAD_X else room
    cells = (
        Cell(_PAD_X, _PAD_Y, left - _PAD_X, "right", wrapped([(columns.text, label)], left - _PAD_X)),
        Cell(columns.width - _PAD_X - columns.width / 3, _PAD_Y, columns.width / 3, "right", amount),
    )
    # Space below, so that a group and its sum read as one.
    return Row(max(cell.bottom for cell in cells) + 3 * _PAD_Y, cells, heads=columns.heads)
