"""An order form such as a company sends, in as many lines as a test needs."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from sfsync.forms.design import Design
from sfsync.forms.template.template import Template
from sfsync.records import OrderForm, Pdf

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "templates" / "order_form.xml"

FAMILIES = ("Software", "Services", "Support", "Training")
PRODUCTS = (
    ("NW-PLT-ENT", "Platform Enterprise, named user", "Includes single sign-on and the audit log"),
    ("NW-INT-ADV", "Integration connector, advanced tier with sandbox and full replication", None),
    ("NW-SEC-SHD", "Security shield per user", "Keys held in Frankfurt"),
    ("NW-ONB-5D", "Onboarding, five days on site", None),
    ("NW-SUP-24", "Premium support, 24 hours a day", "One hour to the first answer"),
)


def line(number: int) -> dict[str, Any]:
    code, name, description = PRODUCTS[number % len(PRODUCTS)]
    quantity, price = Decimal(number * 7 % 40 + 1), Decimal(number * 131 % 900 + 49) + Decimal("0.50")
    return {
        "Quantity": quantity,
        "ListPrice": (price * Decimal("1.2")).quantize(Decimal("0.01")),
        "UnitPrice": price,
        "TotalPrice": quantity * price,
        "ServiceDate": date(2027, 1, 1) if number % 3 == 0 else None,
        "Description": description,
        "Product2": {"Name": name, "ProductCode": code, "Family": FAMILIES[0]},
    }


def lines(count: int, families: int = 4) -> tuple[dict[str, Any], ...]:
    found = [line(n) for n in range(count)]
    for n, item in enumerate(found):
        item["Product2"]["Family"] = FAMILIES[n * families // count]
    return tuple(found)


def account(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "Burlington Textiles Corp of America",
        "BillingStreet": "525 South Lexington Avenue",
        "BillingCity": "Burlington",
        "BillingState": "NC",
        "BillingPostalCode": "27215",
        "BillingCountry": "USA",
        "Phone": "(336) 222-7000",
    } | changes


def opportunity(items: tuple[dict[str, Any], ...] = (), **changes: Any) -> dict[str, Any]:
    contact = {"Name": "Jack Rogers", "Title": "VP, Facilities", "Email": "jrogers@burlington.example"}
    return {
        "Name": "Burlington Textiles Weaving Plant Generator",
        "CloseDate": date(2026, 12, 18),
        "Amount": sum((item["TotalPrice"] for item in items), Decimal(0)),
        "Type": "New Customer",
        "Account": account(),
        "Owner": {"Name": "Ada Winter", "Email": "ada.winter@northwind.example"},
        "OpportunityContactRoles": ({"IsPrimary": True, "Contact": contact},),
        "OpportunityLineItems": items,
    } | changes


def order_form(values: dict[str, Any] | None = None, **changes: Any) -> OrderForm:
    facts: dict[str, Any] = {
        "opportunity_id": "006RM00000A1b2cYAB",
        "name": "Standard",
        "template": "order_form.xml",
        "version": 1,
        "requested_at": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        "time_zone": "Europe/Berlin",
        "currency": "USD",
        "locale": "en_US",
        "language": "en",
        "title": "Order Form Burlington",
        "amount_tolerance": Decimal("0.01"),
        "opportunity": values or opportunity(lines(20)),
        "company": {
            "name": "Northwind Cloud GmbH",
            "logo": "northwind.png",
            "address": ("Friedrichstraße 123", "10117 Berlin", "Germany"),
            "email": "orders@northwind.example",
            "phone": "+49 30 901820",
            "website": "www.northwind.example",
            "tax_id": "VAT DE123456789",
        },
    }
    return OrderForm(**facts | changes)


def shipped() -> Design:
    return Design(Template.load(SHIPPED, name="templates/order_form.xml"))


def text_of(pdf: Pdf) -> str:
    from pypdf import PdfReader  # noqa: PLC0415 (the benchmark of cold starts imports this room, too)

    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)
