"""Text of a style on a line."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError

from sfsync.forms.text.fonts import Face, Family, face
from sfsync.forms.text.shaping import Run

#: a line's height to its largest size
LEADING = 1.38


@lru_cache(maxsize=64)
def reads_backwards(language: str) -> bool:
    """Whether a form in `language` (BCP 47) is read from right to left."""
    try:
        return Locale.parse(language.replace("-", "_")).character_order == "right-to-left"
    except (ValueError, UnknownLocaleError):
        return False


class Style(NamedTuple):
    """How text looks."""

    size: float
    colour: str
    bold: bool = False
    italic: bool = False
    #: None for Noto Sans
    family: Family | None = None
    #: of the form, as BCP 47 spells it: decides between the shapes of Chinese characters, and where a line begins
    language: str = ""

    @property
    def face(self) -> Face:
        return face(self.family, bold=self.bold, italic=self.italic)

    @property
    def backwards(self) -> bool:
        """Whether its lines begin on the right."""
        return bool(self.language) and reads_backwards(self.language)

    def draws(self, text: str) -> bool:
        """Whether the first font draws `text` by itself, from left to right."""
        return not self.backwards and (text.isascii() or self.face.draws(text))


class Piece(NamedTuple):
    """Text of one style on one line."""

    style: Style
    text: str
    width: float
    #: its glyphs, where the style's first font does not draw it by itself
    run: Run | None = None


class Line(NamedTuple):
    """Pieces from left to right."""

    height: float
    width: float
    pieces: tuple[Piece, ...]


def line_of(pieces: Iterable[Piece]) -> Line:
    """Neighbours of the same style become one piece."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and last.style == piece.style and not last.run and not piece.run:
            joined[-1] = Piece(piece.style, last.text + piece.text, last.width + piece.width)
        else:
            joined.append(piece)
    size = max((piece.style.size for piece in joined), default=0)
    return Line(size * LEADING, sum(piece.width for piece in joined), tuple(joined))
