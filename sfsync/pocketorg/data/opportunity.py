"""What an Opportunity, its products and its contacts do of themselves when they change.

Source: Object Reference, "Opportunity", "OpportunityLineItem", "OpportunityContactRole", "OpportunityHistory".
"""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

from datetime import date
from typing import Any

from sfsync.pocketorg.data import pricing
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Logic, Work
from sfsync.pocketorg.errors import ApiError

#: a change of one of these is a row of OpportunityHistory
_HISTORY = ("Amount", "Probability", "StageName", "CloseDate")
_KEPT_IN_HISTORY = ("StageName", "Amount", "ExpectedRevenue", "CloseDate", "Probability", "ForecastCategory")
#: of a product, and of its lines; there only where schedules are switched on
_SCHEDULING = ("CanUseQuantitySchedule", "CanUseRevenueSchedule")
#: ForecastCategory's values for the names in ForecastCategoryName
_FORECASTS = {"Commit": "Forecast", "Best Case": "BestCase", "Most Likely": "MostLikely"}


class Opportunity(Logic):
    """The stage rules probability and forecast; products rule the amount; every step leaves a row of history."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        row.setdefault("HasOpportunityLineItem", 0)
        _follow_stage(work, row, given)
        _derive(row)

    def after_insert(self, work: Work, row: Row) -> None:
        _add_history(work, row, {})
        if row.get("ContactId"):
            role = {"OpportunityId": row["Id"], "ContactId": row["ContactId"], "IsPrimary": 1}
            work.add("OpportunityContactRole", role)

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        if old["HasOpportunityLineItem"]:
            new["Amount"] = old["Amount"]  # silently, as documented
            _keep_price_book(old, new)
        if new["StageName"] != old["StageName"]:
            new["LastStageChangeDate"] = work.now
            _follow_stage(work, new, given)
        elif new.get("ForecastCategoryName") != old.get("ForecastCategoryName"):
            new["ForecastCategory"] = _forecast(new["ForecastCategoryName"])
        if (new["CloseDate"] or "")[:7] > (old["CloseDate"] or "")[:7]:
            new["PushCount"] = (old.get("PushCount") or 0) + 1
        _derive(new)

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        if any(old.get(name) != new.get(name) for name in _HISTORY):
            _add_history(work, new, old)


def _follow_stage(work: Work, row: Row, given: frozenset[str]) -> None:
    """Take from the stage what the caller did not set himself. A stage that nobody set up counts as open, at 0 %."""
    wanted = (row.get("StageName") or "").lower()
    stages = work.store.find("OpportunityStage")
    stage = next((s for s in stages if wanted in {s["ApiName"].lower(), s["MasterLabel"].lower()}), {})
    row["IsClosed"], row["IsWon"] = stage.get("IsClosed") or 0, stage.get("IsWon") or 0
    if row.get("Probability") is None or "Probability" not in given:
        row["Probability"] = stage.get("DefaultProbability") or 0.0
    if row.get("ForecastCategoryName") is None or "ForecastCategoryName" not in given:
        row["ForecastCategoryName"] = stage.get("ForecastCategoryName") or "Pipeline"
    row["ForecastCategory"] = _forecast(row["ForecastCategoryName"])


def _forecast(name: str) -> str:
    return _FORECASTS.get(name, name)


def _derive(row: Row) -> None:
    """Work out what follows from amount, probability and close date. The fiscal year is the calendar's."""
    if row.get("Amount") is None:
        row["ExpectedRevenue"] = None
    else:
        row["ExpectedRevenue"] = row["Amount"] * (row.get("Probability") or 0) / 100
    if row.get("CloseDate"):
        day = date.fromisoformat(row["CloseDate"])
        quarter = (day.month + 2) // 3
        row["FiscalYear"], row["FiscalQuarter"], row["Fiscal"] = day.year, quarter, f"{day.year} {quarter}"


def _keep_price_book(old: Row, new: Row) -> None:
    for name in ("Pricebook2Id", "CurrencyIsoCode"):
        if new.get(name) != old.get(name):
            text = f"field integrity exception: {name} (can not be changed while the opportunity has products)"
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", text, [name])


def _add_history(work: Work, row: Row, old: Row) -> None:
    kept = {name: row.get(name) for name in _KEPT_IN_HISTORY}
    if "CurrencyIsoCode" in row:
        kept["CurrencyIsoCode"] = row["CurrencyIsoCode"]
    before = {"PrevAmount": old.get("Amount"), "PrevCloseDate": old.get("CloseDate")}
    history = work.add("OpportunityHistory", {"OpportunityId": row["Id"], **kept, **before})
    latest = {
        f"Last{name}ChangedHistoryId": history
        for name in ("Amount", "CloseDate")
        if old and row.get(name) != old.get(name)
    }
    work.store.update("Opportunity", row["Id"], latest)


class LineItem(Logic):
    """A product on a deal: priced from its price book entry, summed up in the deal's Amount."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        deal = work.get("Opportunity", row.get("OpportunityId") or "")
        if deal is None:
            return  # the required field is missed, or the reference refused, by the general rules
        entry = pricing.entry(work, row, deal, "opportunity")
        _copy_from_entry(work, row, entry, deal)
        if row.get("UnitPrice") is not None and row.get("TotalPrice") is not None:
            raise pricing.integrity(
                "UnitPrice, TotalPrice (only one of them may be specified)", ["UnitPrice", "TotalPrice"]
            )
        if row.get("UnitPrice") is None and row.get("TotalPrice") is None:
            raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [TotalPrice]", ["TotalPrice"])
        pricing.price(row, by_total=row.get("TotalPrice") is not None)

    def after_insert(self, work: Work, row: Row) -> None:
        deal = row["OpportunityId"]
        work.finish(deal, lambda: roll_up(work, deal))

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        if {"UnitPrice", "TotalPrice"} <= given:
            text = "Cannot change both 'UnitPrice' and 'TotalPrice' in update call"
            raise ApiError(400, "INVALID_FIELD", text, ["UnitPrice"])
        _leave_to_schedule(old, new)
        pricing.price(new, by_total="TotalPrice" in given)

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        roll_up(work, new["OpportunityId"])

    def after_delete(self, work: Work, row: Row) -> None:
        roll_up(work, row["OpportunityId"])


def _copy_from_entry(work: Work, row: Row, entry: Row, deal: Row) -> None:
    product = work.get("Product2", entry["Product2Id"]) or {}
    row["PricebookEntryId"], row["Product2Id"] = entry["Id"], entry["Product2Id"]
    row["ListPrice"] = entry["UnitPrice"]
    row["ProductCode"] = product.get("ProductCode")
    row["Name"] = f"{deal['Name']} {product.get('Name')}"[:376]
    row |= {key: product[key] for key in _SCHEDULING if key in product}


def roll_up(work: Work, opportunity_id: str) -> None:
    """Sum the products up in the deal. Once the last one is gone, the Amount stays as it was."""
    old = work.store.get("Opportunity", opportunity_id)
    if old is None:
        return
    total, quantity = _sums(work, opportunity_id)
    new = old | {"HasOpportunityLineItem": int(total is not None), "TotalOpportunityQuantity": quantity}
    if total is not None:
        new["Amount"] = round(total, 12)
    _derive(new)
    changes = {key: value for key, value in new.items() if value != old.get(key)}
    work.change("Opportunity", opportunity_id, changes)
    if new["Amount"] != old["Amount"]:
        _add_history(work, new, old)


def _sums(work: Work, opportunity_id: str) -> tuple[Any, Any]:
    sql = "SELECT SUM(TotalPrice), SUM(Quantity) FROM OpportunityLineItem WHERE OpportunityId = ?"
    found = work.store.db.execute(sql, (opportunity_id,)).fetchone()
    return found[0], found[1]


def _leave_to_schedule(old: Row, new: Row) -> None:
    """What a schedule adds up, a write of the line itself does not move. Source: "OpportunityLineItemSchedule"."""
    if old.get("HasQuantitySchedule"):
        new["Quantity"] = old["Quantity"]
    if old.get("HasRevenueSchedule"):
        new["TotalPrice"], new["UnitPrice"] = old["TotalPrice"], old["UnitPrice"]


class ContactRole(Logic):
    """At most one contact of a deal is the primary one, and the deal's ContactId names it."""

    def after_insert(self, work: Work, row: Row) -> None:
        if row.get("IsPrimary"):
            for other in work.find("OpportunityContactRole", OpportunityId=row["OpportunityId"], IsPrimary=1):
                if other["Id"] != row["Id"]:
                    work.change("OpportunityContactRole", other["Id"], {"IsPrimary": 0})
            work.store.update("Opportunity", row["OpportunityId"], {"ContactId": row["ContactId"]})

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        self.after_insert(work, new)
        if old["IsPrimary"] and not new["IsPrimary"]:
            self.after_delete(work, old)

    def after_delete(self, work: Work, row: Row) -> None:
        if row.get("IsPrimary"):
            work.store.update("Opportunity", row["OpportunityId"], {"ContactId": None})
