"""Deals that nobody made: for a look at a form without any org. The same each time."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sfsync.records import Opportunity, Shown, Values

#: when every sample was asked for
REQUESTED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_PRODUCTS = (
    ("NW-PLT-ENT", "Platform Enterprise, named user", "Includes single sign-on and the audit log", "Software"),
    ("NW-INT-ADV", "Integration connector, advanced tier with sandbox and full replication", None, "Software"),
    ("NW-SEC-SHD", "Security shield per user", "Keys held in Frankfurt", "Software"),
    ("NW-SUP-24", "Premium support, 24 hours a day", "One hour to the first answer", "Support"),
    ("NW-ONB-5D", "Onboarding, five days on site", None, "Services"),
    ("NW-TRN-WS", "Workshop for administrators, up to twelve people", "At the customer's office", "Services"),
)
_CENT = Decimal("0.01")


def line(number: int) -> dict[str, Any]:
    """The product at this place, always the same one; every third has a start date, every fourth a discount."""
    code, name, description, family = _PRODUCTS[number % len(_PRODUCTS)]
    quantity, price = Decimal(number * 7 % 40 + 1), Decimal(number * 131 % 900 + 49) + Decimal("0.50")
    discount = Decimal(10) if number % 4 == 1 else None
    return {
        "Quantity": quantity,
        "ListPrice": (price * Decimal("1.2")).quantize(_CENT),
        "UnitPrice": price,
        "Discount": discount,
        "TotalPrice": (quantity * price * (1 - (discount or 0) / Decimal(100))).quantize(_CENT),
        "ServiceDate": date(2027, 1, 1) if number % 3 == 0 else None,
        "Description": description,
        "Product2": {"Name": name, "ProductCode": code, "Family": family},
    }


def _lines(count: int) -> tuple[dict[str, Any], ...]:
    """Family by family, as a rep sorts them."""
    numbers = sorted(range(count), key=lambda n: [p[3] for p in _PRODUCTS].index(line(n)["Product2"]["Family"]))
    return tuple(map(line, numbers))


def _usual() -> dict[str, Any]:
    contact = {"Name": "Jack Rogers", "Title": "VP, Facilities", "Email": "jrogers@burlington.example"}
    return {
        "Name": "Burlington Textiles Weaving Plant",
        "CloseDate": date(2026, 12, 18),
        "Type": "New Customer",
        "Account": {
            "Name": "Burlington Textiles Corp of America",
            "BillingStreet": "525 South Lexington Avenue",
            "BillingCity": "Burlington",
            "BillingState": "NC",
            "BillingPostalCode": "27215",
            "BillingCountry": "USA",
            "Phone": "(336) 222-7000",
        },
        "Owner": {"Name": "Ada Winter", "Email": "ada.winter@northwind.example"},
        "OpportunityContactRoles": ({"IsPrimary": True, "Contact": contact},),
        "OpportunityLineItems": _lines(6),
    }


def _long() -> dict[str, Any]:
    return _usual() | {"OpportunityLineItems": _lines(120)}


def _single() -> dict[str, Any]:
    """The least that a deal has: one product, and no contact."""
    return _usual() | {"OpportunityLineItems": (line(0),), "OpportunityContactRoles": ()}


def _world() -> dict[str, Any]:
    """Names in many scripts, on both sides of the page."""
    account = {
        "Name": "شركة المثال للتجارة (AT&T <R&D>)",
        "BillingStreet": "Οδός Ερμού 25\nул. Тверская, 7\nĐường Nguyễn Huệ 9",
        "BillingCity": "תל אביב",
        "BillingState": None,
        "BillingPostalCode": "6100000",
        "BillingCountry": "Israel",
        "Phone": "+972 3 555 01 23",
    }
    contact = {"Name": "สมชาย ใจดี", "Title": "उपाध्यक्ष", "Email": "somchai@example.com"}
    return _usual() | {"Account": account, "OpportunityContactRoles": ({"IsPrimary": True, "Contact": contact},)}


#: name -> what it is, as `--sample NAME` takes it
SAMPLES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "usual": _usual, "long": _long, "single": _single, "world": _world,
}  # fmt: skip


def sample(name: str, paths: Iterable[str], *, stage: str, currency: str) -> Opportunity:
    """The deal of that name, with a value for each path that a form asks for. KeyError for a name that is not there."""
    values = SAMPLES[name]()
    values["Amount"] = sum((item["TotalPrice"] for item in values["OpportunityLineItems"]), Decimal())
    return Opportunity(
        id="006000000000001AAA",
        name=values["Name"],
        stage=stage,
        owner_id="005000000000001AAA",
        entered_at=REQUESTED,
        moved_at=REQUESTED,
        currency=currency,
        line_currencies=frozenset(),
        values=_complete(values, sorted(paths)),
        made=None,
        shown=Shown(status=None, message=None, version=None, token=None),
    )


def _complete(values: dict[str, Any], paths: list[str]) -> Values:
    """Whatever else a template names gets a value that its name suggests."""
    for path in paths:
        many = any(other.startswith(f"{path}.") for other in paths)
        _fill(values, path.split("."), () if many else None)
    return values


def _fill(record: dict[str, Any], steps: list[str], value: Any) -> None:
    first, rest = steps[0], steps[1:]
    if not rest:
        record.setdefault(first, guess(first) if value is None else ({},))
        return
    inner = record.setdefault(first, {})
    for each in inner if isinstance(inner, tuple) else (inner,):
        _fill(each, rest, value)


def guess(name: str) -> Any:
    """A value for a field of which only its API name is known.

    >>> guess("Purchase_Order__c"), guess("Setup_Fee__c")
    ('‹Purchase Order›', Decimal('1200.00'))
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_+", " ", name.removesuffix("__c")).strip()
    last = words.split()[-1].lower() if words else ""
    if last in ("date", "day", "until", "from"):
        return (REQUESTED + timedelta(days=30)).date()
    if last in ("amount", "price", "total", "fee", "cost", "value"):
        return Decimal("1200.00")
    if last in ("quantity", "count", "number", "months", "years", "days"):
        return Decimal(12)
    if last in ("percent", "discount", "rate", "tax"):
        return Decimal(10)
    return words.startswith(("Is ", "Has ")) or f"‹{words}›"
