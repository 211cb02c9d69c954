"""TrueType files for what a form draws: some glyphs of a font, and some put together of several.

A letter with its marks becomes one glyph (a composite, as OpenType's `glyf` table knows it), so that a PDF's reader
finds one code with one text, where many would have it guess at words from the places of marks.
"""

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

import uharfbuzz as hb
from reportlab.pdfbase.ttfonts import TTFontMaker

from sfsync.forms.text.shaping import Outline, Part

#: the glyphs of a sign, and how far the pen moves on
Drawn = tuple[tuple[Part, ...], int]

_FLAGS = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE | hb.SubsetFlags.NO_LAYOUT_CLOSURE
#: flags of a component: its arguments are two words, and a place; more follow
_PLACED, _MORE = 0x0003, 0x0020
#: a table's field: where it stands
_LOCA_FORMAT, _GLYPHS, _METRICS, _WIDEST = 50, 4, 34, 10
_COMPOSITE_POINTS, _COMPOSITE_CONTOURS, _ELEMENTS, _DEPTH = 10, 12, 28, 30


@lru_cache(maxsize=64)
def composed(font: Outline, wanted: frozenset[Drawn]) -> tuple[bytes, Mapping[Drawn, int]]:
    """A TrueType file that draws all of `wanted`, and which of its glyphs does so."""
    face, new = _subset(font, {part.glyph for parts, _ in wanted for part in parts})
    file = _File(face)
    places = {}
    for parts, advance in sorted(wanted):
        single = parts[0].glyph if len(parts) == 1 and parts[0] == (parts[0].glyph, 0, 0) else None
        # the box, glyph 0, is drawn by a glyph of its own: to PDF/A, glyph 0 itself is a character that got lost
        if single and font.advance(single) == advance:
            places[parts, advance] = new[single]
        else:
            places[parts, advance] = file.add([part._replace(glyph=new[part.glyph]) for part in parts], advance)
    return file.content(), places


def _subset(font: Outline, glyphs: Iterable[int]) -> tuple[hb.Face, Mapping[int, int]]:
    wanted = hb.SubsetInput()
    wanted.flags = _FLAGS
    wanted.glyph_set.update(glyphs)
    if font.weight:
        wanted.pin_axis_location(font.face, "wght", font.weight)
    plan = hb.SubsetPlan(font.face, wanted)
    return plan.execute(), dict(plan.old_to_new_glyph_mapping)


class _File:
    """A font's tables, open for more glyphs. Layouts: OpenType 1.9, chapters `glyf`, `loca`, `hmtx`, `maxp`."""

    def __init__(self, face: hb.Face) -> None:
        self._tables = {
            tag: bytearray(face.reference_table(tag).data) for tag in ("head", "hhea", "maxp", "glyf", "loca", "hmtx")
        }
        count = self._read("maxp", _GLYPHS)
        form, size = (f">{count + 1}I", 1) if self._read("head", _LOCA_FORMAT) else (f">{count + 1}H", 2)
        ends = [place * size for place in struct.unpack_from(form, self._tables["loca"])]
        self._glyphs = [bytes(self._tables["glyf"][a:b]) for a, b in pairwise(ends)]
        self._metrics = list(_metrics(self._tables["hmtx"], self._read("hhea", _METRICS), count))
        self._most = 0

    def _read(self, table: str, at: int) -> int:
        return int.from_bytes(self._tables[table][at : at + 2], "big")

    def _write(self, table: str, at: int, value: int) -> None:
        struct.pack_into(">H", self._tables[table], at, min(value, 0xFFFF))

    def add(self, parts: list[Part], advance: int) -> int:
        """A glyph of others, or an empty one; tells its place."""
        boxes = [self._box(part) for part in parts]
        edges = [min(box[0] for box in boxes), min(box[1] for box in boxes),
                 max(box[2] for box in boxes), max(box[3] for box in boxes)] if boxes else [0]  # fmt: skip
        body = b"".join(
            struct.pack(">HHhh", _PLACED | (_MORE if number < len(parts) else 0), *part)
            for number, part in enumerate(parts, 1)
        )
        self._glyphs.append(struct.pack(">hhhhh", -1, *edges) + body if parts else b"")
        self._metrics.append((advance, edges[0]))
        self._most = max(self._most, len(parts))
        return len(self._glyphs) - 1

    def _box(self, part: Part) -> tuple[int, int, int, int]:
        left, low, right, high = struct.unpack_from(">4h", self._glyphs[part.glyph], 2)
        return left + part.x, low + part.y, right + part.x, high + part.y

    def content(self) -> bytes:
        glyphs = [glyph + b"\0" * (-len(glyph) % 4) for glyph in self._glyphs]
        places = [0]
        for glyph in glyphs:
            places.append(places[-1] + len(glyph))
        self._tables |= {
            "glyf": bytearray(b"".join(glyphs)),
            "loca": bytearray(struct.pack(f">{len(places)}I", *places)),
            "hmtx": bytearray(b"".join(struct.pack(">Hh", *metric) for metric in self._metrics)),
        }
        self._count()
        maker = TTFontMaker()
        for tag, table in self._tables.items():
            maker.add(tag, bytes(table))
        return bytes(maker.makeStream())

    def _count(self) -> None:
        """What other tables have to know of the new glyphs."""
        self._write("head", _LOCA_FORMAT, 1)
        self._write("maxp", _GLYPHS, len(self._glyphs))
        self._write("hhea", _METRICS, len(self._metrics))
        self._write("hhea", _WIDEST, max(advance for advance, _ in self._metrics))
        for field, simple in ((_COMPOSITE_POINTS, 6), (_COMPOSITE_CONTOURS, 8)):
            self._write("maxp", field, max(self._read("maxp", field), self._read("maxp", simple)) * max(self._most, 1))
        self._write("maxp", _ELEMENTS, max(self._read("maxp", _ELEMENTS), self._most))
        self._write("maxp", _DEPTH, self._read("maxp", _DEPTH) + 1)


def _metrics(table: bytearray, full: int, count: int) -> Iterable[tuple[int, int]]:
    """(advance, left edge) of each glyph; the last advance counts for all that have none of their own."""
    for glyph in range(count):
        at = 4 * min(glyph, full - 1)
        edge = at + 2 if glyph < full else 4 * full + 2 * (glyph - full)
        yield *struct.unpack_from(">H", table, at), *struct.unpack_from(">h", table, edge)
