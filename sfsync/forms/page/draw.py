"""From rows to a PDF's operators, on ReportLab's canvas: the only room that knows what a PDF looks like inside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from reportlab.lib.rl_accel import escapePDF
from reportlab.pdfgen.canvas import Canvas

from sfsync.forms.page.rows import Box, Cell, Picture, Row
from sfsync.forms.pictures import placed_image
from sfsync.forms.text.embed import Font, embedded
from sfsync.forms.text.lines import LEADING, Line

#: where the baseline stands: half the line, and about half the height of a capital
_BASELINE = 0.355


class Pen:
    """Draws one page after the other. `top` is the height of the page: PDF counts upwards from its foot."""

    def __init__(self, canvas: Canvas, top: float, images: Mapping[str, bytes]) -> None:
        self._canvas = canvas
        self._top = top
        self._images = images
        self._fonts: dict[tuple[Font, int], str] = {}

    def draw(self, x: float, rows: Iterable[tuple[float, Row]]) -> None:
        """Rows at their distance from the page's top: first what is filled, then pictures, then all text at once."""
        placed = list(rows)
        fills: list[str] = []
        text = _TextState(["BT"])
        for y, row in placed:
            fills += (self._fill(x, y, box) for box in row.boxes)
            for picture in row.pictures:
                self._picture(x, y, picture)
        for y, row in placed:
            for cell in row.cells:
                self._cell(text, x, y, cell)
        self._canvas.addLiteral("\n".join(_merged(fills)))
        self._canvas.addLiteral("\n".join([*text.out, "ET"]))

    def _fill(self, x: float, y: float, box: Box) -> str:
        bottom = self._top - y - box.y - box.height
        return f"{_rgb(box.colour)} rg\n{x + box.x:.2f} {bottom:.2f} {box.width:.2f} {box.height:.2f} re f"

    def _cell(self, text: "_TextState", x: float, y: float, cell: Cell) -> None:
        down = y + cell.y
        for line in cell.lines:
            if line.pieces:
                self._line(text, x + _left(cell, line), self._top - down, line)
            down += line.height

    def _line(self, text: "_TextState", x: float, top: float, line: Line) -> None:
        size = line.height / LEADING
        baseline = top - line.height / 2 - _BASELINE * size
        text.out.append(f"1 0 0 1 {x:.2f} {baseline:.2f} Tm")
        for style, words, _, run in line.pieces:
            text.colour_of(style.colour)
            font = style.face.primary
            if run:
                shaped = embedded(run.font, self._canvas._doc)  # noqa: SLF001
                text.show(shaped.name, style.size, f"<{shaped.codes(run)}>")
            elif words.isascii():
                # All of ASCII is in the primary font's first subset, under its own codes.
                text.show(self._font(font, 0), style.size, f"({escapePDF(words)})")
            else:
                for subset, codes in font.splitString(words, self._canvas._doc):  # noqa: SLF001
                    text.show(self._font(font, subset), style.size, f"({escapePDF(codes)})")

    def _font(self, font: Font, subset: int) -> str:
        key = font, subset
        if key not in self._fonts:
            font.splitString("", self._canvas._doc)  # noqa: SLF001 (begins the font's account of this document)
            self._fonts[key] = font.getSubsetInternalName(subset, self._canvas._doc)  # noqa: SLF001
        return self._fonts[key]

    def _picture(self, x: float, y: float, picture: Picture) -> None:
        name = placed_image(self._canvas, self._images[picture.name])
        bottom = self._top - y - picture.y - picture.height
        place = f"{picture.width:.2f} 0 0 {picture.height:.2f} {x + picture.x:.2f} {bottom:.2f} cm"
        self._canvas.addLiteral(f"q {place} /{name} Do Q")


@dataclass
class _TextState:
    """A text object under way: font and colour are said when they change."""

    out: list[str]
    font: tuple[str, float] = ("", 0)
    colour: str = ""

    def show(self, font: str, size: float, string: str) -> None:
        if (font, size) != self.font:
            self.font = font, size
            self.out.append(f"{font} {size:g} Tf")
        self.out.append(f"{string} Tj")

    def colour_of(self, colour: str) -> None:
        if colour != self.colour:
            self.colour = colour
            self.out.append(f"{_rgb(colour)} rg")


def _merged(fills: Iterable[str]) -> Iterable[str]:
    """A colour is said once for all boxes in a row that have it."""
    colour = ""
    for fill in fills:
        said, box = fill.split("\n")
        yield box if said == colour else fill
        colour = said


def _left(cell: Cell, line: Line) -> float:
    if cell.align == "left":
        return cell.x
    spare = cell.width - line.width
    return cell.x + (spare if cell.align == "right" else spare / 2)


@lru_cache(maxsize=64)
def _rgb(colour: str) -> str:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return " ".join(f"{part:.4g}" for part in parts)
