"""What an admin may switch on: several currencies, quotes, schedules. Off, it is not there at all."""

from collections.abc import Iterator

import pytest
from wire_client import METADATA, Client, Clock

from sfsync.pocketorg import PocketOrg
from sfsync.pocketorg.standard import FEATURES


@pytest.fixture(scope="module")
def full() -> Iterator[Client]:
    """The admin of an org with everything switched on."""
    with PocketOrg(metadata=[METADATA], features=FEATURES, clock=Clock()) as org:
        client = Client(org, org.token_for(org.username))
        yield client
        client.session.close()


@pytest.fixture
def dollars(full: Client) -> str:
    """A deal in dollars."""
    return full.create(
        "Opportunity", Name="D", StageName="Prospecting", CloseDate="2026-06-30", CurrencyIsoCode="USD", Amount=1100
    )


@pytest.fixture
def entry(full: Client) -> dict:
    return full.query("SELECT Id, Product2Id, Pricebook2Id, UnitPrice FROM PricebookEntry LIMIT 1")[0]


@pytest.fixture
def euros(full: Client) -> str:
    return full.create("Opportunity", Name="E", StageName="Prospecting", CloseDate="2026-06-30")


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json()[0]["errorCode"]


@pytest.mark.parametrize("sobject", ["CurrencyType", "Quote", "QuoteLineItem", "OpportunityLineItemSchedule"])
def test_an_object_of_a_feature_that_is_off_is_an_invalid_type(admin, sobject):
    assert refusal(admin("GET", f"/query?q=SELECT+Id+FROM+{sobject}")) == (400, "INVALID_TYPE")
    assert refusal(admin("GET", f"/sobjects/{sobject}/describe")) == (404, "NOT_FOUND")


@pytest.mark.parametrize("field", ["CurrencyIsoCode", "SyncedQuoteId", "convertCurrency(Amount)"])
def test_a_field_of_a_feature_that_is_off_is_an_invalid_field(admin, field):
    assert refusal(admin("GET", f"/query?q=SELECT+{field}+FROM+Opportunity")) == (400, "INVALID_FIELD")


def test_an_unknown_feature_is_refused():
    with pytest.raises(ValueError, match="no such feature: teleport"):
        PocketOrg(features={"teleport"})


def test_a_record_counts_in_the_corporate_currency_unless_it_names_another(full, euros, dollars):
    assert full.read("Opportunity", euros)["CurrencyIsoCode"] == "EUR"
    assert full.read("Opportunity", dollars)["CurrencyIsoCode"] == "USD"
    assert full.query("SELECT CurrencyIsoCode FROM Order_Form__c") == []
    assert {row["CurrencyIsoCode"] for row in full.query("SELECT CurrencyIsoCode FROM Account")} == {"EUR"}


def test_a_user_has_a_currency_of_his_own(full):
    user = full.query("SELECT Id FROM User WHERE Username = 'admin@pocketorg.example'")[0]["Id"]
    full.update("User", user, DefaultCurrencyIsoCode="GBP")
    try:
        new = full.create("Account", Name="G")
        assert full.read("Account", new)["CurrencyIsoCode"] == "GBP"
    finally:
        full.update("User", user, DefaultCurrencyIsoCode="EUR")


def test_a_currency_that_is_not_active_is_a_bad_value(full):
    response = full("POST", "/sobjects/Account", json={"Name": "J", "CurrencyIsoCode": "JPY"})
    assert refusal(response) == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    full.create("CurrencyType", IsoCode="JPY", ConversionRate=160, IsActive=True)
    assert full.create("Account", Name="J", CurrencyIsoCode="JPY")


def test_a_product_is_priced_in_the_deals_currency(full, dollars, entry):
    line = {"OpportunityId": dollars, "PricebookEntryId": entry["Id"], "Quantity": 1, "UnitPrice": 5}
    response = full("POST", "/sobjects/OpportunityLineItem", json=line)
    assert refusal(response) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert "currency code does not match opportunity currency code" in response.json()[0]["message"]


def test_a_deal_with_products_keeps_its_currency(full, euros, entry):
    line = {"OpportunityId": euros, "PricebookEntryId": entry["Id"], "Quantity": 1, "UnitPrice": 5}
    made = full.create("OpportunityLineItem", **line)
    assert full.read("OpportunityLineItem", made)["CurrencyIsoCode"] == "EUR"
    response = full("PATCH", f"/sobjects/Opportunity/{euros}", json={"CurrencyIsoCode": "USD"})
    assert refusal(response) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_money_is_converted_to_the_users_currency_on_request(full, dollars):
    where = f"FROM Opportunity WHERE Id = '{dollars}'"
    assert full.query(f"SELECT convertCurrency(Amount) {where}")[0]["Amount"] == pytest.approx(1000)
    assert full.query(f"SELECT FORMAT(Amount) a {where}")[0]["a"] == "USD 1,100.00 (EUR 1,000.00)"
    assert full.query(f"SELECT FORMAT(convertCurrency(Amount)) a {where}")[0]["a"] == "EUR 1,000.00"
    assert full.query(f"SELECT SUM(Amount) s {where}")[0]["s"] == pytest.approx(1000)


@pytest.mark.parametrize(("condition", "found"), [("= USD1100", 1), ("> GBP850", 0), (">= GBP850", 1), ("= 1100", 1)])
def test_money_is_compared_across_currencies(full, dollars, condition, found):
    rows = full.query(f"SELECT Id FROM Opportunity WHERE Id = '{dollars}' AND Amount {condition}")
    assert len(rows) == found


def test_a_quote_adds_up_its_lines(full, euros, entry):
    full.update("Opportunity", euros, Pricebook2Id=entry["Pricebook2Id"])
    quote = full.create("Quote", Name="Q", OpportunityId=euros, Tax=10)
    line = {"QuoteId": quote, "PricebookEntryId": entry["Id"], "Quantity": 2, "UnitPrice": 100, "Discount": 10}
    made = full.create("QuoteLineItem", **line)
    record = full.read("Quote", quote)
    assert (record["LineItemCount"], record["Subtotal"], record["TotalPrice"]) == (1, 200.0, 180.0)
    assert (record["Discount"], record["GrandTotal"], record["Status"]) == (10.0, 190.0, "Draft")
    assert full.read("QuoteLineItem", made)["TotalPrice"] == 180.0
    listed = full.query(f"SELECT Id, (SELECT Name FROM Quotes) FROM Opportunity WHERE Id = '{euros}'")
    assert listed[0]["Quotes"]["totalSize"] == 1
    full("DELETE", f"/sobjects/QuoteLineItem/{made}")
    assert full.read("Quote", quote)["GrandTotal"] == 10.0


def test_a_schedule_rules_quantity_and_total_of_its_line(full, euros, entry):
    line = {"OpportunityId": euros, "PricebookEntryId": entry["Id"], "Quantity": 1, "UnitPrice": 5}
    made = full.create("OpportunityLineItem", **line)
    part = {"OpportunityLineItemId": made, "Type": "Revenue", "Revenue": 300, "ScheduleDate": "2026-07-01"}
    assert refusal(full("POST", "/sobjects/OpportunityLineItemSchedule", json=part)) == (
        400,
        "FIELD_INTEGRITY_EXCEPTION",
    )
    full.update("Product2", entry["Product2Id"], CanUseRevenueSchedule=True)
    for day in ("2026-07-01", "2026-08-01"):
        full.create("OpportunityLineItemSchedule", **part | {"ScheduleDate": day})
    record = full.read("OpportunityLineItem", made)
    assert (record["HasRevenueSchedule"], record["HasQuantitySchedule"], record["TotalPrice"]) == (True, False, 600.0)
    assert full.read("Opportunity", euros)["Amount"] == 600.0


def test_a_file_of_an_org_can_be_opened_with_more_switched_on(tmp_path):
    path = tmp_path / "org.sqlite"
    PocketOrg(db=path).stop()
    org = PocketOrg(db=path, features={"multicurrency"})
    assert {row["CurrencyIsoCode"] for row in org.org.get_all("Opportunity")} == {"EUR"}
    org.stop()
