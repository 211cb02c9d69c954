"""Makes `templates/legal_form.pdf`: a fillable order form such as a legal department draws up in its PDF editor.

`python -m docs.legal_form` writes it anew.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, NumberObject
from reportlab.lib.colors import black, white
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from sfsync.forms.page.output import settle
from sfsync.forms.text.fonts import face

ROWS = 8
_LEFT, _RIGHT = 56.0, A4[0] - 56.0
_GREY, _RULE = 0.35, 0.6
#: columns of the table: name, heading, where it begins, how its values are aligned (/Q)
_COLUMNS = (
    ("product", "Product or service", _LEFT, 0),
    ("quantity", "Quantity", 300, 2),
    ("price", "Unit price", 355, 2),
    ("net", "Net amount", 445, 2),
)
_CLAUSES = """\
1. This order form is made under the Master Services Agreement between the parties. Where the two disagree, this \
order form prevails.
2. Fees are stated net of tax, fixed for the initial term of twelve months, and not refundable. Invoices are due \
within thirty days.
3. Terms on the Customer's purchase orders do not apply. Changes to this order form need both parties' signatures."""


class _Form:
    """A page with what is printed on it, and the fields."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._fields = canvas.acroForm
        #: alignment of each field, which ReportLab cannot say
        self.aligned: dict[str, int] = {}

    def text(self, x: float, y: float, words: str, size: float = 8, *, bold: bool = False, grey: float = 0) -> None:
        self._canvas.setFont(face(bold=bold).primary.fontName, size)
        self._canvas.setFillGray(grey)
        self._canvas.drawString(x, y, words)

    def rule(self, x0: float, x1: float, y: float) -> None:
        self._canvas.setStrokeGray(_RULE)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(x0, y, x1, y)

    def field(self, name: str, x: float, y: float, width: float, height: float = 14, *, align: int = 0) -> None:
        several = "multiline" if height > 30 else ""  # noqa: PLR2004 (room for more than one line)
        self.aligned[name] = align
        self._fields.textfield(
            name=name, x=x, y=y, width=width, height=height, fontSize=9, fieldFlags=several, borderWidth=0,
            borderColor=None, fillColor=None, textColor=None, forceBorder=False,
        )  # fmt: skip

    def labelled(self, label: str, name: str, x: float, y: float, width: float, *, height: float = 14) -> None:
        self.text(x, y + height + 2, label, 6.5, grey=_GREY)
        self.field(name, x - 2, y, width + 2, height)
        self.rule(x, x + width, y)

    def choice(self, group: str, value: str, words: str, x: float, y: float, *, on: bool) -> None:
        self._fields.radio(
            name=group, value=value, selected=on, x=x - 1, y=y, size=13, buttonStyle="circle", borderWidth=0.5,
            fillColor=white, borderColor=black,
        )  # fmt: skip
        self.text(x + 15, y + 2, words)

    def box(self, name: str, words: str, x: float, y: float) -> None:
        self._fields.checkbox(
            name=name, x=x, y=y, size=10, buttonStyle="cross", borderWidth=0.5, fillColor=white, borderColor=black
        )
        self.text(x + 15, y + 2, words)


def drawn() -> bytes:
    """The form, the same bytes each time."""
    settle()
    out = BytesIO()
    canvas = Canvas(out, A4, pageCompression=1, invariant=1, initialFontName=face().primary.fontName, lang="en")
    canvas.setTitle("Order Form")
    form = _Form(canvas)
    _head(form)
    _table(form)
    _foot(form)
    canvas.showPage()
    canvas.save()
    return _finished(out.getvalue(), form.aligned)


def _head(form: _Form) -> None:
    form.text(_LEFT, 780, "Order Form", 16, bold=True)
    form.text(_LEFT, 766, "to the Master Services Agreement of Northwind Cloud GmbH", 8, grey=_GREY)
    form.labelled("Number", "number", 380, 772, _RIGHT - 380)
    form.labelled("Date", "date", 380, 744, 75)
    form.labelled("Valid until", "valid_until", 465, 744, _RIGHT - 465)
    form.text(_LEFT, 716, "Customer", 9, bold=True)
    form.labelled("Registered name", "customer", _LEFT, 686, 240)
    form.labelled("Billing address", "address", _LEFT, 624, 240, height=46)
    form.labelled("Contact", "contact", 316, 686, _RIGHT - 316)
    form.labelled("E-mail", "email", 316, 656, _RIGHT - 316)
    form.labelled("Account manager", "manager", 316, 624, _RIGHT - 316)


def _table(form: _Form) -> None:
    form.text(_LEFT, 590, "Products and services", 9, bold=True)
    ends = [*(column[2] for column in _COLUMNS[1:]), _RIGHT]
    for (name, heading, x, align), end in zip(_COLUMNS, ends, strict=True):
        wide = face(bold=True).width(heading) * 7
        form.text(end - wide - (2 if end == _RIGHT else 8) if align else x, 572, heading, 7, bold=True)
        for row in range(1, ROWS + 1):
            form.field(f"{name}_{row}", x - 2, 568 - 20 * row, end - x + (2 if end == _RIGHT else -4), 16, align=align)
    for row in range(ROWS + 1):
        form.rule(_LEFT, _RIGHT, 567 - 20 * row)
    form.text(355, 386, "Total, net of tax", 8, bold=True)
    form.field("total", 445, 382, _RIGHT - 445, 16, align=2)
    form.rule(355, _RIGHT, 381)


def _foot(form: _Form) -> None:
    form.choice("billing", "annually", "Invoiced annually in advance", _LEFT, 352, on=True)
    form.choice("billing", "monthly", "Invoiced monthly", 200, 352, on=False)
    form.box("purchase_order", "Invoices need a purchase order number", 316, 352)
    y = 324.0
    for line in _wrapped():
        form.text(_LEFT, y, line, 7.5)
        y -= 11
    form.labelled("Remarks", "remarks", _LEFT, y - 66, _RIGHT - _LEFT, height=54)
    for x, party in ((_LEFT, "customer"), (316.0, "supplier")):
        form.text(x, 168, f"Signed for the {party.capitalize()}", 9, bold=True)
        form.labelled("Signature", f"{party}_signature", x, 114, 150, height=32)
        form.labelled("Date", f"{party}_signed_on", x + 160, 114, 63, height=32)
    form.text(_LEFT, 60, "Northwind Cloud GmbH, Friedrichstrasse 123, 10117 Berlin, Germany", 6.5, grey=_GREY)


def _wrapped() -> Iterator[str]:
    """The clauses, line by line, in the form's text size."""
    for clause in _CLAUSES.splitlines():
        line = ""
        for word in clause.split(" "):
            longer = f"{line} {word}".strip()
            if face().width(longer) * 7.5 > _RIGHT - _LEFT:
                yield line
                longer = f"    {word}"
            line = longer
        yield line


def _finished(content: bytes, aligned: dict[str, int]) -> bytes:
    """With what ReportLab cannot say: alignment, signature fields, and no values."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
    for annotation in writer.pages[0]["/Annots"]:
        field = annotation.get_object()
        name = str(field.get("/T", ""))
        field[NameObject("/Q")] = NumberObject(aligned.get(name, 0))
        if name.endswith(("_signature", "_signed_on")):
            field[NameObject("/FT")] = NameObject("/Sig")
            for key in ("/V", "/DV", "/MaxLen", "/Ff"):
                field.pop(NameObject(key), None)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


if __name__ == "__main__":
    Path("templates/legal_form.pdf").write_bytes(drawn())
