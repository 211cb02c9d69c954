"""Quotes of a deal, and their lines.

A quote is not synchronised with its deal here: SyncedQuoteId can be read, not written.

Source: Object Reference, "Quote" and "QuoteLineItem".
"""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

from sfsync.pocketorg.data import pricing
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Logic, Work
from sfsync.pocketorg.errors import ApiError


class Quote(Logic):
    """A quote stands on its deal's account and price book, and adds up its lines."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        deal = work.store.get("Opportunity", row.get("OpportunityId") or "")
        if deal is None:
            return  # the general rules refuse it
        row["QuoteNumber"] = f"{work.store.next_number('Quote.QuoteNumber'):08d}"
        row["AccountId"] = deal["AccountId"]
        row["Pricebook2Id"] = row.get("Pricebook2Id") or deal["Pricebook2Id"]
        row["CanCreateQuoteLineItems"] = int(bool(row["Pricebook2Id"]))
        if "CurrencyIsoCode" in deal:
            row["CurrencyIsoCode"] = deal["CurrencyIsoCode"]
        row |= {"LineItemCount": 0, "Subtotal": 0.0, "TotalPrice": 0.0, "Discount": 0.0}
        _derive(row)

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        if old["LineItemCount"] and new["Pricebook2Id"] != old["Pricebook2Id"]:
            text = "field integrity exception: Pricebook2Id (can not be changed while the quote has line items)"
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", text, ["Pricebook2Id"])
        new["CanCreateQuoteLineItems"] = int(bool(new["Pricebook2Id"]))
        _derive(new)


def _derive(quote: Row) -> None:
    extras = (quote.get("Tax") or 0.0) + (quote.get("ShippingHandling") or 0.0)
    quote["GrandTotal"] = round((quote.get("TotalPrice") or 0.0) + extras, 12)


class QuoteLineItem(Logic):
    """A product on a quote; its total is quantity times price less the discount."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        quote = work.store.get("Quote", row.get("QuoteId") or "")
        if quote is None:
            return
        entry = pricing.entry(work, row, quote, "quote")
        row["Product2Id"], row["ListPrice"] = entry["Product2Id"], entry["UnitPrice"]
        row["LineNumber"] = f"{work.store.next_number('QuoteLineItem.LineNumber'):08d}"
        if "CurrencyIsoCode" in quote:
            row["CurrencyIsoCode"] = quote["CurrencyIsoCode"]
        pricing.price(row, by_total=False)

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        pricing.price(new, by_total=False)

    def after_insert(self, work: Work, row: Row) -> None:
        _roll_up(work, row["QuoteId"])

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        _roll_up(work, new["QuoteId"])

    def after_delete(self, work: Work, row: Row) -> None:
        _roll_up(work, row["QuoteId"])


def _roll_up(work: Work, quote_id: str) -> None:
    quote = work.store.get("Quote", quote_id)
    if quote is None:
        return
    lines = work.find("QuoteLineItem", QuoteId=quote_id)
    subtotal = round(sum(line["Subtotal"] or 0.0 for line in lines), 12)
    total = round(sum(line["TotalPrice"] or 0.0 for line in lines), 12)
    discount = round((subtotal - total) / subtotal * 100, 12) if subtotal else 0.0
    sums = {"LineItemCount": len(lines), "Subtotal": subtotal, "TotalPrice": total, "Discount": discount}
    new = quote | sums
    _derive(new)
    work.change("Quote", quote_id, sums | {"GrandTotal": new["GrandTotal"]})
