"""What a page is made of: rows of cells of lines. Lengths are in points; y grows downwards from the row's top."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from sfsync.forms.fonts import Face, face

#: where a word too long for its line is best broken
_BREAKS = frozenset("-/@_.,;:&+=?")
#: a line's height to its largest size
LEADING = 1.38


class Style(NamedTuple):
    """How text looks."""

    size: float
    colour: str
    bold: bool = False
    italic: bool = False

    @property
    def face(self) -> Face:
        return face(self.bold, self.italic)


class Piece(NamedTuple):
    """Text of one style on one line."""

    style: Style
    text: str
    width: float


class Line(NamedTuple):
    height: float
    width: float
    pieces: tuple[Piece, ...]


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
    #: begins a page
    breaks: bool = False
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


Segments = Sequence[tuple[Style, str]]


def wrapped(segments: Segments, width: float) -> tuple[Line, ...]:
    """Lines no wider than `width`; a newline in the text begins a new one; too long a word is broken."""
    return _wrapped(tuple(segments), width)


@lru_cache(maxsize=4096)
def _wrapped(segments: tuple[tuple[Style, str], ...], width: float) -> tuple[Line, ...]:
    # Remembered, because most of a form is the same on the next one: terms, labels, products.
    if len(segments) == 1 and "\n" not in segments[0][1]:
        style, text = segments[0]
        wide = style.face.width(text) * style.size
        if wide <= width:
            return (Line(style.size * LEADING, wide, (Piece(style, text, wide),)),)
    return tuple(map(_line, _filled(_words(segments), width)))


class _Word(NamedTuple):
    """What stands between two spaces, in one or several styles; `space` is the style of the space before it."""

    space: Style
    pieces: list[Piece]

    @property
    def width(self) -> float:
        return sum(piece.width for piece in self.pieces)


def _piece(style: Style, text: str) -> Piece:
    return Piece(style, text, style.face.width(text) * style.size)


def _words(segments: Segments) -> Iterator[_Word | None]:
    """The words; None where a new line has to begin."""
    word: _Word | None = None
    for style, text in segments:
        for number, line in enumerate(text.split("\n")):
            if number:
                yield word or _Word(style, [])
                yield None
                word = None
            first, *others = line.split(" ")
            word = word or _Word(style, [])
            if first:
                word.pieces.append(_piece(style, first))
            for other in others:
                yield word
                word = _Word(style, [_piece(style, other)] if other else [])
    if word:
        yield word


def _filled(words: Iterable[_Word | None], width: float) -> Iterator[list[Piece]]:
    line: list[Piece] = []
    used = 0.0
    for word in words:
        if word is None:
            yield line
            line, used = [], 0.0
            continue
        space = _piece(word.space, " ")
        if line and used + space.width + word.width > width:
            yield line
            line, used = [], 0.0
        elif line:
            line.append(space)
            used += space.width
        pieces = word.pieces
        if word.width > width:
            *full, pieces = _broken(pieces, width)
            yield from full
        line += pieces
        used += sum(piece.width for piece in pieces)
    yield line


def _broken(pieces: Iterable[Piece], width: float) -> Iterator[list[Piece]]:
    """A word in parts that fit."""
    line: list[Piece] = []
    left = width
    for style, text, _ in pieces:
        rest = text
        while rest:
            count = _prefix(style, rest, left) or (0 if line else 1)
            if count:
                line.append(_piece(style, rest[:count]))
                left -= line[-1].width
                rest = rest[count:]
            if rest:
                yield line
                line, left = [], width
    yield line


def _prefix(style: Style, text: str, width: float) -> int:
    """How many characters fit, fewer if a good place to break comes before; a mark stays with its letter."""
    used, fitting = 0.0, len(text)
    for number, character in enumerate(text):
        used += style.face.width(character) * style.size
        if used > width:
            fitting = number
            break
    if fitting == len(text):
        return fitting
    for count in range(fitting, fitting // 2, -1):
        if text[count - 1] in _BREAKS:
            return count
    while fitting > 1 and unicodedata.combining(text[fitting]):
        fitting -= 1
    return fitting


def _line(pieces: list[Piece]) -> Line:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].style == piece.style:
            joined[-1] = Piece(piece.style, joined[-1].text + piece.text, joined[-1].width + piece.width)
        else:
            joined.append(piece)
    size = max((piece.style.size for piece in joined), default=0)
    return Line(size * LEADING, sum(p.width for p in joined), tuple(joined))
