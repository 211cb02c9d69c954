"""Which font draws which character: Noto Sans, then FiraGO, then a box that nobody can overlook.

Both families come as TrueType from the pymupdf-fonts package (SIL OFL 1.1). Nothing is shaped here: scripts that need
it (Arabic, Hebrew, Devanagari, Thai...) are boxed and reported, because a name in the wrong order is worse.
"""

import unicodedata
import zlib
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

import pymupdf_fonts
from reportlab.pdfbase.pdfdoc import PDFDocument, PDFName, PDFStream
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

#: (bold, italic) -> names in pymupdf_fonts, in the order in which they are asked
FAMILIES = {
    (False, False): ("notos", "figo"),
    (True, False): ("notosbo", "figbo"),
    (False, True): ("notosit", "figit"),
    (True, True): ("notosbi", "figbi"),
}
#: a character without ink that no font needs to know: joiners, marks of direction, selectors of variants
_INVISIBLE = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})
_SOFT_HYPHEN = "\xad"
_LAST_SIMPLE = 0x0590  # Hebrew begins here: right-to-left and joining scripts follow
_FIRST_AFTER_COMPLEX = 0x10A0  # Georgian: from here on FiraGO's characters stand alone again


class Run(NamedTuple):
    """A stretch of text in one font."""

    font: "Font"
    text: str
    #: in units of the font size
    width: float


class Font(TTFont):  # type: ignore[misc]  # ReportLab has no types
    """A TrueType font whose characters above U+FFFF can be copied out of the PDF, too."""

    def __init__(self, name: str, file: BytesIO, *, whole_ascii: bool) -> None:
        super().__init__(name, file, asciiReadable=whole_ascii, shapable=False)
        make = lru_cache(maxsize=16)(self.face.makeSubset)
        # Most forms need the same few characters, so the subset and its compression are made once.
        self.face.makeSubset = lambda codes: make(tuple(codes))

    def addObjects(self, doc: PDFDocument) -> None:  # noqa: N802 (ReportLab's name)
        """Write the font; then put a right ToUnicode in place of ReportLab's, which truncates at U+FFFF."""
        state = self.state[doc]
        super().addObjects(doc)
        fonts = doc.idToObject["BasicFonts"].dict
        for number, codes in enumerate(state.subsets):
            entry = fonts[f"{state.internalName}+{number}"]
            doc.idToObject[entry.ToUnicode.name].content = _to_unicode(entry.BaseFont, tuple(codes))
            descriptor = doc.idToObject[entry.FontDescriptor.name].dict
            _deflate(doc.idToObject[descriptor["FontFile2"].name])


class Boxes(dict[int, Any]):
    """Says of every character that it has the same glyph, or the same width."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def __missing__(self, code: int) -> float:
        return self._value

    def __contains__(self, code: object) -> bool:
        return True

    def get(self, code: int, default: object = None) -> float:  # noqa: ARG002 (dict's signature)
        return self._value


class Face:
    """One style of the type: splits text into runs that can be drawn, and measures it."""

    def __init__(self, bold: bool, italic: bool) -> None:
        names = FAMILIES[bold, italic]
        self.primary = _font(names[0])
        self._second = names[1]
        self._box = f"{names[0]}-box"
        self._covered = frozenset(map(chr, _codes(self.primary)))
        widths = self.primary.face.charWidths
        self._ascii: dict[str, float] = {chr(code): widths[code] / 1000 for code in range(32, 127)}

    def runs(self, text: str) -> list[Run]:
        """`text`, cleaned before, in as few fonts as can draw it."""
        if self._covered.issuperset(text):
            return [Run(self.primary, text, self._width(self.primary, text))]
        found: list[tuple[Font, str]] = []
        for character in text:
            font = self._font_of(character)
            if found and found[-1][0] is font:
                found[-1] = (font, found[-1][1] + character)
            else:
                found.append((font, character))
        return [Run(font, part, self._width(font, part)) for font, part in found]

    def width(self, text: str) -> float:
        """In units of the font size."""
        if text.isascii():
            return sum([self._ascii[character] for character in text])
        return sum(run.width for run in self.runs(text))

    def missing(self, text: str) -> str:
        """The characters of `text` that are drawn as boxes."""
        if text.isascii() or self._covered.issuperset(text):
            return ""
        return "".join(run.text for run in self.runs(text) if run.font.fontName == self._box)

    def _width(self, font: Font, text: str) -> float:
        return float(sum(map(font.face.getCharWidth, map(ord, text)))) / 1000

    def _font_of(self, character: str) -> Font:
        if character in self._covered:
            return self.primary
        if _stands_alone(character) and ord(character) in _codes(_font(self._second)):
            return _font(self._second)
        return _box(self._box)


def face(bold: bool = False, italic: bool = False) -> Face:
    """Parsed once per process (25 ms each)."""
    return _face(bold, italic)


@lru_cache(maxsize=4)
def _face(bold: bool, italic: bool) -> Face:
    return Face(bold, italic)


def clean(text: str) -> str:
    """What is drawn of a text: composed (NFC), without characters that have no ink of their own.

    A soft hyphen goes as well: fonts draw it, and it is meant to be seen at the end of a line only.
    """
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)
    if not any(map(_is_invisible, composed)):
        return composed
    return "".join(c for c in composed if not _is_invisible(c))


def _is_invisible(character: str) -> bool:
    if character < _SOFT_HYPHEN:
        return False
    return unicodedata.category(character) == "Cf" or ord(character) in _INVISIBLE


def _stands_alone(character: str) -> bool:
    """Whether it can be drawn without shaping and without turning the line round."""
    if unicodedata.bidirectional(character) in ("R", "AL", "AN"):
        return False
    return not _LAST_SIMPLE <= ord(character) < _FIRST_AFTER_COMPLEX


@lru_cache(maxsize=8)
def _font(name: str) -> Font:
    # Only the primary fonts carry all of ASCII in each document; a fallback carries what it draws.
    font = Font(name, BytesIO(pymupdf_fonts.myfont(name)), whole_ascii=name.startswith("notos"))
    registerFont(font)
    return font


@lru_cache(maxsize=4)
def _box(name: str) -> Font:
    """Every character as the font's 'not defined' box; copied out of the PDF it is still itself."""
    source = name.removesuffix("-box")
    font = Font(name, BytesIO(pymupdf_fonts.myfont(source)), whole_ascii=False)
    width = font.face.defaultWidth
    font.face.name = font.face.name + b"-Box"
    font.face.charToGlyph, font.face.charWidths = Boxes(0), Boxes(width)
    registerFont(font)
    return font


@lru_cache(maxsize=8)
def _codes(font: Font) -> frozenset[int]:
    """The characters of a font that are meant to be seen: TrueType tables also list U+FFFF and U+FFFD."""
    return frozenset(code for code in font.face.charToGlyph if 31 < code < 0xFFFD or code > 0xFFFF)  # noqa: PLR2004


def _deflate(stream: PDFStream) -> None:
    stream.content, stream.filters = _deflated(stream.content), None
    stream.dictionary["Filter"] = PDFName("FlateDecode")


@lru_cache(maxsize=32)
def _deflated(content: bytes) -> bytes:
    return zlib.compress(content)


@lru_cache(maxsize=32)
def _to_unicode(name: str, codes: tuple[int, ...]) -> str:
    """A ToUnicode CMap (ISO 32000-1, 9.10.3): at most 100 entries a block, UTF-16BE above U+FFFF."""
    entries = [f"<{i:02X}> <{chr(c).encode('utf-16-be').hex().upper()}>" for i, c in enumerate(codes) if c]
    blocks = [entries[i : i + 100] for i in range(0, len(entries), 100)]
    body = "\n".join(f"{len(b)} beginbfchar\n" + "\n".join(b) + "\nendbfchar" for b in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        f"/CIDSystemInfo\n<< /Registry ({name})\n/Ordering ({name})\n/Supplement 0\n>> def\n"
        f"/CMapName /{name} def\n/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    )
