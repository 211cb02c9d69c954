"""PDF files as others make them: small, and made anew by each test."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from sfsync import config
from sfsync.forms.legal import PdfForm
from tests.forms.sample import ROOT

SHIPPED_LEGAL = ROOT / "templates" / "legal_form.pdf"
Draw = Callable[[Canvas], Any]


def pdf(*pages: Draw, size: tuple[float, float] = A4) -> bytes:
    """One page for each function."""
    out = BytesIO()
    canvas = Canvas(out, size, invariant=1)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def says(text: str, x: float = 60, y: float = 700) -> Draw:
    return lambda canvas: canvas.drawString(x, y, text)


def changed(content: bytes, change: Callable[[PdfWriter], Any]) -> bytes:
    """The file after `change`."""
    writer = PdfWriter(clone_from=BytesIO(content))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def opened(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content))


def whole(content: bytes) -> str:
    """Every object of a file, streams unpacked: what is nowhere in here is nowhere in the file."""
    reader = opened(content)
    objects = (reader.get_object(number) for number in range(1, reader.trailer["/Size"]))
    return "\n".join(f"{o}\n{o.get_data()!r}" if hasattr(o, "get_data") else str(o) for o in objects)


def fields(content: bytes) -> Mapping[str, Any]:
    return opened(content).get_fields() or {}


def shipped_legal(content: bytes = SHIPPED_LEGAL.read_bytes()) -> PdfForm:
    """Legal's form, filled as config/examples.yaml says."""
    examples = config.load(ROOT / "config" / "examples.yaml").settings.order_forms
    [fill] = [form.fill for form in examples if form.template == SHIPPED_LEGAL.name]
    return PdfForm.load(content, f"templates/{SHIPPED_LEGAL.name}", fill, str)
