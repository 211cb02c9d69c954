"""A rep at work on the page, in a real browser; what was done is read back through the API."""

import pytest

from tests.browser import PHONE

pytestmark = pytest.mark.browser

BURLINGTON = "Burlington Textiles Weaving Plant Generator"
TAB, ENTER, ESCAPE = "\ue004", "\ue007", "\ue00c"


@pytest.fixture
def deal(rep):
    return rep.find(BURLINGTON)["Id"]


@pytest.fixture
def bare_deal(rep):
    """A deal with products whose account has no billing address."""
    text = "SELECT Id, AccountId FROM Opportunity WHERE Account.BillingStreet = null AND IsClosed = false"
    return rep.query(text + " AND HasOpportunityLineItem = true LIMIT 1")[0]


def value(rep, deal, name):
    return rep.query(f"SELECT {name} FROM Opportunity WHERE Id = '{deal}'")[0][name]


def stage(name):
    return f'[data-stage="{name}"]'


def edit(key):
    return f'[data-key="{key}"]'


# ------------------------------------------------------------------------- list


def test_the_list_shows_the_open_deals_with_their_stage_amount_and_form(desk, rep, deal):
    rep.update("Opportunity", deal, StageName="Order Form")
    desk.open()
    row = desk.one(f"tr:has({edit(deal)})").text
    assert all(text in row for text in (BURLINGTON, "Burlington Textiles Corp of America", "Order Form", "$331,000.00"))
    count = rep.query("SELECT COUNT(Id) n FROM Opportunity WHERE IsClosed = false")[0]["n"]
    assert len(desk.all("tbody tr")) == count


def test_the_search_finds_deals_by_name_or_account_and_takes_signs_as_they_are(desk):
    desk.open()
    desk.type("#search", "burlington textiles corp")
    desk.wait(lambda: {row.text.splitlines()[0] for row in desk.all("tbody th")} == {BURLINGTON})
    desk.type("#search", "%_'\\")
    desk.reads(".empty", "No opportunity matches.")


def test_a_link_of_the_list_leads_to_the_record_and_back_leads_to_the_list(desk, deal):
    desk.open()
    desk.click(edit(deal))
    desk.reads("h1", BURLINGTON)
    desk.chrome.back()
    desk.reads("h1", "Opportunities")


# ------------------------------------------------------------------- the record


def test_a_click_on_a_stage_moves_the_record(desk, rep, deal):
    desk.open_deal(deal)
    desk.click(stage("Order Form"))
    desk.wait(lambda: desk.one(stage("Order Form")).get_attribute("aria-current") == "step")
    assert value(rep, deal, "StageName") == "Order Form"


def test_a_form_that_arrives_appears_by_itself_with_its_version_and_opens_as_pdf(desk, rep, deal, worker):
    desk.open_deal(deal)
    desk.click(stage("Order Form"))
    desk.wait(lambda: value(rep, deal, "StageName") == "Order Form")
    worker()
    desk.reads(".banner.good", "Ready")
    desk.reads(".files", "Version 1")
    desk.click(".files a")
    desk.wait(lambda: len(desk.chrome.window_handles) == 2)
    desk.chrome.switch_to.window(desk.chrome.window_handles[1])
    desk.wait(lambda: desk.script("return document.contentType") == "application/pdf")
    assert desk.chrome.current_url.endswith(".pdf")


def test_what_is_missing_stands_on_the_record_and_is_added_there(desk, rep, bare_deal, worker):
    rep.update("Opportunity", bare_deal["Id"], StageName="Order Form")
    desk.open_deal(bare_deal["Id"])
    worker()
    desk.reads(".banner.wanting li", "Add the billing address to the account.")
    desk.click(edit("BillingAddress"))
    desk.type("[name=BillingStreet]", "1 Market Street")
    desk.type("[name=BillingCity]", "San Francisco")
    desk.press(ENTER)
    desk.reads(".value", "San Francisco")
    account = rep.query(f"SELECT BillingStreet, BillingCity FROM Account WHERE Id = '{bare_deal['AccountId']}'")[0]
    assert (account["BillingStreet"], account["BillingCity"]) == ("1 Market Street", "San Francisco")
    worker()
    desk.reads(".banner.good", "Ready")


def test_the_rep_says_there_that_a_form_was_not_right_and_why(desk, rep, deal, worker):
    rep.update("Opportunity", deal, StageName="Order Form")
    worker()
    desk.open_deal(deal)
    desk.click(edit("WasItRight"))
    desk.click('[name=Was_It_Right__c] option[value="No"]')
    desk.type("[name=What_Was_Wrong__c]", "The old address.")
    desk.click(".edit-form [type=submit]")
    desk.reads(".value", "The old address.")
    [row] = rep.query(f"SELECT Was_It_Right__c, What_Was_Wrong__c FROM Order_Form__c WHERE Opportunity__c = '{deal}'")
    assert (row["Was_It_Right__c"], row["What_Was_Wrong__c"]) == ("No", "The old address.")


def test_the_bell_counts_what_is_new_and_leads_to_the_record(desk, rep, bare_deal, worker):
    rep.update("Opportunity", bare_deal["Id"], StageName="Order Form")
    desk.open()
    worker()
    desk.reads(".count", "1")
    desk.click(".bell")
    desk.click(".notice.unread")
    desk.one(".record")
    assert bare_deal["Id"] in desk.chrome.current_url
    desk.wait(lambda: not desk.all(".count"))
    desk.open()
    assert not desk.all(".count")


def test_the_org_s_refusal_stands_at_the_field_and_escape_leaves_all_as_it_was(desk, rep, deal):
    desk.open_deal(deal)
    desk.click(edit("Name"))
    desk.type("[name=Name]", ENTER)
    desk.reads(".control .error", "Name")
    assert desk.one("[name=Name]").get_attribute("aria-invalid") is not None
    desk.press(ESCAPE)
    desk.reads(".value", BURLINGTON)
    assert value(rep, deal, "Name") == BURLINGTON


def test_a_move_that_the_org_refuses_says_why_and_leaves_the_record_where_it_was(desk, org, rep, deal):
    desk.open_deal(deal)
    org.faults.add("UNABLE_TO_LOCK_ROW", path=f"/sobjects/Opportunity/{deal}")
    before = value(rep, deal, "StageName")
    desk.click(stage("Order Form"))
    desk.one(".toast.bad")
    assert desk.one('.path [aria-current="step"]').get_attribute("data-stage") == before


def test_a_record_that_was_deleted_is_not_shown_any_longer(desk, rep, deal):
    desk.open_deal(deal)
    rep.call("DELETE", f"sobjects/Opportunity/{deal}")
    desk.reads("main [role=alert]", "does not exist")


def test_an_edit_survives_what_changes_around_it(desk, rep, deal):
    desk.open_deal(deal)
    desk.click(edit("NextStep"))
    desk.type("[name=NextStep]", "Call the customer")
    rep.update("Opportunity", deal, NextStep="Something else", Type="Existing Customer - Upgrade")
    desk.reads(".value", "Existing Customer - Upgrade")
    assert desk.one("[name=NextStep]").get_attribute("value") == "Call the customer"
    desk.press(ENTER)
    desk.reads(".value", "Call the customer")
    assert value(rep, deal, "NextStep") == "Call the customer"


def test_products_are_added_changed_and_removed(desk, rep, deal):
    lines = f"SELECT Id, Quantity FROM OpportunityLineItem WHERE OpportunityId = '{deal}' ORDER BY SortOrder NULLS LAST"
    first = rep.query(lines)[0]["Id"]
    desk.open_deal(deal)
    desk.click(edit(f"Quantity {first}"))
    desk.type("[name=Quantity]", "5")
    desk.press(ENTER)
    desk.reads("tfoot .total", "$631,000.00")
    desk.click("#add-product")
    desk.type("#new-quantity", "7")
    desk.press(ENTER)
    desk.reads("#products", "Products (4)")
    assert [row["Quantity"] for row in rep.query(lines)] == [5, 1, 3, 7]
    desk.click(f'[data-line="{first}"] .remove')
    desk.click(f'[data-line="{first}"] .remove.sure')
    desk.reads("#products", "Products (3)")
    assert first not in [row["Id"] for row in rep.query(lines)]


def test_text_of_the_org_never_becomes_markup(desk, rep, deal):
    name = "<img src=x onerror=\"document.title='broken'\"><b>Bold</b>"
    rep.update("Opportunity", deal, Name=name)
    desk.open_deal(deal)
    assert desk.text("h1") == name
    assert not desk.all("main img")


# ------------------------------------------------------------ people and devices


def test_all_can_be_done_by_keyboard_alone(desk, rep, deal):
    desk.open()
    desk.tab_to(edit(deal))
    desk.press(ENTER)
    desk.reads("h1", BURLINGTON)
    desk.tab_to(stage("Order Form"))
    desk.press(ENTER)
    desk.wait(lambda: value(rep, deal, "StageName") == "Order Form")
    desk.wait(lambda: desk.script("return document.activeElement.dataset.stage") == "Order Form")
    desk.tab_to(edit("NextStep"))
    desk.press(ENTER)
    desk.wait(lambda: desk.script("return document.activeElement.name") == "NextStep")
    desk.press("Send it", ENTER)
    desk.wait(lambda: value(rep, deal, "NextStep") == "Send it")
    desk.wait(lambda: desk.script("return document.activeElement.dataset.key") == "NextStep")


def test_whoever_tabs_sees_where_he_is(desk):
    desk.open()
    desk.press(TAB)
    desk.tab_to("#search")
    assert desk.script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("where", ["list", "record", "editing"])
def test_a_phone_never_scrolls_sideways(desk, deal, where):
    desk.resize(PHONE)
    if where == "list":
        desk.open()
    else:
        desk.open_deal(deal)
    if where == "editing":
        desk.click(edit("BillingAddress"))
        desk.click("#add-product")
        desk.one("#new-quantity")
    assert desk.script("return document.documentElement.scrollWidth") == PHONE[0]


def test_one_works_as_the_admin_and_as_the_rep(desk, org, rep, deal):
    desk.open_deal(deal)
    desk.click('#user option[value="admin@pocketorg.example"]')
    desk.wait(lambda: desk.all("h1"))
    desk.click(stage("Qualification"))
    desk.wait(lambda: value(rep, deal, "StageName") == "Qualification")
    assert value(rep, deal, "LastModifiedById") == org.user_id


def test_a_session_that_ended_is_opened_again(desk, org, deal):
    desk.open_deal(deal)
    org.org.sessions.close_all()
    desk.click(stage("Order Form"))
    desk.wait(lambda: desk.one(stage("Order Form")).get_attribute("aria-current") == "step")


def test_an_org_without_order_forms_has_a_page_as_well(desk, chrome):
    from sfsync.pocketorg.server import PocketOrg  # noqa: PLC0415 (a second org, for this test alone)

    with PocketOrg(seed="sample") as bare:
        chrome.get(bare.instance_url)
        desk.one("tbody a").click()
        desk.one(".record")
        assert not desk.all(".banner")
        chrome.get("about:blank")
        assert all(url.startswith((bare.instance_url, "about:")) for url in desk.requested())
