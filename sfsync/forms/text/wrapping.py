"""Text to lines. What the first font draws by itself goes this short way; all else goes through `mixed`."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from sfsync.forms.text import mixed
from sfsync.forms.text.lines import LEADING, Line, Piece, Style, line_of

#: where a word too long for its line is best broken
_BREAKS = frozenset("-/@_.,;:&+=?")

Segments = Sequence[tuple[Style, str]]


def wrapped(segments: Segments, width: float) -> tuple[Line, ...]:
    """Lines no wider than `width`; a newline in the text begins a new one; too long a word is broken."""
    return _wrapped(tuple(segments), width)


@lru_cache(maxsize=4096)
def _wrapped(segments: tuple[tuple[Style, str], ...], width: float) -> tuple[Line, ...]:
    # Remembered, because most of a form is the same on the next one: terms, labels, products.
    if not all(style.draws(text) for style, text in segments):
        return tuple(mixed.lines(segments, width))
    if len(segments) == 1 and "\n" not in segments[0][1]:
        style, text = segments[0]
        wide = style.face.width(text) * style.size
        if wide <= width:
            return (Line(style.size * LEADING, wide, (Piece(style, text, wide),)),)
    return tuple(map(line_of, _filled(_words(segments), width)))


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
    for style, text, *_ in pieces:
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
    """How many characters fit, fewer if a good place to break comes before."""
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
    return fitting
