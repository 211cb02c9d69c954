"""A rep moves a deal to its stage. Read these first."""

from datetime import timedelta

from sfsync.salesforce.org import moment
from tests.story.conftest import STAGE


def test_the_form_lies_among_the_files_and_the_record_says_so(world):
    deal = world.deal()
    world.move(deal)
    asked = world.clock.now
    assert str(world.run()) == "1 made"

    [(title, _, version)] = world.files(deal)
    record = world.record(deal)
    assert (title, version) == ("Order Form Looms", 1)
    assert (record["Order_Form_Status__c"], record["Order_Form_Message__c"]) == ("Ready", None)
    assert record["Order_Form_Version__c"] == 1
    assert moment(record["Order_Form_Requested_At__c"]) == asked
    assert moment(record["Order_Form_Ready_At__c"]) - asked == timedelta(minutes=1)


def test_the_file_is_the_pdf_of_this_deal(world):
    deal = world.deal()
    world.move(deal)
    world.run()
    assert world.rep.download(world.files(deal)[0][1]).startswith(b"%PDF-")


def test_a_row_keeps_the_history(world):
    deal = world.deal()
    world.move(deal)
    world.run()
    [row] = world.rows(deal)
    assert (row["Key__c"], row["Version__c"], row["Form__c"]) == (f"{deal}:1", 1, "Standard")
    assert row["File_Id__c"] == world.files(deal)[0][1]
    assert row["Token__c"] == world.record(deal)["Order_Form_Token__c"]


def test_the_owners_bell_rings_once(world):
    deal = world.deal()
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.run(worker)
    assert world.bells(deal) == ["Order form ready"]
    assert world.org.notifications[0].recipient_ids == (world.record(deal)["OwnerId"],)


def test_a_record_created_straight_in_the_stage_gets_its_form_too(world):
    deal = world.deal(stage=STAGE)
    world.run()
    assert world.files(deal)


def test_nothing_happens_outside_the_stage(world):
    deal = world.deal()
    assert str(world.run()) == "nothing to do"
    assert world.files(deal) == []
    assert world.status(deal) is None


def test_an_unchanged_record_gets_nothing_new(world):
    deal = world.deal()
    world.move(deal)
    for _ in range(3):
        world.run()  # each a new worker, which sweeps
    assert world.versions(deal) == 1
    assert len(world.rows(deal)) == 1


def test_a_corrected_product_makes_version_2_of_the_same_file(world):
    deal = world.deal()
    line = world.product(deal)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.rep.update("OpportunityLineItem", line, Quantity=5)
    world.run(worker)
    [(_, _, version)] = world.files(deal)
    assert version == 2
    assert world.record(deal)["Order_Form_Version__c"] == 2
    assert world.bells(deal) == ["Order form ready", "Order form ready"]


def test_a_corrected_account_makes_version_2_though_the_deal_itself_did_not_move(world):
    account = world.account()
    deal = world.deal(account=account)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.rep.update("Account", account, BillingCity="Greensboro")
    world.run(worker)
    assert world.files(deal)[0][2] == 2


def test_what_the_form_does_not_print_makes_nothing(world):
    deal = world.deal()
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.rep.update("Opportunity", deal, NextStep="Call Jane")
    assert str(world.run(worker)) == "nothing to do"
    assert world.versions(deal) == 1


def test_a_deal_that_left_the_stage_is_frozen(world):
    deal = world.deal()
    line = world.product(deal)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.move(deal, stage="Closed Won")
    world.rep.update("OpportunityLineItem", line, Quantity=9)
    world.run(worker)
    assert world.versions(deal) == 1


def test_entering_the_stage_again_asks_again(world):
    deal = world.deal()
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.move(deal, stage="Qualification")
    world.move(deal)
    world.run(worker)
    assert world.files(deal)[0][2] == 2


def test_several_forms_with_stages_and_conditions_the_first_that_matches_wins(world):
    settings = """\
company: {name: Northwind}
order_forms:
  - {name: Renewal, stage: Order Form, template: form.xml, when: Opportunity.Type == "Renewal"}
  - {name: Big, stage: Order Form, template: form.xml, when: Opportunity.Amount >= 1000}
  - {name: Proposal, stage: Proposal/Price Quote, template: form.xml, file_name: "Proposal {{ Opportunity.Name }}"}
currency: USD
"""
    renewal, big, small, proposal = (
        world.deal(Name=n, Type=t) for n, t in zip("abcd", ("Renewal", *["New"] * 3), strict=True)
    )
    world.product(big, quantity=1000)
    world.move(renewal, big, small)
    world.move(proposal, stage="Proposal/Price Quote")
    world.run(world.worker(settings))
    assert [world.rows(d)[0]["Form__c"] for d in (renewal, big, proposal)] == ["Renewal", "Big", "Proposal"]
    assert world.files(small) == []
    assert world.files(proposal)[0][0] == "Proposal d"


def test_a_new_template_alone_makes_nothing_until_the_next_change_or_remake(world):
    deal = world.deal()
    world.move(deal)
    world.run()
    template = world.folder / "form.xml"
    template.write_text(template.read_text().replace("</form>", "<p>{{ Opportunity.Type }}</p></form>"))
    assert str(world.run()) == "nothing to do"
    world.rep.update("Opportunity", deal, Name="Better looms")
    assert str(world.run()) == "1 made"
    assert world.versions(deal) == 2
    template.write_text(template.read_text().replace("</form>", "<p>Thank you</p></form>"))
    world.run(world.worker(remake=True))
    world.run(world.worker(remake=True))
    assert world.versions(deal) == 3


def test_many_at_once_cost_few_calls(world):
    account = world.account()
    deals = [world.deal(account=account, Name=f"Deal {n}") for n in range(60)]
    world.move(*deals)
    worker = world.worker()
    before = len(world.org.calls)
    report = world.run(worker)
    assert report.made == 60
    assert len(world.org.calls) - before <= 12
    assert all(world.versions(d) == 1 for d in deals)
