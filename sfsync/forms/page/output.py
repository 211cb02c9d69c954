"""From pages to a PDF file, with what lies under them and who made it. The same pages give the same bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO

from reportlab import rl_config
from reportlab.lib.utils import TimeStamp
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

import sfsync
from sfsync.forms.page.draw import Pen
from sfsync.forms.page.pages import Page
from sfsync.forms.pdf import archive
from sfsync.forms.pdf.foreign import Link, Matrix, PdfFile
from sfsync.forms.text.fonts import face

#: what other people's pages may need: transparency, JPEG 2000, OpenType fonts
_VERSION = (1, 7)
_AS_IT_IS: Matrix = (1, 0, 0, 1, 0, 0)
#: the entry of the document information that says what a form was made from
MADE_OF = "sfsync"


@dataclass(frozen=True)
class Side:
    """One page of the file: its rows, and the page of another file that lies under them."""

    paper: tuple[float, float]
    rows: Page
    #: where the rows begin, from the left
    left: float = 0
    #: a file and the number of its page, from 0
    under: tuple[PdfFile, int] | None = None
    #: what of that file lies on it: an object's number, and where it is drawn
    stamps: tuple[tuple[int, Matrix], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Imprint:
    """Who made the file, of what, and when it was asked for: never the clock's time."""

    title: str
    author: str
    subject: str
    keywords: str
    #: as browsers write it: en-US
    language: str
    requested_at: datetime
    #: for machines: see `provenance`
    made_of: str
    #: whether it is a PDF/A-2b
    archived: bool = False


def written(sides: Iterable[Side], images: Mapping[str, bytes], imprint: Imprint) -> bytes:
    """The file. `images` are those that rows name."""
    settle()
    out = BytesIO()
    canvas = Canvas(out, pageCompression=1, invariant=1, initialFontName=face().primary.fontName, lang=imprint.language)
    _inscribe(canvas, imprint)
    for side in sides:
        canvas.setPageSize(side.paper)
        if side.under:
            _lay_under(canvas, *side.under)
            for number, matrix in side.stamps:
                _stamp(canvas, side.under[0], number, matrix)
        Pen(canvas, side.paper[1], images).draw(side.left, side.rows)
        canvas.showPage()
        canvas._doc.Pages.pages[-1].Trans = None  # noqa: SLF001 (ReportLab writes an empty one, which PDF/A knows not)
    canvas.save()
    return out.getvalue()


def bare(file: PdfFile, stamps: tuple[tuple[int, Matrix], ...] = ()) -> bytes:
    """The pages of another file as an archived form would hold them, with every stamp on the first."""
    sides = [
        Side((leaf.width, leaf.height), [], 0, (file, number), () if number else stamps)
        for number, leaf in enumerate(file.pages)
    ]
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    imprint = Imprint(
        title=file.name,
        author="",
        subject="",
        keywords="",
        language="en",
        requested_at=moment,
        made_of="",
        archived=True,
    )
    return written(sides, {}, imprint)


@lru_cache(maxsize=1)
def settle() -> None:
    """ReportLab keeps these for the whole process. Streams are binary: ASCII85 costs a quarter more bytes and 2 ms."""
    rl_config.useA85 = 0


def _inscribe(canvas: Canvas, imprint: Imprint) -> None:
    document = canvas._doc  # noqa: SLF001 (ReportLab offers no other way to dates and entries)
    document.info = _Info(imprint)
    document._timeStamp = _Moment(imprint.requested_at)  # noqa: SLF001
    if imprint.archived:
        archive.declare(canvas, document.info, imprint.requested_at)


class _Info(pdfdoc.PDFInfo):  # type: ignore[misc]  # ReportLab has no types
    """The document information, with an entry of our own."""

    def __init__(self, imprint: Imprint) -> None:
        super().__init__()
        self.title, self.author, self.subject = imprint.title, imprint.author, imprint.subject
        self.creator, self.keywords = f"sfsync {sfsync.__version__}", imprint.keywords
        self._made_of = imprint.made_of

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        usual: bytes = super().format(document)
        return usual.removesuffix(b">>") + b"/" + MADE_OF.encode() + b" " + _string(self._made_of, document) + b"\n>>"


class _Moment(TimeStamp):  # type: ignore[misc]  # ReportLab has no types
    """The PDF's dates: when the form was asked for, in UTC."""

    def __init__(self, requested_at: datetime) -> None:
        moment = requested_at.astimezone(UTC)
        self.t = moment.timestamp()
        self.lt = moment.timetuple()
        self.YMDhms = tuple(self.lt)[:6]
        self.dhh = self.dmm = 0
        self.tzname = "UTC"


class _Part(pdfdoc.PDFObject):  # type: ignore[misc]  # ReportLab has no types
    """An object of another file. What it refers to enters the document as it is written."""

    __RefOnly__ = 1

    def __init__(self, file: PdfFile, number: int) -> None:
        self._file, self._number = file, number

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        return b"".join(
            part if isinstance(part, bytes) else _entered(document, self._file, part).format(document)
            for part in self._file.objects[self._number]
        )


class _Leading(pdfdoc.PDFObject):  # type: ignore[misc]  # ReportLab has no types
    """An annotation that leads somewhere; where to is known once all pages are."""

    def __init__(self, link: Link, first: int) -> None:
        self._link, self._first = link, first

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        box = " ".join(f"{side:.2f}" for side in self._link.box)
        start = f"<< /Type /Annot /Subtype /Link /Rect [{box}] /Border [0 0 0] /F 4 ".encode()
        return start + self._leads(document) + b" >>"

    def _leads(self, document: pdfdoc.PDFDocument) -> bytes:
        target = self._link.target
        if isinstance(target, int):
            page: bytes = pdfdoc.PDFObjectReference(f"Page{self._first + target}").format(document)
            return b"/Dest [" + page + b" /Fit]"
        return b"/A << /S /URI /URI " + _string(target, document) + b" >>"


def _string(text: str, document: pdfdoc.PDFDocument) -> bytes:
    string: bytes = pdfdoc.format(pdfdoc.PDFString(text), document)
    return string


def _name(file: PdfFile, number: int) -> str:
    return f"{file.fingerprint}.{number}"


def _entered(document: pdfdoc.PDFDocument, file: PdfFile, number: int) -> pdfdoc.PDFObjectReference:
    """A reference to an object of another file, which the document holds once."""
    name = pdfdoc.xObjectName(_name(file, number))
    if name not in document.idToObject:
        return document.Reference(_Part(file, number), name)
    return pdfdoc.PDFObjectReference(name)


def _lay_under(canvas: Canvas, file: PdfFile, number: int) -> None:
    """Draw the page first, so that all else lies over it; its links lie where they lay."""
    leaf, document = file.pages[number], canvas._doc  # noqa: SLF001 (as in `draw`)
    document._pdfVersion = max(document._pdfVersion, _VERSION)  # noqa: SLF001
    _stamp(canvas, file, leaf.drawn_by, _AS_IT_IS)
    for link in leaf.links:
        canvas._addAnnotation(_Leading(link, canvas.getPageNumber() - number))  # noqa: SLF001


def _stamp(canvas: Canvas, file: PdfFile, number: int, matrix: Matrix) -> None:
    _entered(canvas._doc, file, number)  # noqa: SLF001 (as in `draw`)
    name = _name(file, number)
    if name not in canvas._formsinuse:  # noqa: SLF001
        canvas._formsinuse.append(name)  # noqa: SLF001
    place = " ".join(f"{part:.4f}" for part in matrix)
    canvas.addLiteral(f"q {place} cm /{pdfdoc.xObjectName(name)} Do Q")
