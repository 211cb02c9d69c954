"""Pages of PDF files that others made, as a form takes them along: letterheads, terms, Legal's forms.

A page becomes a Form XObject (ISO 32000-1, 8.10), so that our own page can lie over it. `flatten` reads the files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

#: an object as it is written, in which a number stands for a reference to another one
Body = tuple[bytes | int, ...]
#: left, bottom, right, top
Box = tuple[float, float, float, float]
#: a, b, c, d, e, f as in ISO 32000-1, 8.3.3
Matrix = tuple[float, float, float, float, float, float]


class Link(NamedTuple):
    """A place on a page that leads to a web address, or to another page of the same file (from 0)."""

    box: Box
    target: str | int


@dataclass(frozen=True)
class Leaf:
    """A page as people see it: turned upright, cut to its crop box, its lower left corner at (0, 0)."""

    width: float
    height: float
    #: which object draws it
    drawn_by: int
    links: tuple[Link, ...]


@dataclass(frozen=True)
class PdfFile:
    """The pages of a file, in memory; nothing of it refers to anything outside."""

    #: as messages show it: templates/letterhead.pdf
    name: str
    #: 16 hexadecimal digits of the file's bytes
    fingerprint: str
    objects: tuple[Body, ...] = field(repr=False)
    pages: tuple[Leaf, ...]

    def alone(self) -> "PdfFile":
        """Without links from page to page, for pages that are used one by one."""
        pages = (replace(p, links=tuple(i for i in p.links if isinstance(i.target, str))) for p in self.pages)
        return replace(self, pages=tuple(pages))


def moved(box: Sequence[float], matrix: Matrix) -> Box:
    """The least box around one that was moved and turned."""
    x0, y0, x1, y1 = box
    a, b, c, d, e, f = matrix
    corners = ((x0, y0), (x0, y1), (x1, y0), (x1, y1))
    xs, ys = zip(*((a * x + c * y + e, b * x + d * y + f) for x, y in corners), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def same_size(pages: Sequence[Leaf], paper: tuple[float, float]) -> bool:
    """Whether each page has the paper's size, to a point (a third of a millimetre)."""
    return all(abs(p.width - paper[0]) <= 1 and abs(p.height - paper[1]) <= 1 for p in pages)
