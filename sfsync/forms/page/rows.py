"""What a page is made of: rows of cells of lines. Lengths are in points; y grows downwards from the row's top."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sfsync.forms.text.lines import Line

_OTHER_SIDE = {"left": "right", "right": "left"}


class Cell(NamedTuple):
    """Lines below each other, from (x, y) on."""

    x: float
    y: float
    width: float
    align: str
    lines: tuple[Line, ...]

    @property
    def bottom(self) -> float:
        return self.y + sum(line.height for line in self.lines)


class Box(NamedTuple):
    """A filled rectangle; a rule is a thin one."""

    x: float
    y: float
    width: float
    height: float
    colour: str


class Picture(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """The smallest thing that a page takes: it goes over a page's end only when it is tall."""

    height: float
    cells: tuple[Cell, ...] = ()
    boxes: tuple[Box, ...] = ()
    pictures: tuple[Picture, ...] = ()
    #: space before it, but not at the top of a page
    gap: float = 0
    #: must not be the last on its page
    keep: bool = False
    #: repeated above it at the top of a page
    heads: "tuple[Row, ...]" = ()

    def split(self, room: float) -> "tuple[Row, Row] | None":
        """The part that fits in `room`, and the rest; None where not even two lines fit, or it holds no text."""
        above, below = [], []
        pad = min((cell.y for cell in self.cells), default=0)
        for cell in self.cells:
            fitting = _fitting(cell, room)
            above.append(cell._replace(lines=cell.lines[:fitting]))
            below.append(cell._replace(y=max(pad, cell.y - room), lines=cell.lines[fitting:]))
        if max((len(cell.lines) for cell in above), default=0) < 2 or not any(c.lines for c in below):  # noqa: PLR2004
            return None
        foot = self.height - max(cell.bottom for cell in self.cells)
        height = max(cell.bottom for cell in below) + foot
        first = replace(self, height=max(c.bottom for c in above), cells=tuple(above), boxes=(), keep=False)
        boxes = tuple(box._replace(y=height - (self.height - box.y)) for box in self.boxes if box.y > room)
        return first, replace(self, height=height, cells=tuple(below), boxes=boxes, pictures=(), gap=0)


def _fitting(cell: Cell, room: float) -> int:
    bottom = cell.y
    for number, line in enumerate(cell.lines):
        bottom += line.height
        if bottom > room:
            return number
    return len(cell.lines)


def merged(parts: Iterable[tuple[float, float, Row]], height: float, *, gap: float = 0) -> Row:
    """One row of several, each put at (x, y): columns side by side, blocks below each other."""
    cells: list[Cell] = []
    boxes: list[Box] = []
    pictures: list[Picture] = []
    for x, y, row in parts:
        cells += (c._replace(x=c.x + x, y=c.y + y) for c in row.cells)
        boxes += (b._replace(x=b.x + x, y=b.y + y) for b in row.boxes)
        pictures += (p._replace(x=p.x + x, y=p.y + y) for p in row.pictures)
    return Row(height, tuple(cells), tuple(boxes), tuple(pictures), gap=gap)


def stacked(rows: Sequence[Row]) -> Row:
    """One row of rows below each other."""
    parts, y = [], 0.0
    for number, row in enumerate(rows):
        y += row.gap if number else 0
        parts.append((0.0, y, row))
        y += row.height
    return merged(parts, y)


def mirrored(row: Row, width: float) -> Row:
    """The row as a form of this width has it that is read from right to left: left and right change places."""
    return replace(
        row,
        cells=tuple(c._replace(x=width - c.x - c.width, align=_OTHER_SIDE.get(c.align, c.align)) for c in row.cells),
        boxes=tuple(b._replace(x=width - b.x - b.width) for b in row.boxes),
        pictures=tuple(p._replace(x=width - p.x - p.width) for p in row.pictures),
    )
