"""Fonts as objects of a PDF: subset, embedded, and with a table that says what each code stands for when copied."""

import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFDocument, PDFName, PDFStream, PDFString
from reportlab.pdfbase.ttfonts import TTFont

from sfsync.forms.text.composed import composed
from sfsync.forms.text.shaping import Outline, Run, Sign

#: for a descriptor (ISO 32000-1, 9.8): its glyphs have names of their own
_SYMBOLIC = 4


class Font(TTFont):  # type: ignore[misc]  # ReportLab has no types
    """The type in which most is set, by ReportLab: one byte a character, nothing shaped."""

    def __init__(self, name: str, file: BytesIO) -> None:
        super().__init__(name, file, asciiReadable=True, shapable=False)
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
            texts = tuple(chr(code) if code else "" for code in codes)
            doc.idToObject[entry.ToUnicode.name].content = _to_unicode(entry.BaseFont, texts, 1)
            descriptor = doc.idToObject[entry.FontDescriptor.name].dict
            _deflate(doc.idToObject[descriptor["FontFile2"].name])


class Embedded:
    """A shaped font in one document: a code for each sign, in the order of their use."""

    def __init__(self, font: Outline, name: str) -> None:
        self._font = font
        self._signs: dict[Sign, str] = {}
        self.name = name

    def codes(self, run: Run) -> str:
        """Four hexadecimal digits a sign."""
        return "".join([self._signs.setdefault(sign, f"{len(self._signs) + 1:04X}") for sign in run.signs])

    def addObjects(self, doc: PDFDocument) -> None:  # noqa: N802 (ReportLab's name)
        signs = tuple(self._signs)
        file, places = composed(self._font, frozenset((sign.parts, sign.advance) for sign in signs))
        base = f"{_tag(file)}+{self._font.name}"
        scale = 1000 / self._font.units
        glyphs = [0, *(places[sign.parts, sign.advance] for sign in signs)]
        descendant = PDFDictionary({
            "Type": PDFName("Font"), "Subtype": PDFName("CIDFontType2"), "BaseFont": PDFName(base),
            "CIDSystemInfo": PDFDictionary(
                {"Registry": PDFString("Adobe"), "Ordering": PDFString("Identity"), "Supplement": 0}
            ),
            "FontDescriptor": doc.Reference(PDFDictionary(_descriptor(self._font, base, doc.Reference(_stream(file))))),
            "W": PDFArray([1, PDFArray([round(sign.advance * scale, 2) for sign in signs])]),
            "CIDToGIDMap": doc.Reference(_stream(struct.pack(f">{len(glyphs)}H", *glyphs))),
        })  # fmt: skip
        texts = ("", *(sign.text for sign in signs))
        doc.idToObject["BasicFonts"].dict[self.name[1:]] = doc.Reference(PDFDictionary({
            "Type": PDFName("Font"), "Subtype": PDFName("Type0"), "BaseFont": PDFName(base),
            "Encoding": PDFName("Identity-H"), "DescendantFonts": PDFArray([doc.Reference(descendant)]),
            "ToUnicode": doc.Reference(_stream(_to_unicode(base, texts, 2).encode())),
        }))  # fmt: skip


def embedded(font: Outline, doc: PDFDocument) -> Embedded:
    """The font in this document, which writes it when all pages are known."""
    known: dict[Outline, Embedded] = doc.__dict__.setdefault("shaped", {})
    if font not in known:
        known[font] = Embedded(font, f"/X{len(known) + 1}")
        doc.delayedFonts.append(known[font])
    return known[font]


def _descriptor(font: Outline, base: str, file: Any) -> dict[str, Any]:
    scale = 1000 / font.units
    # head, from byte 36 on: xMin, yMin, xMax, yMax
    box = struct.unpack_from(">4h", font.face.reference_table("head").data, 36)
    extents = font.font.get_font_extents("ltr")
    return {
        "Type": PDFName("FontDescriptor"), "FontName": PDFName(base), "Flags": _SYMBOLIC,
        "FontBBox": PDFArray([round(edge * scale) for edge in box]), "ItalicAngle": 0,
        "Ascent": round(extents.ascender * scale), "Descent": round(extents.descender * scale),
        "CapHeight": 700, "StemV": 140 if "Bold" in font.name else 80, "FontFile2": file,
    }  # fmt: skip


def _tag(file: bytes) -> str:
    """Six capitals that tell subsets apart (ISO 32000-1, 9.6.4)."""
    return "".join(chr(65 + byte % 26) for byte in sha256(file).digest()[:6])


def _stream(content: bytes) -> PDFStream:
    stream = PDFStream(content=content, filters=None)
    _deflate(stream)
    return stream


def _deflate(stream: PDFStream) -> None:
    stream.content, stream.filters = _deflated(stream.content), None
    stream.dictionary["Filter"] = PDFName("FlateDecode")


@lru_cache(maxsize=64)
def _deflated(content: bytes) -> bytes:
    return zlib.compress(content)


@lru_cache(maxsize=32)
def _to_unicode(name: str, texts: tuple[str, ...], size: int) -> str:
    """A ToUnicode CMap (ISO 32000-1, 9.10.3) for codes of `size` bytes: at most 100 entries a block, UTF-16BE."""
    entries = [f"<{i:0{2 * size}X}> <{_hex(text)}>" for i, text in enumerate(texts) if text]
    body = "\n".join(_blocks(entries))
    first, last = "00" * size, "FF" * size
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        f"/CIDSystemInfo\n<< /Registry ({name})\n/Ordering ({name})\n/Supplement 0\n>> def\n"
        f"/CMapName /{name} def\n/CMapType 2 def\n1 begincodespacerange\n"
        f"<{first}> <{last}>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    )


def _blocks(entries: list[str]) -> Iterable[str]:
    for start in range(0, len(entries), 100):
        block = entries[start : start + 100]
        yield "\n".join([f"{len(block)} beginbfchar", *block, "endbfchar"])


def _hex(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()
