"""Each engine: made once, then a PDF for each set of facts. One engine a process, so each imports its own."""

import io
import json
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, FileSystemLoader

from benchmarks.rivals.facts import HERE, LOGO, fonts

Engine = Callable[[dict[str, Any]], bytes]
_INK, _GREY, _NAVY, _TINT = (28, 35, 43), (102, 113, 125), (22, 50, 79), (243, 245, 248)
_WIDTHS = (7, 84, 16, 23, 23, 23)
_ALIGN = ("R", "L", "R", "R", "R", "R")


def _template(name: str, **more: Any) -> Callable[[dict[str, Any]], str]:
    env = Environment(loader=FileSystemLoader(HERE), autoescape=True)
    template = env.get_template(name)
    folder = fonts()
    return lambda facts: template.render(facts, fonts=str(folder), logo=str(LOGO), **more)


def xhtml2pdf() -> Engine:
    from xhtml2pdf import pisa

    page = _template("form.html", paged=False)

    def made(facts: dict[str, Any]) -> bytes:
        out = io.BytesIO()
        pisa.CreatePDF(page(facts), dest=out)
        return out.getvalue()

    return made


def weasyprint() -> Engine:
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    page, configuration = _template("form.html", paged=True), FontConfiguration()
    return lambda facts: HTML(string=page(facts), base_url="/").write_pdf(font_config=configuration)


def rml() -> Engine:
    from z3c.rml import rml2pdf

    page = _template("form.rml")
    return lambda facts: rml2pdf.parseString(page(facts)).read()


def typst() -> Engine:
    import typst as compiler

    folder = fonts()

    def made(facts: dict[str, Any]) -> bytes:
        inputs = {"facts": json.dumps(facts), "logo": str(LOGO)}
        return compiler.compile(str(HERE / "form.typ"), root="/", font_paths=[str(folder)], sys_inputs=inputs)

    return made


def fpdf2() -> Engine:
    from fpdf import FPDF, FontFace

    folder = fonts()

    class Form(FPDF):
        facts: dict[str, Any]

        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("Noto", size=6.5)
            self.set_text_color(*_GREY)
            self.cell(100, 4, self.facts["footer"])
            self.cell(0, 4, f"{self.facts['number']}  ·  Page {self.page_no()} of {{nb}}", align="R")

    def columns(pdf: FPDF, cells: list[tuple[str, list[str]]], *, fill: bool) -> None:
        y, wide = pdf.get_y() + 2, 176 / len(cells)
        height = 5 + 4.2 * max(len(lines) for _, lines in cells)
        if fill:
            pdf.set_fill_color(*_TINT)
            pdf.rect(17, y, 176, height, style="F")
        for at, (label, lines) in enumerate(cells):
            pdf.set_xy(18 + at * wide, y + 1)
            pdf.set_font("Noto", size=7)
            pdf.set_text_color(*_GREY)
            pdf.cell(wide, 4, label, new_x="LEFT", new_y="NEXT")
            pdf.set_font("Noto", size=8.5)
            pdf.set_text_color(*_INK)
            pdf.multi_cell(wide - 2, 4.2, "\n".join(lines), align="L")
        pdf.set_y(y + height)

    def heading(pdf: FPDF, text: str) -> None:
        pdf.set_font("Noto", "B", 11)
        pdf.set_text_color(*_NAVY)
        pdf.cell(0, 9, text, new_x="LMARGIN", new_y="NEXT")
        pdf.set_text_color(*_INK)
        pdf.set_font("Noto", size=8.5)

    def lines(pdf: FPDF, facts: dict[str, Any]) -> None:
        style = FontFace(emphasis="BOLD", color=_NAVY, size_pt=7)
        with pdf.table(col_widths=_WIDTHS, text_align=_ALIGN, headings_style=style, line_height=4.2) as table:
            table.row(("#", "Product", "Quantity", "List price", "Your price", "Amount"))
            for group in facts["groups"]:
                table.row().cell(group["name"], colspan=6, style=FontFace(emphasis="BOLD", fill_color=_TINT), align="L")
                for item in group["lines"]:
                    more = [text for text in (item["description"], item["starts"]) if text]
                    name = "\n".join([f"{item['code']} {item['name']}", *more])
                    table.row((item["number"], name, item["quantity"], item["list"], item["price"], item["net"]))
                row = table.row()
                row.cell(f"Subtotal {group['name']}", colspan=5, align="R")
                row.cell(group["total"])

    def made(facts: dict[str, Any]) -> bytes:
        pdf = Form(format="A4")
        pdf.facts = facts
        pdf.set_margins(17, 15)
        pdf.set_auto_page_break(auto=True, margin=20)
        pdf.add_font("Noto", fname=str(folder / "NotoSans-Regular.ttf"))
        pdf.add_font("Noto", "B", fname=str(folder / "NotoSans-Bold.ttf"))
        pdf.set_title(f"Order Form {facts['number']}")
        pdf.add_page()
        pdf.image(str(LOGO), h=12)
        pdf.set_y(17)
        pdf.set_font("Noto", "B", 21)
        pdf.set_text_color(*_NAVY)
        pdf.cell(0, 10, "ORDER FORM", align="R", new_x="LMARGIN", new_y="NEXT")
        keys = {"Order form number": "number", "Date": "date", "Valid until": "valid", "Currency": "currency"}
        head = [(label, [facts[key]]) for label, key in keys.items()]
        columns(pdf, head, fill=True)
        columns(pdf, [("CUSTOMER", facts["customer"]), ("SUPPLIER", facts["supplier"])], fill=False)
        people = [("Customer contact", facts["contact"]), ("Account manager", facts["owner"])]
        columns(pdf, [*people, ("Payment terms", ["Net 30 days"]), ("Billing", ["Annually in advance"])], fill=True)
        heading(pdf, "Products and services")
        lines(pdf, facts)
        pdf.set_fill_color(*_NAVY)
        pdf.set_text_color(255)
        pdf.set_font("Noto", "B", 10)
        pdf.cell(100, 8, f"Total ({facts['currency']})", fill=True)
        pdf.cell(0, 8, facts["total"], fill=True, align="R", new_x="LMARGIN", new_y="NEXT")
        heading(pdf, "Terms")
        pdf.set_font("Noto", size=7)
        with pdf.text_columns(ncols=2, gutter=6) as text:
            for term in facts["terms"]:
                text.paragraph().write(term)
                text.end_paragraph()
        pdf.set_font("Noto", size=8.5)
        if pdf.will_page_break(40):
            pdf.add_page()
        pdf.multi_cell(0, 5, "By signing, both parties agree to this order form and its terms.")
        parties = (facts["customer"][0], facts["supplier"][0])
        columns(pdf, [(name, ["", "", "Signature"]) for name in parties], fill=False)
        return bytes(pdf.output())

    return made


ENGINES: dict[str, Callable[[], Engine]] = {
    "typst": typst, "z3c.rml": rml, "fpdf2": fpdf2, "xhtml2pdf": xhtml2pdf, "weasyprint": weasyprint,
}  # fmt: skip
