"""(OrderForm, Template) -> Pdf: a pure function. The same form gives the same bytes, in every process, at any time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from sfsync.forms.design import Design
from sfsync.forms.legal import PdfForm, filled
from sfsync.forms.money import formatter
from sfsync.forms.page import signing
from sfsync.forms.page.blocks import blocks, rows
from sfsync.forms.page.inline import Setting, plain
from sfsync.forms.page.output import Imprint, Side, settle, written
from sfsync.forms.page.pages import Block, Page, paginate
from sfsync.forms.page.rows import Row, mirrored, stacked
from sfsync.forms.page.sums import Sums
from sfsync.forms.page.theme import Theme
from sfsync.forms.pdf.foreign import PdfFile, same_size
from sfsync.forms.pictures import encoded
from sfsync.forms.provenance import Provenance
from sfsync.forms.template.filters import AMOUNTS, FORMATTER
from sfsync.forms.template.sources import COMPANY_KEYS
from sfsync.forms.template.template import Template
from sfsync.forms.text.bidi import unmarked
from sfsync.forms.text.fonts import face
from sfsync.records import OrderForm, Pdf

_EDGES = ("header", "footer")
#: between header, body and footer
_AIR = 14.0
#: less than this for the body is no page
_LEAST_ROOM = 120.0


def render(form: OrderForm, design: Design) -> Pdf:
    """The form as a PDF. Raises SetupError with the template's line where it does not fit the data."""
    if isinstance(design.template, PdfForm):
        return _filled(form, design, design.template)
    known = variables(form)
    root = design.template.tree(known, form.terms)
    theme = replace(design.theme, language=form.locale.replace("_", "-"))
    sheet = _Sheet(root, Setting(theme, design.template.name, _sizes(design.template)))
    Sums(known[AMOUNTS], known[FORMATTER], form.amount_tolerance, sheet.setting).check(root)
    sides = sheet.sides(design.letterhead, design.appendices.get(form.terms))
    signing.check(sheet.setting.marks, [side.rows for side in sides])
    says = sheet.setting.read(root)
    imprint = _imprint(form, design, unmarked(plain(says["title"])))
    imprint = replace(
        imprint,
        author=unmarked(plain(says.get("author"))) or imprint.author,
        subject=unmarked(plain(says.get("subject"))) or imprint.subject,
    )
    return _pdf(sides, design.template.images, imprint)


def _filled(form: OrderForm, design: Design, legal: PdfForm) -> Pdf:
    """Legal's own PDF, with the terms behind it as they are."""
    sides = filled(legal, form, variables(form), design.theme.family)
    if appendix := design.appendices.get(form.terms):
        sides += (Side((leaf.width, leaf.height), [], 0, (appendix, n)) for n, leaf in enumerate(appendix.pages))
    return _pdf(sides, {}, _imprint(form, design, form.title))


def _pdf(sides: Sequence[Side], images: Mapping[str, bytes], imprint: Imprint) -> Pdf:
    return Pdf(content=written(sides, images, imprint), pages=len(sides), missing=_missing(side.rows for side in sides))


def warm(design: Design) -> None:
    """Loads fonts and pictures and compiles the template, so that the first form is as quick as the second."""
    settle()
    for bold in (False, True):
        face(design.theme.family, bold=bold)
    if isinstance(design.template, Template):
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
            "language": form.language,
            "name": form.name,
            "title": form.title,
        },
        FORMATTER: formatter(form.locale, form.currency, form.time_zone),
        AMOUNTS: {},
    }


@dataclass(frozen=True)
class _Sheet:
    """The form's element, and how it is to look."""

    root: ET.Element
    setting: Setting

    @property
    def theme(self) -> Theme:
        return self.setting.theme

    def sides(self, letterhead: PdfFile | None, appendix: PdfFile | None) -> list[Side]:
        """Our own pages on the letterhead, then the appended ones under the headers and footers meant for them."""
        if letterhead and not same_size(letterhead.pages, self.theme.page):
            self.setting.wrong(self.root, f"The pages of {letterhead.name} have another size than the form's.")
        more = len(appendix.pages) if appendix else 0
        own = self._pages(more)
        last = len(letterhead.pages) - 1 if letterhead else 0
        return [
            *(
                Side(self.theme.page, page, self.theme.margins[3], (letterhead, min(n, last)) if letterhead else None)
                for n, page in enumerate(own)
            ),
            *(self._over(appendix, n, len(own)) for n in range(more) if appendix),
        ]

    def _over(self, appendix: PdfFile, n: int, before: int) -> Side:
        """An appended page with what we print on it."""
        paper = appendix.pages[n].width, appendix.pages[n].height
        there = replace(self, setting=replace(self.setting, theme=replace(self.theme, page=paper)))
        rows = there.overlay(before + n + 1, before + len(appendix.pages))
        return Side(paper, rows, self.theme.margins[3], (appendix, n))

    def overlay(self, number: int, count: int) -> Page:
        """What we print on somebody else's page."""
        return self._page([], *(self._edge(tag, "appended", str(number), str(count)) for tag in _EDGES))

    def _pages(self, more: int) -> list[Page]:
        """Rows at their distance from the paper's top, headers and footers among them; `more` pages will follow."""
        body = blocks([e for e in self.root if e.tag not in _EDGES], self.theme.width, self.setting)
        last = "99"
        edges, found = self._laid_out(body, last)
        while len(found) + more > int(last):  # a longer number may need a line more
            last += "9"
            edges, found = self._laid_out(body, last)
        counts = [self._counts(tag) for tag in _EDGES]
        return [
            self._page(page, *(
                self._edge(tag, "first" if number == 1 else "later", str(number), str(len(found) + more))
                if counting else measured
                for tag, counting, measured in zip(_EDGES, counts, edges[min(number - 1, 1)], strict=True)
            ))
            for number, page in enumerate(found, 1)
        ]  # fmt: skip

    def _laid_out(self, body: Sequence[Block], last: str) -> tuple[list[tuple[Row, ...]], list[Page]]:
        """First and later edges, and the pages between them, if none has a longer number than `last`."""
        edges = [tuple(self._edge(tag, on, last, last) for tag in _EDGES) for on in ("first", "later")]
        rooms = [self._room(*edge) for edge in edges]
        if min(rooms) < _LEAST_ROOM:
            self.setting.wrong(self.root, "Header, footer and margins leave no room on the page.")
        return edges, paginate(body, lambda number: rooms[min(number, 1)])

    def _counts(self, tag: str) -> bool:
        """Whether it prints page numbers, and so is another one on each page."""
        return any(e.find(f".//{name}") is not None for e in self.root.iterfind(tag) for name in ("page", "pages"))

    def _edge(self, tag: str, on: str, page: str, pages: str) -> Row:
        """The header or footer of the first page, of a later one, or of an appended one, which is not ours."""
        wanted = (on,) if on == "appended" else ("every", on)
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
        foot = self.theme.page[1] - self.theme.margins[2] - footer.height
        rows = [(self.theme.margins[0], header), *((top + y, row) for y, row in page), (foot, footer)]
        return [(y, mirrored(row, self.theme.width)) for y, row in rows] if self.theme.text.backwards else rows


def _imprint(form: OrderForm, design: Design, title: str) -> Imprint:
    return Imprint(
        title=title,
        author=str(form.company.get("name") or ""),
        subject=form.name,
        keywords=f"{form.number}, template {design.fingerprint}",
        language=form.locale.replace("_", "-"),
        requested_at=form.requested_at,
        made_of=Provenance.of(form, design).text(),
        archived=design.archived,
    )


@lru_cache(maxsize=32)
def _sizes(template: Template) -> dict[str, tuple[int, int]]:
    sizes = {}
    for name, data in template.images.items():
        image = encoded(data)
        sizes[name] = image.width, image.height
    return sizes


def _missing(pages: Iterable[Page]) -> str:
    """Each character once, in the order of the page."""
    rows = (row for page in pages for _, row in page)
    pieces = (piece for row in rows for cell in row.cells for line in cell.lines for piece in line.pieces)
    return "".join(dict.fromkeys(c for piece in pieces if piece.run for c in piece.run.missing))
