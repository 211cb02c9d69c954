"""What the form says, as every engine gets it: texts that are formatted already."""

import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any

import pymupdf_fonts

from benchmarks.floor import TERMS
from benchmarks.render import numbered
from sfsync.forms.render import variables
from sfsync.forms.template.filters import FORMATTER

HERE = Path(__file__).parent
LOGO = HERE.parents[1] / "templates" / "northwind.png"


def fonts() -> Path:
    """A folder with the two fonts that sfsync embeds, as files: NotoSans-Regular.ttf and NotoSans-Bold.ttf."""
    folder = Path(tempfile.mkdtemp(prefix="fonts-"))
    for name, file in (("notos", "NotoSans-Regular.ttf"), ("notosbo", "NotoSans-Bold.ttf")):
        (folder / file).write_bytes(pymupdf_fonts.myfont(name))
    return folder


def facts(number: int, lines: int) -> dict[str, Any]:
    """The form of this number; no two have an amount in common."""
    form = numbered(number, lines)
    show = variables(form)[FORMATTER]
    deal = form.opportunity
    items = deal["OpportunityLineItems"]
    groups = []
    for family, members in groupby(items, key=lambda item: item["Product2"]["Family"]):
        own = list(members)
        groups.append({
            "name": family,
            "total": show.money(sum(item["TotalPrice"] for item in own)),
            "lines": [_line(item, show) for item in own],
        })  # fmt: skip
    for at, item in enumerate((item for group in groups for item in group["lines"]), 1):
        item["number"] = str(at)
    account, owner = deal["Account"], deal["Owner"]
    contact = deal["OpportunityContactRoles"][0]["Contact"]
    return {
        "number": form.number,
        "date": show.date(form.requested_at.date(), "long"),
        "valid": show.date(deal["CloseDate"], "long"),
        "currency": form.currency,
        "customer": [
            account["Name"], account["BillingStreet"],
            f"{account['BillingCity']}, {account['BillingState']} {account['BillingPostalCode']}",
            account["BillingCountry"], account["Phone"],
        ],
        "supplier": [form.company["name"], *form.company["address"], form.company["phone"], form.company["tax_id"]],
        "contact": [contact["Name"], contact["Title"], contact["Email"]],
        "owner": [owner["Name"], owner["Email"]],
        "groups": groups,
        "total": show.money(sum(item["TotalPrice"] for item in items)),
        "terms": TERMS,
        "footer": f"{form.company['name']}  ·  {form.company['website']}  ·  {form.company['email']}",
    }  # fmt: skip


def _line(item: Any, show: Any) -> dict[str, str]:
    return {
        "code": item["Product2"]["ProductCode"],
        "name": item["Product2"]["Name"],
        "description": item["Description"] or "",
        "starts": f"Starts {show.date(item['ServiceDate'])}" if item["ServiceDate"] else "",
        "quantity": show.number(item["Quantity"]),
        "list": show.money(item["ListPrice"]),
        "price": show.money(item["UnitPrice"]),
        "net": show.money(item["TotalPrice"]),
    }
