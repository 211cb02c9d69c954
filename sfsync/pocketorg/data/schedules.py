"""When a deal's product is delivered and paid: instalments that rule the product's quantity and total.

Source: Object Reference, "OpportunityLineItemSchedule", "Effects on Opportunities and Opportunity Products".
"""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

from sfsync.pocketorg.data import pricing
from sfsync.pocketorg.data.opportunity import roll_up
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Logic, Work
from sfsync.pocketorg.errors import ApiError

#: what a schedule of this type spreads: the product's switch for it, and the instalment's field
_SPREADS = {
    "Quantity": (("CanUseQuantitySchedule", "Quantity"),),
    "Revenue": (("CanUseRevenueSchedule", "Revenue"),),
    "Both": (("CanUseQuantitySchedule", "Quantity"), ("CanUseRevenueSchedule", "Revenue")),
}


class Schedule(Logic):
    """One instalment."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        line = work.store.get("OpportunityLineItem", row.get("OpportunityLineItemId") or "")
        if line is None or row.get("Type") not in _SPREADS:
            return
        product = work.store.get("Product2", line["Product2Id"]) or {}
        for switch, name in _SPREADS[row["Type"]]:
            if not product.get(switch):
                raise pricing.integrity(f"Type ({name.lower()} schedules are not enabled for this product)", ["Type"])
            if row.get(name) is None:
                raise ApiError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", [name])
        if "CurrencyIsoCode" in line:
            row["CurrencyIsoCode"] = line["CurrencyIsoCode"]

    def after_insert(self, work: Work, row: Row) -> None:
        _sum_up(work, row["OpportunityLineItemId"])

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        _sum_up(work, new["OpportunityLineItemId"])

    def after_delete(self, work: Work, row: Row) -> None:
        _sum_up(work, row["OpportunityLineItemId"])


def _sum_up(work: Work, line_id: str) -> None:
    """Let the instalments rule the line: quantities add up to its quantity, revenues to its total."""
    line = work.store.get("OpportunityLineItem", line_id)
    if line is None:
        return
    rows = work.find("OpportunityLineItemSchedule", OpportunityLineItemId=line_id)
    quantities = [row["Quantity"] or 0.0 for row in rows if row["Type"] in ("Quantity", "Both")]
    revenues = [row["Revenue"] or 0.0 for row in rows if row["Type"] in ("Revenue", "Both")]
    changes: Row = {
        "HasQuantitySchedule": int(bool(quantities)),
        "HasRevenueSchedule": int(bool(revenues)),
        "HasSchedule": int(bool(rows)),
    }
    quantity = sum(quantities) if quantities else line["Quantity"]
    total = sum(revenues) if revenues else quantity * line["UnitPrice"] * (1 - (line["Discount"] or 0) / 100)
    changes |= {"Quantity": quantity, "TotalPrice": round(total, 12)}
    if revenues and quantity:
        changes["UnitPrice"] = total / quantity
    work.change("OpportunityLineItem", line_id, changes)
    roll_up(work, line["OpportunityId"])
