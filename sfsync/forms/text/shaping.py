"""Text to glyphs by HarfBuzz: scripts that join, stack or reorder their letters, and every font behind the first."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import uharfbuzz as hb

from sfsync.forms.text.bidi import mirrored

#: no ink of their own: ZWJ, ZWNJ and selectors of variants change the letter before them, or say nothing
_MODIFIER = "[\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]"
MODIFIERS = re.compile(_MODIFIER)
#: a character with its modifiers
SINGLE = re.compile(f".{_MODIFIER}*", re.DOTALL)
#: fonts list these, and none draws them as something: noncharacters, what stands for something broken, Hangul's fillers
_NEVER = frozenset("\ufffd\ufffe\uffff\u115f\u1160\u3164\uffa0")
#: as many characters as poppler reads for one code
_MOST = 32
_UNNAMED = re.compile("[^A-Za-z0-9-]")


class Part(NamedTuple):
    """A glyph of a font and where it stands. Lengths are in the font's own units."""

    #: 0 is the font's box for what it lacks
    glyph: int
    x: int = 0
    y: int = 0


class Sign(NamedTuple):
    """What a PDF draws by one code and knows the text of: a letter with its marks, a syllable, a ligature."""

    parts: tuple[Part, ...]
    text: str
    advance: int


class Run(NamedTuple):
    """Signs of one font, from left to right as they are seen."""

    font: "Outline"
    signs: tuple[Sign, ...]

    @property
    def width(self) -> float:
        """In units of the font size."""
        return sum(sign.advance for sign in self.signs) / self.font.units

    @property
    def missing(self) -> str:
        """What is drawn as boxes."""
        return "".join(sign.text for sign in self.signs if any(part.glyph == 0 for part in sign.parts))


class Outline:
    """A TrueType font as HarfBuzz sees it; `weight` is where a variable one is pinned."""

    def __init__(self, data: hb.Blob, weight: int | None = None) -> None:
        self.weight = weight
        self.face = hb.Face(data)
        self.font = hb.Font(self.face)
        if weight:
            self.font.set_variations({"wght": weight})
        self.units = int(self.face.upem)

    @property
    def name(self) -> str:
        """Its PostScript name, as a PDF may spell it."""
        name = _UNNAMED.sub("", self.face.get_name(hb.OTNameIdPredefined.POSTSCRIPT_NAME) or "") or "Font"
        return f"{name.split('-')[0]}-{self.weight}" if self.weight else name

    def covers(self, character: str) -> bool:
        return character not in _NEVER and bool(self.font.get_nominal_glyph(ord(character)))

    def advance(self, glyph: int) -> int:
        return int(self.font.get_glyph_h_advance(glyph))

    def shape(self, text: str, script: str, *, backwards: bool) -> Run:
        """`text` in reading order, of one `script` (ISO 15924), as signs in the order in which they are seen."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.direction = "rtl" if backwards else "ltr"
        buffer.script, buffer.language = script or "Zyyy", "und"
        hb.shape(self.font, buffer)
        found: list[Sign] = []
        for said, parts, advance in self._clusters(buffer, text):
            found += _turned(said, parts, advance) if backwards else _joined(said, parts, advance)
        return Run(self, tuple(found))

    def _clusters(self, buffer: hb.Buffer, text: str) -> Iterator[tuple[str, tuple[Part, ...], int]]:
        """What belongs together: its text, its glyphs that have ink, and its advance."""
        starts = sorted({info.cluster for info in buffer.glyph_infos})
        ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
        placed = zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        for cluster, same in groupby(placed, lambda part: part[0].cluster):
            parts, pen = [], 0
            for info, at in same:
                if self._has_ink(info.codepoint):
                    parts.append(Part(info.codepoint, pen + at.x_offset, at.y_offset))
                pen += at.x_advance
            yield text[cluster : ends[cluster]], tuple(self._near(part, pen) for part in parts), pen

    def _near(self, part: Part, advance: int) -> Part:
        """A letter's marks stay with it, however many they are: they would cover what stands beside and below it."""
        edge, low, high = self.units // 2, -self.units // 2, self.units * 7 // 10
        return Part(part.glyph, max(-edge, min(part.x, advance + edge)), max(low, min(part.y, high)))

    def _has_ink(self, glyph: int) -> bool:
        extents = self.font.get_glyph_extents(glyph)
        return bool(extents and extents.width)


class Boxes(Outline):
    """A font that has the same box for everything; copied out of the PDF it is still itself."""

    def covers(self, character: str) -> bool:  # noqa: ARG002 (of its parent)
        return True

    def shape(self, text: str, script: str, *, backwards: bool) -> Run:  # noqa: ARG002 (of its parent)
        texts = SINGLE.findall(text)
        box, wide = (Part(0),), self.advance(0)
        return Run(self, tuple(Sign(box, said, wide) for said in (reversed(texts) if backwards else texts)))


def _joined(text: str, parts: tuple[Part, ...], advance: int) -> Iterator[Sign]:
    """One sign; more where a letter has so many marks that a reader's tables would not hold them."""
    yield Sign(parts[:_MOST], text[:_MOST], advance)
    for start in range(_MOST, max(len(text), len(parts)), _MOST):
        more = parts[start : start + _MOST]
        yield Sign(tuple(part._replace(x=part.x - advance) for part in more), text[start : start + _MOST], 0)


def _turned(text: str, parts: tuple[Part, ...], advance: int) -> Iterator[Sign]:
    """A sign for each character, last one first, since readers turn round what they find sign by sign.

    The last holds the glyphs, moved back over the others. A bracket is named as it is seen: readers turn it as well.
    """
    each = advance // len(text)
    for character in reversed(text[1:]):
        yield Sign((), character, each)
    before = each * (len(text) - 1)
    yield Sign(tuple(part._replace(x=part.x - before) for part in parts), mirrored(text[0]), advance - before)


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """ISO 15924, or an empty string for what every script uses: spaces, digits, signs, most marks."""
    buffer = hb.Buffer()
    buffer.add_str(character)
    buffer.guess_segment_properties()
    return buffer.script or ""
