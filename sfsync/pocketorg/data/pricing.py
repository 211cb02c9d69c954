"""The price of a line, of a deal as of a quote: where it comes from, and what quantity and discount make of it.

Source: Object Reference, "OpportunityLineItem", "QuoteLineItem", "PricebookEntry".
"""

from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Work
from sfsync.pocketorg.errors import ApiError


def entry(work: Work, row: Row, parent: Row, kind: str) -> Row:
    """Find the price book entry of a line, by Id or by product and price book. `kind` is what the parent is called.

    A parent without a price book gets the entry's.
    """
    found = _find(work, row, parent)
    if found is None:
        text = "PricebookEntryId, unknown (versions 3.0 and higher must specify pricebook entry id; "
        raise integrity(text + "others must specify product id)", ["PricebookEntryId", "unknown"])
    if not found["IsActive"]:
        raise integrity("PricebookEntryId (pricebook entry is inactive)", ["PricebookEntryId"])
    if found.get("CurrencyIsoCode") != parent.get("CurrencyIsoCode"):
        text = f"PricebookEntryId (pricebook entry currency code does not match {kind} currency code)"
        raise integrity(text, ["PricebookEntryId"])
    if not parent.get("Pricebook2Id"):
        work.change(kind.title(), parent["Id"], {"Pricebook2Id": found["Pricebook2Id"]})
    elif parent["Pricebook2Id"] != found["Pricebook2Id"]:
        text = f"PricebookEntryId (pricebook entry is in a different pricebook than the one assigned to the {kind})"
        raise integrity(text, ["PricebookEntryId"])
    return found


def _find(work: Work, row: Row, parent: Row) -> Row | None:
    if row.get("PricebookEntryId"):
        return work.get("PricebookEntry", row["PricebookEntryId"])
    if not row.get("Product2Id") or not parent.get("Pricebook2Id"):
        return None
    same = {name: parent[name] for name in ("Pricebook2Id", "CurrencyIsoCode") if name in parent}
    found = work.find("PricebookEntry", Product2Id=row["Product2Id"], **same)
    return found[0] if found else None


def price(row: Row, *, by_total: bool) -> None:
    """Bring quantity, unit price, discount (percent) and total into line."""
    quantity, factor = row.get("Quantity"), 1 - (row.get("Discount") or 0) / 100
    if quantity is None:
        return
    if quantity == 0:
        raise integrity("Quantity (quantity can not be zero)", ["Quantity"])
    if by_total and row["TotalPrice"] is not None:
        row["UnitPrice"] = row["TotalPrice"] / quantity / factor if factor else 0.0
    elif row["UnitPrice"] is not None:
        row["TotalPrice"] = _product(quantity, row["UnitPrice"], factor)
    row["Subtotal"] = _product(quantity, row["UnitPrice"] or 0.0, 1)


def _product(quantity: float, price: float, factor: float) -> float:
    # twelve places keep a cent exact and let 0.1 + 0.2 be 0.3
    return round(quantity * price * factor, 12)


def integrity(text: str, fields: list[str]) -> ApiError:
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", f"field integrity exception: {text}", fields)
