"""The record says what is missing and where, and the form comes by itself once it is mended."""

from tests.story.conftest import SETTINGS

ADDRESS = "• Add the billing address to the account. (Account: Billing Street)"


def test_the_record_says_what_is_missing_and_nothing_is_attached(world):
    deal = world.deal(account=world.account(BillingStreet=None), products=0)
    world.move(deal)
    report = world.run()
    assert (report.waiting, report.exit_code) == (1, 0)
    assert world.status(deal) == "Needs information"
    assert world.message(deal) == f"{ADDRESS}\n• Add at least one product. (Opportunity Product: none)"
    assert world.files(deal) == []
    assert world.rows(deal) == []


def test_the_bell_rings_once_and_the_words_are_written_once(world):
    deal = world.deal(account=world.account(BillingStreet=None))
    world.move(deal)
    worker = world.worker()
    for _ in range(4):
        world.run(worker)
    world.run()  # and after a restart
    assert world.bells(deal) == ["Order form needs information"]
    writes = [c for c in world.org.calls if c.method == "PATCH" and "composite" in c.path]
    assert len(writes) == 1


def test_the_bell_says_it_in_the_admins_words(world):
    deal = world.deal(account=world.account(BillingStreet=None))
    world.move(deal)
    world.run()
    assert world.org.notifications[0].body == f"Looms: {ADDRESS}"


def test_the_form_comes_by_itself_once_the_account_is_mended(world):
    account = world.account(BillingStreet=None)
    deal = world.deal(account=account)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.rep.update("Account", account, BillingStreet="525 S. Lexington Ave")
    world.run(worker)
    assert world.files(deal)
    assert (world.status(deal), world.message(deal)) == ("Ready", None)
    assert world.bells(deal) == ["Order form needs information", "Order form ready"]


def test_a_smaller_gap_changes_the_words_without_another_bell(world):
    account = world.account(BillingStreet=None)
    deal = world.deal(account=account, products=0)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.product(deal)
    world.run(worker)
    assert world.message(deal) == ADDRESS
    assert world.bells(deal) == ["Order form needs information"]


def test_a_gap_that_opens_after_the_form_leaves_the_old_file_and_says_so(world):
    account = world.account()
    deal = world.deal(account=account)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.rep.update("Account", account, BillingStreet=None)
    world.run(worker)
    assert (world.status(deal), world.versions(deal)) == ("Needs information", 1)
    world.rep.update("Account", account, BillingStreet="525 S. Lexington Ave")
    world.run(worker)
    assert (world.status(deal), world.message(deal), world.versions(deal)) == ("Ready", None, 1)


def test_an_amount_that_disagrees_with_the_products_is_told_and_not_printed(world):
    deal = world.deal()
    world.org.org.store.db.execute('UPDATE "Opportunity" SET "Amount" = 999 WHERE "Id" = ?', [deal])
    world.move(deal)
    world.run()
    assert world.message(deal) == (
        "• The products add up to $20.00, but Amount says $999.00. Correct the products or the amount."
    )


def test_one_bad_record_never_holds_up_the_others(world):
    account = world.account()
    bad = world.deal(account=world.account(BillingStreet=None))
    hostile = world.deal(account=world.account(Name='AT&T <Corp> "R&D" {{ 7*7 }}'), Name="</form>'; --\\")
    good = world.deal(account=account)
    world.move(bad, hostile, good)
    report = world.run()
    assert (report.made, report.waiting) == (2, 1)
    assert world.files(hostile)[0][0] == "Order Form --form-'; ---"
    assert world.files(good)


def test_an_org_without_the_notification_type_works_all_the_same(world):
    for row in world.org.org.get_all("CustomNotificationType"):
        world.org.org.store.db.execute('DELETE FROM "CustomNotificationType" WHERE "Id" = ?', [row["Id"]])
    deal = world.deal()
    world.move(deal)
    assert world.run().exit_code == 0
    assert world.files(deal)
    assert world.org.notifications == []


def test_a_deal_that_leaves_the_stage_asks_for_nothing_any_more(world):
    deal = world.deal(products=0)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    world.move(deal, stage="Closed Lost")
    world.run(worker)
    assert (world.status(deal), world.message(deal)) == (None, None)


def test_the_record_and_the_bell_speak_in_the_words_of_the_settings(world):
    words = 'messages: {place_empty: "{object}: nichts", incomplete_title: Angaben fehlen, bell: "{message}"}\n'
    deal = world.deal(products=0)
    world.move(deal)
    world.run(world.worker(SETTINGS + words))
    assert world.message(deal) == "• Add at least one product. (Opportunity Product: nichts)"
    assert world.bells(deal) == ["Angaben fehlen"]
    assert world.org.notifications[0].body == world.message(deal)
