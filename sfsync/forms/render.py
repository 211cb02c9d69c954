"""(OrderForm, Template) -> Pdf: a pure function. The same form gives the same bytes, in every process, at any time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from functools import lru_cache
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from reportlab import rl_config
from reportlab.lib.utils import TimeStamp
from reportlab.pdfgen.canvas import Canvas

import sfsync
from sfsync.forms import signing
from sfsync.forms.blocks import blocks, rows
from sfsync.forms.design import Design
from sfsync.forms.draw import Pen
from sfsync.forms.filters import FORMATTER
from sfsync.forms.fonts import face
from sfsync.forms.inline import Setting, plain
from sfsync.forms.money import formatter
from sfsync.forms.pages import Page, paginate
from sfsync.forms.paths import COMPANY_KEYS
from sfsync.forms.pictures import encoded
from sfsync.forms.rows import Row, stacked
from sfsync.forms.template import Template
from sfsync.forms.theme import Theme
from sfsync.records import OrderForm, Pdf

_EDGES = ("header", "footer")
#: between header, body and footer
_AIR = 14.0
#: less than this for the body is no page
_LEAST_ROOM = 120.0


def render(form: OrderForm, design: Design) -> Pdf:
    """The form as a PDF. Raises SetupError with the template's line where it does not fit the data."""
    root = ET.fromstring(design.template.markup(variables(form), form.terms))  # noqa: S314 (our own markup; no entities are known)
    sheet = _Sheet.of(root, design)
    pages = sheet.pages()
    signing.check(sheet.setting.marks, pages)
    content = _written(sheet, pages, form, design)
    return Pdf(content=content, pages=len(pages), missing=_missing(pages))


def warm(design: Design) -> None:
    """Loads fonts and pictures and compiles the template, so that the first form is as quick as the second."""
    settle()
    for bold in (False, True):
        face(bold)
    _sizes(design.template)


def variables(form: OrderForm) -> dict[str, Any]:
    """What a template sees."""
    requested = form.requested_at.astimezone(ZoneInfo(form.time_zone))
    return {
        "Opportunity": form.opportunity,
        "company": {key: form.company.get(key) for key in COMPANY_KEYS},
        "form": {
            "number": form.number,
            "version": form.version,
            "requested_on": requested.date(),
            "currency": form.currency,
            "name": form.name,
            "title": form.title,
        },
        FORMATTER: formatter(form.locale, form.currency, form.time_zone),
    }


@dataclass(frozen=True)
class _Sheet:
    """The form's element, and how it is to look."""

    root: ET.Element
    setting: Setting
    images: Mapping[str, bytes]

    @classmethod
    def of(cls, root: ET.Element, design: Design) -> "_Sheet":
        return cls(root, Setting(design.theme, design.template.name, _sizes(design.template)), design.template.images)

    @property
    def theme(self) -> Theme:
        return self.setting.theme

    def pages(self) -> list[Page]:
        """Rows at their distance from the paper's top, headers and footers among them."""
        body = [element for element in self.root if element.tag not in _EDGES]
        edges = [tuple(self._edge(tag, first, "99", "99") for tag in _EDGES) for first in (True, False)]
        rooms = [self._room(*edge) for edge in edges]
        if min(rooms) < _LEAST_ROOM:
            self.setting.wrong(self.root, "Header, footer and margins leave no room on the page.")
        found = paginate(blocks(body, self.theme.width, self.setting), lambda number: rooms[min(number, 1)])
        counts = [self._counts(tag) for tag in _EDGES]
        return [
            self._page(page, *(
                self._edge(tag, number == 1, str(number), str(len(found))) if counting else measured
                for tag, counting, measured in zip(_EDGES, counts, edges[min(number - 1, 1)], strict=True)
            ))
            for number, page in enumerate(found, 1)
        ]  # fmt: skip

    def _counts(self, tag: str) -> bool:
        """Whether it prints page numbers, and so is another one on each page."""
        return any(e.find(f".//{name}") is not None for e in self.root.iterfind(tag) for name in ("page", "pages"))

    def _edge(self, tag: str, first: bool, page: str, pages: str) -> Row:
        """The header or footer of the first page, or of a later one."""
        wanted = ("every", "first" if first else "later")
        setting = replace(self.setting, page=page, pages=pages)
        return stacked([
            row for element in self.root.iterfind(tag) if element.get("on", "every") in wanted
            for row in rows(element, self.theme.width, setting)
        ])  # fmt: skip

    def _room(self, header: Row, footer: Row) -> float:
        air = sum(_AIR for row in (header, footer) if row.height)
        return self.theme.page[1] - self.theme.margins[0] - self.theme.margins[2] - header.height - footer.height - air

    def _page(self, page: Page, header: Row, footer: Row) -> Page:
        top = self.theme.margins[0] + (header.height + _AIR if header.height else 0)
        body = [(top + y, row) for y, row in page]
        return [
            (self.theme.margins[0], header),
            *body,
            (self.theme.page[1] - self.theme.margins[2] - footer.height, footer),
        ]


def _written(sheet: _Sheet, pages: Iterable[Page], form: OrderForm, design: Design) -> bytes:
    settle()
    out = BytesIO()
    first, language = face().primary.fontName, sheet.root.get("lang") or form.locale.replace("_", "-")
    canvas = Canvas(out, sheet.theme.page, pageCompression=1, invariant=1, initialFontName=first, lang=language)
    _inscribe(canvas, sheet, form, design)
    pen = Pen(canvas, sheet.theme.page[1], sheet.images)
    for page in pages:
        pen.draw(sheet.theme.margins[3], page)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _inscribe(canvas: Canvas, sheet: _Sheet, form: OrderForm, design: Design) -> None:
    """Who made it, of what, and when it was asked for: never the clock's time."""
    says = sheet.setting.read(sheet.root)
    canvas.setTitle(plain(says["title"]))
    canvas.setAuthor(plain(says.get("author")) or str(form.company.get("name") or ""))
    canvas.setSubject(plain(says.get("subject")) or form.name)
    canvas.setCreator(f"sfsync {sfsync.__version__}")
    canvas.setKeywords(f"{form.number}, template {design.fingerprint}")
    canvas._doc._timeStamp = _Moment(form)  # noqa: SLF001 (ReportLab offers an environment variable only)


class _Moment(TimeStamp):  # type: ignore[misc]  # ReportLab has no types
    """The PDF's dates: when the form was asked for, in UTC."""

    def __init__(self, form: OrderForm) -> None:
        moment = form.requested_at.astimezone(UTC)
        self.t = moment.timestamp()
        self.lt = moment.timetuple()
        self.YMDhms = tuple(self.lt)[:6]
        self.dhh = self.dmm = 0
        self.tzname = "UTC"


@lru_cache(maxsize=1)
def settle() -> None:
    """ReportLab keeps these for the whole process. Streams are binary: ASCII85 costs a quarter more bytes and 2 ms."""
    rl_config.useA85 = 0


@lru_cache(maxsize=32)
def _sizes(template: Template) -> dict[str, tuple[int, int]]:
    sizes = {}
    for name, data in template.images.items():
        image = encoded(data)
        sizes[name] = image.width, image.height
    return sizes


def _texts(pages: Iterable[Page]) -> Iterable[tuple[bool, str]]:
    return (
        (piece.style.bold, piece.text)
        for page in pages for _, row in page for cell in row.cells for line in cell.lines for piece in line.pieces
    )  # fmt: skip


def _missing(pages: Iterable[Page]) -> str:
    """Each character once, in the order of the page."""
    return "".join(
        dict.fromkeys(c for bold, text in _texts(pages) if not text.isascii() for c in face(bold).missing(text))
    )
