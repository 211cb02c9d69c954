"""The 20-line form drawn straight on ReportLab's canvas: no template, no markup, every position written by hand.

What a programmer would write who needs this one form as fast as ReportLab allows: the same fonts, the same picture
kept from form to form, no ASCII85, and Babel for the amounts.
"""

from io import BytesIO
from typing import Any

from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from sfsync.forms.money import currency_pattern
from sfsync.forms.page.draw import placed_image
from sfsync.forms.render import settle, variables
from sfsync.forms.template.filters import FORMATTER
from sfsync.forms.text.fonts import face
from sfsync.records import OrderForm

PLAIN, BOLD = (face(bold=bold).primary.fontName for bold in (False, True))
LEFT, RIGHT, TOP, FOOT = 48.0, 547.28, 800.0, 56.0
EDGES = (48.0, 67.97, 307.6, 352.53, 417.44, 482.35, 547.28)
NAVY, INK, GREY = (0.086, 0.196, 0.31), (0.11, 0.137, 0.169), (0.4, 0.443, 0.49)
SLOTS = ((0, 145, 68, "Signature"), (153, 80, 68, "Date"), (0, 145, 104, "Name"), (153, 80, 104, "Title"))
TERMS = tuple(
    f"{n}. {title} {text}"
    for n, (title, text) in enumerate(
        (
            ("Agreement.", "This order form and the supplier's General Terms together are the agreement."),
            ("Effective date.", "The order takes effect on the day of the last signature below."),
            ("Term.", "Subscriptions begin on their start date, or else on the effective date, for twelve months."),
            ("Renewal.", "They renew for twelve months unless either party gives notice 60 days before the end."),
            ("Fees.", "Fees are as stated above, fixed for the term, and not refundable except as agreed."),
            ("Invoices.", "Subscriptions are invoiced annually in advance and services when delivered."),
            ("Taxes.", "Fees exclude taxes and duties, which the customer bears, except on income."),
            ("Use.", "The quantities above are limits. Use beyond them is invoiced at the prices above."),
            ("Data.", "Each party keeps the other's information confidential, under the agreement."),
            ("Other terms.", "Terms on the customer's purchase orders do not apply."),
        ),
        1,
    )
)


class Floor:
    """One form on one canvas."""

    def __init__(self, form: OrderForm, logo: bytes) -> None:
        settle()
        self.form, self.logo, self.out = form, logo, BytesIO()
        self.deal: Any = form.opportunity
        self.show = variables(form)[FORMATTER]
        self.pattern = currency_pattern(self.show.locale, form.currency)
        self.canvas = Canvas(self.out, (595.28, 841.89), pageCompression=1, invariant=1, initialFontName=PLAIN)
        self.canvas.setTitle(f"Order Form {form.number}")
        self.rows = self._rows()
        self.page, self.pages = 1, self._count()

    def render(self) -> bytes:
        y = self._front()
        y = self._table(y)
        self._end(y)
        self.canvas.showPage()
        self.canvas.save()
        return self.out.getvalue()

    def money(self, value: Any) -> str:
        """By Babel, whose pattern is kept with the currency's symbol in it."""
        return str(self.pattern.apply(value, self.show.locale))

    def text(  # noqa: PLR0917 (as the canvas has it)
        self, x: float, y: float, text: str, font: str = PLAIN, size: float = 8.5, colour: Any = INK
    ) -> None:
        self.canvas.setFillColorRGB(*colour)
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, text)

    def right(  # noqa: PLR0917
        self, x: float, y: float, text: str, font: str = PLAIN, size: float = 8.5, colour: Any = INK
    ) -> None:
        self.canvas.setFillColorRGB(*colour)
        self.canvas.setFont(font, size)
        self.canvas.drawRightString(x, y, text)

    def _rows(self) -> list[tuple[float, str, Any]]:
        """(height, kind, what), measured before anything is drawn, so that the number of pages is known."""
        groups: dict[str, list[Any]] = {}
        for line in self.deal["OpportunityLineItems"]:
            groups.setdefault(line["Product2"]["Family"], []).append(line)
        rows: list[tuple[float, str, Any]] = []
        number = 0
        for family, lines in groups.items():
            rows.append((18.5, "group", family))
            for line in lines:
                number += 1
                rows.append(self._measured(number, line))
            rows.append((22.0, "sum", (family, sum(line["TotalPrice"] for line in lines))))
        return rows

    def _measured(self, number: int, line: Any) -> tuple[float, str, Any]:
        code = line["Product2"]["ProductCode"] + " "
        wide = EDGES[2] - EDGES[1] - 8
        indent = stringWidth(code, BOLD, 8.5)
        name = line["Product2"]["Name"]
        if indent + stringWidth(name, PLAIN, 8.5) <= wide:
            names = [name]
        else:
            first = simpleSplit(name, PLAIN, 8.5, wide - indent)[0]
            names = [first, *simpleSplit(name[len(first) :].strip(), PLAIN, 8.5, wide)]
        small = [line["Description"]] if line["Description"] else []
        small += [f"Starts {self.show.date(line['ServiceDate'])}"] if line["ServiceDate"] else []
        return 6.8 + 11.73 * len(names) + 10.3 * len(small), "line", (number, line, code, indent, names, small)

    def _count(self) -> int:
        y, pages = 515.0, 1
        for height, _, _ in self.rows:
            if y - height < FOOT + 20:
                y, pages = 765.0, pages + 1
            y -= height
        return pages + (y < FOOT + 300)

    def _deco(self) -> None:
        c = self.canvas
        if self.page > 1:
            self.text(LEFT, TOP - 8, f"Order Form for {self.deal['Account']['Name']}", BOLD)
            self.right(RIGHT, TOP - 8, self.form.number, colour=GREY)
        c.setStrokeColorRGB(0.85, 0.87, 0.89)
        c.line(LEFT, FOOT, RIGHT, FOOT)
        company = self.form.company
        about = f"{company['name']}  ·  {company['website']}  ·  {company['email']}"
        self.text(LEFT, 42, about, size=6.5, colour=GREY)
        self.right(RIGHT, 42, f"{self.form.number}  ·  Page {self.page} of {self.pages}", size=6.5, colour=GREY)

    def _front(self) -> float:
        self._deco()
        c, deal, form, company = self.canvas, self.deal, self.form, self.form.company
        c.saveState()
        c.addLiteral(f"160 0 0 34 {LEFT} {TOP - 34} cm /{placed_image(c, self.logo)} Do")
        c.restoreState()
        self.right(RIGHT, TOP - 24, "ORDER FORM", BOLD, 21.25, NAVY)
        requested = form.requested_at.date()
        self._band(TOP - 48, (
            ("Order form number", form.number), ("Date", self.show.date(requested, "long")),
            ("Valid until", self.show.date(deal["CloseDate"], "long")), ("Currency", form.currency),
        ))  # fmt: skip
        account = deal["Account"]
        city = f"{account['BillingCity']}, {account['BillingState']} {account['BillingPostalCode']}"
        customer = (account["BillingStreet"], city, account["BillingCountry"], account["Phone"])
        supplier = (*company["address"], company["phone"], company["tax_id"])
        for x, title, name, lines in ((LEFT, "CUSTOMER", account["Name"], customer),
                                      (305.0, "SUPPLIER", company["name"], supplier)):  # fmt: skip
            self.text(x, TOP - 96, title, BOLD, 7.3, GREY)
            self.text(x, TOP - 109, name, BOLD)
            for number, line in enumerate(lines):
                self.text(x, TOP - 121 - 11.73 * number, line)
        contact = deal["OpportunityContactRoles"][0]["Contact"]
        self._band(TOP - 188, (
            ("Customer contact", contact["Name"]), ("Account manager", deal["Owner"]["Name"]),
            ("Payment terms", "Net 30 days"), ("Billing", "Annually in advance"),
        ), (contact["Title"], contact["Email"]), (deal["Owner"]["Email"],))  # fmt: skip
        self.text(LEFT, TOP - 264, "Products and services", BOLD, 11, NAVY)
        return TOP - 272

    def _band(self, y: float, pairs: Any, *smalls: Any) -> None:
        self.canvas.setFillColorRGB(0.953, 0.961, 0.973)
        height = 31 + 10 * max((len(small) for small in smalls), default=0)
        self.canvas.rect(LEFT, y - height, RIGHT - LEFT, height, stroke=0, fill=1)
        for number, (label, value) in enumerate(pairs):
            x = LEFT + 6 + number * 123
            self.text(x, y - 13, label, size=7, colour=GREY)
            self.text(x, y - 24, value)
            for row, small in enumerate(smalls[number] if number < len(smalls) else ()):
                self.text(x, y - 34 - 10 * row, small, size=7.5, colour=GREY)

    def _head(self, y: float) -> float:
        names = ("#", "Product", "Quantity", "List price", "Your price", "Amount")
        for number, name in enumerate(names):
            if number == 1:
                self.text(EDGES[1] + 4, y - 11, name, BOLD, 7, NAVY)
            else:
                self.right(EDGES[number + 1] - 4, y - 11, name, BOLD, 7, NAVY)
        self.canvas.setFillColorRGB(*NAVY)
        self.canvas.rect(LEFT, y - 17, RIGHT - LEFT, 0.9, stroke=0, fill=1)
        return y - 17

    def _table(self, y: float) -> float:
        y = self._head(y)
        for height, kind, what in self.rows:
            if y - height < FOOT + 20:
                self._turn()
                y = self._head(TOP - 20)
            if kind == "line":
                self._line(y, height, what)
            elif kind == "group":
                self.canvas.setFillColorRGB(0.953, 0.961, 0.973)
                self.canvas.rect(LEFT, y - height, RIGHT - LEFT, height, stroke=0, fill=1)
                self.text(LEFT + 4, y - 12, what, BOLD, colour=NAVY)
            else:
                self.right(EDGES[5] - 4, y - 12, f"Subtotal {what[0]}")
                self.right(RIGHT - 4, y - 12, self.money(what[1]), BOLD)
            y -= height
        return y

    def _line(self, y: float, height: float, what: Any) -> None:
        number, line, code, indent, names, small = what
        base = y - 12
        self.right(EDGES[1] - 4, base, str(number))
        self.text(EDGES[1] + 4, base, code, BOLD)
        for row, name in enumerate(names):
            self.text(EDGES[1] + 4 + (0 if row else indent), base - 11.73 * row, name)
        for row, text in enumerate(small):
            self.text(EDGES[1] + 4, base - 11.73 * len(names) - 10.3 * row, text, size=7.5, colour=GREY)
        self.right(EDGES[3] - 4, base, self.show.number(line["Quantity"]))
        for edge, name in ((4, "ListPrice"), (5, "UnitPrice"), (6, "TotalPrice")):
            self.right(EDGES[edge] - 4, base, self.money(line[name]))
        self.canvas.setFillColorRGB(0.85, 0.87, 0.89)
        self.canvas.rect(LEFT, y - height, RIGHT - LEFT, 0.5, stroke=0, fill=1)

    def _turn(self) -> None:
        self.canvas.showPage()
        self.page += 1
        self._deco()

    def _end(self, y: float) -> None:
        if y < FOOT + 300:
            self._turn()
            y = TOP - 20
        total = sum(line["TotalPrice"] for line in self.deal["OpportunityLineItems"])
        self.canvas.setFillColorRGB(*NAVY)
        self.canvas.rect(317, y - 24, RIGHT - 317, 24, stroke=0, fill=1)
        self.text(323, y - 16, f"Total ({self.form.currency})", BOLD, 10, (1, 1, 1))
        self.right(RIGHT - 4, y - 16, self.money(total), BOLD, 10, (1, 1, 1))
        self.right(RIGHT, y - 35, "Excluding value added or sales tax.", size=7, colour=GREY)
        self.text(LEFT, y - 60, "Terms", BOLD, 11, NAVY)
        for column in (0, 1):
            at = y - 74
            for term in TERMS[column * 5 : column * 5 + 5]:
                for row in simpleSplit(term, PLAIN, 7, 240):
                    self.text(LEFT + 258 * column, at, row, size=7)
                    at -= 9.7
                at -= 4
        self._sign(y - 200)

    def _sign(self, y: float) -> None:
        contact = self.deal["OpportunityContactRoles"][0]["Contact"]
        self.text(LEFT, y, "By signing, both parties agree to this order form and its terms.")
        for x, name, anchors in ((LEFT, self.deal["Account"]["Name"], ("/sn1/", "/sd1/")),
                                 (314.0, self.form.company["name"], ("/sn2/", "/sd2/"))):  # fmt: skip
            self.text(x, y - 30, name, BOLD)
            for (dx, wide, drop, label), anchor in zip(SLOTS, (*anchors, "", ""), strict=True):
                self.canvas.rect(x + dx, y - drop, wide, 0.6, stroke=0, fill=1)
                self.text(x + dx, y - drop - 9, label, size=7, colour=GREY)
                if anchor:
                    self.text(x + dx, y - drop + 5, anchor, size=4, colour=(1, 1, 1))
        self.text(LEFT, y - 101, contact["Name"])
        self.text(LEFT + 153, y - 101, contact["Title"])
