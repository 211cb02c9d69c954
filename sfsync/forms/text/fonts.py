"""Which font draws which character: the form's own, Noto Sans, FiraGO, one for East Asia, or a box.

Noto Sans and FiraGO come as TrueType from the pymupdf-fonts package (SIL OFL 1.1). What stands alone in the first font
goes straight through ReportLab; all else is shaped by HarfBuzz, run by run.
"""

import re
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from io import BytesIO

import pymupdf_fonts
import uharfbuzz as hb
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFError

from sfsync.errors import SetupError
from sfsync.forms.text import eastasian
from sfsync.forms.text.breaks import clusters
from sfsync.forms.text.embed import Font
from sfsync.forms.text.shaping import MODIFIERS, SINGLE, Boxes, Outline, Run, script_of

#: (bold, italic) -> names in pymupdf_fonts: Noto Sans, FiraGO
_SHIPPED = {
    (False, False): ("notos", "figo"),
    (True, False): ("notosbo", "figbo"),
    (False, True): ("notosit", "figit"),
    (True, True): ("notosbi", "figbi"),
}
#: combining marks, and what reads from right to left
_COMBINING = ("Mn", "Mc", "Me")
_BACKWARDS = ("R", "AL", "AN")


@dataclass(frozen=True, repr=False)
class Family:
    """A company's own typeface: the content of TrueType files, as `truetype` has checked them."""

    regular: bytes
    bold: bytes | None = None
    italic: bytes | None = None
    bold_italic: bytes | None = None

    def __repr__(self) -> str:
        files = (self.regular, self.bold, self.italic, self.bold_italic)
        return f"Family({', '.join(sha256(file or b'').hexdigest()[:8] for file in files)})"

    def style(self, bold: bool, italic: bool) -> bytes:
        """The file for a style, or for the nearest one that is there."""
        nearest = (
            self.bold_italic if bold and italic else None,
            self.bold if bold else None,
            self.italic if italic else None,
        )
        return next(filter(None, nearest), self.regular)


class Face:
    """One style of the type in one language: splits text into runs that can be drawn, and measures it."""

    def __init__(self, family: Family | None, bold: bool, italic: bool, language: str) -> None:
        self._style = bold, italic
        self._own = family.style(bold, italic) if family else None
        self.primary = _font(self._own or pymupdf_fonts.myfont(_SHIPPED[self._style][0]))
        self._language = language
        self._plain = _plain_characters(self.primary)
        widths = self.primary.face.charWidths
        self._ascii: dict[str, float] = {chr(code): widths[code] / 1000 for code in range(32, 127)}

    def draws(self, text: str) -> bool:
        """Whether the first font has all of `text`, each character by itself, from left to right."""
        return text.isascii() or self._plain.issuperset(text)

    def width(self, text: str) -> float:
        """Of text that it `draws`, in units of the font size."""
        if text.isascii():
            return sum([self._ascii[character] for character in text])
        return float(sum(map(self.primary.face.getCharWidth, map(ord, text)))) / 1000

    def runs(self, text: str, *, backwards: bool) -> tuple[tuple[str, Run | None], ...]:
        """Text of one direction with its glyphs, from left to right as seen; none for what the first font `draws`."""
        return _runs(self, text, backwards)

    @cached_property
    def fonts(self) -> tuple[Outline, ...]:
        """In the order in which they are asked; the last draws boxes."""
        noto, fira = map(_shipped, _SHIPPED[self._style])
        own = [Outline(hb.Blob(self._own))] if self._own else []
        asian = eastasian.outlines(self._language, bold=self._style[0])
        return *own, noto, fira, *asian, _boxes(_SHIPPED[self._style][0])

    def pieces(self, text: str, *, backwards: bool) -> Iterator[tuple[str, Outline | None, str]]:
        """(text, font, script) in reading order; no font for what the first one `draws`."""
        font: Outline | None = None
        held = script = ""
        for part in self._parts(text):
            wanted, spoken = self._font_of(part, font, backwards=backwards), _script(part)
            if held and (wanted is not font or (spoken and script and spoken != script)):
                yield held, font, script
                held = script = ""
            font, script, held = wanted, script or spoken, held + part
        if held:
            yield held, font, script

    def _parts(self, text: str) -> Iterator[str]:
        """Clusters, whole where one font has all of it, else character by character."""
        for cluster in clusters(text):
            if len(cluster) == 1 or any(_has(font, cluster) for font in self.fonts[:-1]):
                yield cluster
            else:
                yield from SINGLE.findall(cluster)

    def _font_of(self, part: str, last: Outline | None, *, backwards: bool) -> Outline | None:
        if not backwards and self._plain.issuperset(part):
            return None
        if last and not _script(part) and _has(last, part) and last is not self.fonts[-1]:
            return last  # a sign between Arabic words: one run of glyphs
        return next(font for font in self.fonts if _has(font, part))


def face(family: Family | None = None, *, bold: bool = False, italic: bool = False, language: str = "zh") -> Face:
    """Parsed once per process (25 ms each). `language` is one of `eastasian`'s."""
    return _face(family, bold, italic, language)


@lru_cache(maxsize=64)
def _face(family: Family | None, bold: bool, italic: bool, language: str) -> Face:
    return Face(family, bold, italic, language)


def uncovered(text: str, family: Family | None) -> str:
    """Characters for which there is no font, each once: a form would show boxes."""
    drawn = face(family)
    found = (run.missing for c in dict.fromkeys(clean(text)) for _, run in drawn.runs(c, backwards=False) if run)
    return "".join(dict.fromkeys("".join(found)))


@lru_cache(maxsize=8192)
def _runs(face: Face, text: str, backwards: bool) -> tuple[tuple[str, Run | None], ...]:
    found = [
        (part, font.shape(part, script, backwards=backwards) if font else None)
        for part, font, script in face.pieces(text, backwards=backwards)
    ]
    return tuple(reversed(found) if backwards else found)


def _has(font: Outline, text: str) -> bool:
    return all(font.covers(character) for character in MODIFIERS.sub("", text))


def _script(text: str) -> str:
    return next(filter(None, map(script_of, text)), "")


@lru_cache(maxsize=8)
def _shipped(name: str) -> Outline:
    return Outline(hb.Blob(pymupdf_fonts.myfont(name)))


@lru_cache(maxsize=4)
def _boxes(name: str) -> Boxes:
    return Boxes(hb.Blob(pymupdf_fonts.myfont(name)))


@lru_cache(maxsize=16)
def _font(data: bytes) -> Font:
    font = Font(f"F{sha256(data).hexdigest()[:8]}", BytesIO(data))
    registerFont(font)
    return font


@lru_cache(maxsize=16)
def _plain_characters(font: Font) -> frozenset[str]:
    """What can be drawn without shaping and without turning the line round."""
    return frozenset({"\n", *filter(_is_plain, map(chr, font.face.charToGlyph))})


def _is_plain(character: str) -> bool:
    if unicodedata.category(character) in (*_COMBINING, "Cc", "Cf", "Cn") or character == "\ufffd":
        return False
    return unicodedata.bidirectional(character) not in _BACKWARDS


#: What has no ink and no use on paper (Unicode's Default_Ignorable_Code_Point) but for `MODIFIERS` and marks of
#: direction; and embeddings, which could turn around what follows a name.
_INKLESS = re.compile(
    "[\xad\u034f\u180e\u200b\u202a-\u202e\u2060-\u2065\u206a-\u206f\ufeff\ufff0-\ufff8\U000e0000-\U000e00ff]"
)
#: NFC would put other ideographs in their place, with which some families do not write themselves
_UNCOMPOSED = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f]+)")


def clean(text: str) -> str:
    """What is drawn of a text: composed (NFC), without characters that have neither ink nor a say in how others look.

    A soft hyphen goes as well: fonts draw it, and it is meant to be seen at the end of a line only.
    """
    if text.isascii():
        return text
    composed = "".join(
        part if _UNCOMPOSED.match(part) else unicodedata.normalize("NFC", part) for part in _UNCOMPOSED.split(text)
    )
    return _INKLESS.sub("", composed)


_FORMATS = {
    b"OTTO": "an OpenType font with PostScript outlines",
    b"wOFF": "a web font (WOFF)",
    b"wOF2": "a web font (WOFF2)",
    b"ttcf": "a collection of several fonts",
    b"PK\x03\x04": "a zip archive",
}
_REMEDY = "Give a TrueType font: a .ttf file, which most families bring as well."


#: so many characters are named
_NAMED = 10
#: no family has a larger file, but for the whole of East Asia's characters, which ours brings
_LARGEST = 20_000_000


def truetype(name: str, data: bytes, where: str) -> bytes:
    """The content of the font file `name`, proved fit to set a form in. Raises SetupError where it is not."""
    if data[:4] in _FORMATS:
        raise SetupError(f"{name} is {_FORMATS[data[:4]]}, not a TrueType font.", where=where, remedy=_REMEDY)
    if len(data) > _LARGEST:
        raise SetupError(f"{name} is larger than {_LARGEST // 1_000_000} MB.", where=where, remedy="Choose another.")
    try:
        font = _font(data)
        lacking = "".join(chr(code) for code in range(33, 127) if not font.face.charToGlyph.get(code))
        font.face.makeSubset(range(32, 127))
        Outline(hb.Blob(data)).shape("x", "Latn", backwards=False)
    except (TTFError, ValueError, KeyError, IndexError, TypeError, struct.error, hb.HarfBuzzError) as error:
        raise SetupError(f"{name} is not a TrueType font, or damaged.", where=where, remedy=_REMEDY) from error
    if lacking:
        raise SetupError(f"{name} has no {_some(lacking)}.", where=where, remedy="Choose one with all plain letters.")
    return data


def _some(characters: str) -> str:
    return " ".join(characters[:_NAMED]) + (" and others" if len(characters) > _NAMED else "")
