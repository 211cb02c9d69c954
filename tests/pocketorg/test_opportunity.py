"""Opportunities move as Salesforce moves them."""

import pytest


@pytest.fixture
def entries(admin):
    return admin.query("SELECT Id, UnitPrice, Product2Id, Product2.Name, Pricebook2Id FROM PricebookEntry LIMIT 2")


@pytest.fixture
def priced(admin, deal, entries):
    """A deal with two products."""
    for entry in entries:
        line = {"OpportunityId": deal, "PricebookEntryId": entry["Id"], "Quantity": 2, "UnitPrice": 100}
        admin.create("OpportunityLineItem", **line)
    return deal


def history(admin, deal, *fields):
    return admin.query(f"SELECT {', '.join(fields)} FROM OpportunityHistory WHERE OpportunityId = '{deal}' ORDER BY Id")


def test_a_new_deal_takes_probability_and_forecast_from_its_stage(admin, deal):
    record = admin.read("Opportunity", deal)
    assert (record["Probability"], record["ForecastCategory"], record["IsClosed"]) == (10.0, "Pipeline", False)
    assert record["LastStageChangeDate"] is None
    assert (record["FiscalYear"], record["FiscalQuarter"], record["Fiscal"]) == (2026, 2, "2026 2")


def test_a_stage_change_is_dated_and_brings_its_probability(admin, clock, deal):
    clock.advance(minutes=5)
    admin.update("Opportunity", deal, StageName="Closed Won")
    record = admin.read("Opportunity", deal)
    assert record["LastStageChangeDate"] == clock.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    assert (record["Probability"], record["IsClosed"], record["IsWon"]) == (100.0, True, True)


def test_a_probability_that_is_given_wins_over_the_stage(admin, deal):
    admin.update("Opportunity", deal, StageName="Qualification", Probability=42)
    assert admin.read("Opportunity", deal)["Probability"] == 42


def test_saving_the_same_stage_again_is_no_stage_change(admin, deal):
    admin.update("Opportunity", deal, StageName="Prospecting")
    assert admin.read("Opportunity", deal)["LastStageChangeDate"] is None


def test_every_step_leaves_a_row_of_history(admin, deal):
    admin.update("Opportunity", deal, Amount=1000)
    admin.update("Opportunity", deal, StageName="Qualification")
    admin.update("Opportunity", deal, NextStep="no step at all")
    rows = history(admin, deal, "StageName", "Amount", "PrevAmount", "ExpectedRevenue")
    assert [(r["StageName"], r["Amount"], r["PrevAmount"], r["ExpectedRevenue"]) for r in rows] == [
        ("Prospecting", None, None, None),
        ("Prospecting", 1000.0, None, 100.0),
        ("Qualification", 1000.0, 1000.0, 100.0),
    ]


def test_products_sum_up_in_the_amount(admin, clock, priced):
    record = admin.read("Opportunity", priced)
    assert (record["Amount"], record["HasOpportunityLineItem"]) == (400.0, True)
    assert record["SystemModstamp"] == clock.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    assert record["Pricebook2Id"] is not None


def test_the_amount_of_a_deal_with_products_ignores_what_one_writes(admin, priced):
    admin.update("Opportunity", priced, Amount=5, NextStep="written all the same")
    record = admin.read("Opportunity", priced)
    assert (record["Amount"], record["NextStep"]) == (400.0, "written all the same")


def test_the_price_book_of_a_deal_with_products_is_locked(admin, priced):
    refusal = admin.refused("PATCH", f"/sobjects/Opportunity/{priced}", json={"Pricebook2Id": None})
    assert refusal[:2] == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_a_line_is_priced_from_its_entry(admin, deal, entries):
    entry = entries[0]
    values = {"OpportunityId": deal, "PricebookEntryId": entry["Id"], "Quantity": 3, "UnitPrice": 10, "Discount": 50}
    line = admin.read("OpportunityLineItem", admin.create("OpportunityLineItem", **values))
    assert (line["TotalPrice"], line["Subtotal"], line["ListPrice"]) == (15.0, 30.0, entry["UnitPrice"])
    assert line["Name"] == f"Acme - Anvils {entry['Product2']['Name']}"
    admin.update("OpportunityLineItem", line["Id"], Quantity=4)
    assert admin.read("OpportunityLineItem", line["Id"])["TotalPrice"] == 20.0
    admin.update("OpportunityLineItem", line["Id"], TotalPrice=10)
    assert admin.read("OpportunityLineItem", line["Id"])["UnitPrice"] == 5.0


def test_a_line_finds_its_entry_by_product_and_price_book(admin, deal, entries):
    admin.update("Opportunity", deal, Pricebook2Id=entries[0]["Pricebook2Id"])
    values = {"OpportunityId": deal, "Product2Id": entries[0]["Product2Id"], "Quantity": 1, "TotalPrice": 7}
    line = admin.read("OpportunityLineItem", admin.create("OpportunityLineItem", **values))
    assert (line["PricebookEntryId"], line["UnitPrice"]) == (entries[0]["Id"], 7.0)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Quantity": 1, "UnitPrice": 1, "TotalPrice": 1}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Quantity": 1}, "REQUIRED_FIELD_MISSING"),
        ({"UnitPrice": 1}, "REQUIRED_FIELD_MISSING"),
        ({"Quantity": 0, "UnitPrice": 1}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Quantity": 1, "UnitPrice": 1, "PricebookEntryId": None}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_a_line_that_cannot_be_priced_is_refused(admin, deal, entries, values, code):
    body = {"OpportunityId": deal, "PricebookEntryId": entries[0]["Id"], **values}
    assert admin.refused("POST", "/sobjects/OpportunityLineItem", json=body)[:2] == (400, code)


def test_lines_are_deleted_for_good_and_the_last_one_leaves_the_amount(admin, priced):
    lines = admin.query(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{priced}'")
    admin("DELETE", f"/sobjects/OpportunityLineItem/{lines[0]['Id']}")
    assert admin.read("Opportunity", priced)["Amount"] == 200.0
    admin("DELETE", f"/sobjects/OpportunityLineItem/{lines[1]['Id']}")
    record = admin.read("Opportunity", priced)
    assert (record["Amount"], record["HasOpportunityLineItem"]) == (200.0, False)
    soql = f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{priced}'"
    assert admin.get("/queryAll", params={"q": soql}).json()["totalSize"] == 0


def test_a_deal_has_one_primary_contact(admin, deal):
    account = admin.read("Opportunity", deal)["AccountId"]
    first, second = (admin.create("Contact", LastName=name, AccountId=account) for name in ("One", "Two"))
    admin.create("OpportunityContactRole", OpportunityId=deal, ContactId=first, IsPrimary=True)
    admin.create("OpportunityContactRole", OpportunityId=deal, ContactId=second, IsPrimary=True)
    roles = admin.query(f"SELECT ContactId, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = '{deal}'")
    assert {role["ContactId"]: role["IsPrimary"] for role in roles} == {first: False, second: True}
    assert admin.read("Opportunity", deal)["ContactId"] == second


def test_a_contact_given_at_birth_is_the_primary_one(admin):
    contact = admin.create("Contact", LastName="Born")
    values = {"Name": "Born", "StageName": "Prospecting", "CloseDate": "2026-06-30", "ContactId": contact}
    born = admin.create("Opportunity", **values)
    (role,) = admin.query(f"SELECT ContactId, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = '{born}'")
    assert (role["ContactId"], role["IsPrimary"]) == (contact, True)


def test_a_change_of_the_account_does_not_touch_its_deals(admin, clock, deal):
    before = admin.read("Opportunity", deal)
    clock.advance(minutes=1)
    admin.update("Account", before["AccountId"], Name="Acme AG")
    assert admin.read("Opportunity", deal)["SystemModstamp"] == before["SystemModstamp"]


def test_a_formula_field_is_read_with_the_record(admin, deal):
    values = {"Requested_At__c": "2026-05-04T10:00:00Z", "Ready_At__c": "2026-05-04T10:00:12.000+0000"}
    row = admin.create("Order_Form__c", Opportunity__c=deal, Key__c="formula", Version__c=1, **values)
    assert admin.read("Order_Form__c", row)["Seconds__c"] == 12.0
