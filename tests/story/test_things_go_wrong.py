"""Faults, races and meddling: never lost, never twice, and the admin hears what only the admin can mend."""

import threading

import pytest

from sfsync.pocketorg.schema import ValidationRule
from sfsync.renderers import Renderers
from tests.story.conftest import SETTINGS


@pytest.mark.parametrize("trouble", ["drop", "html", 500])
def test_an_answer_lost_after_the_commit_makes_no_second_file(world, trouble):
    deals = [world.deal(Name=f"Deal {n}") for n in range(3)]
    world.move(*deals)
    world.org.faults.add(trouble, path="composite/graph", when="after")
    report = world.run()
    assert (report.made, report.exit_code) == (3, 0)  # it looked them up
    world.run()
    assert all(world.versions(d) == 1 for d in deals)


@pytest.mark.parametrize("trouble", ["drop", "html", 500])
def test_a_request_that_never_arrived_is_made_at_the_next_pass(world, trouble):
    deal = world.deal()
    world.move(deal)
    world.org.faults.add(trouble, path="composite/graph")
    worker = world.worker()
    assert world.run(worker).exit_code == 75
    assert world.run(worker).made == 1
    assert world.versions(deal) == 1


@pytest.mark.parametrize("trouble", ["drop", "html", "REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE"])
def test_an_org_that_is_down_is_tried_again_later(world, trouble):
    deal = world.deal()
    world.move(deal)
    world.org.faults.add(trouble, path="services/data", times=20)
    worker = world.worker()
    assert world.run(worker).exit_code == 75
    world.org.faults.clear()
    assert world.run(worker).made == 1


def test_a_locked_record_waits_and_the_others_go_on(world):
    locked, free = world.deal(Name="Locked"), world.deal(Name="Free")
    world.move(locked, free)
    world.org.faults.lock(locked)
    worker = world.worker()
    report = world.run(worker)
    assert (report.made, report.later, report.exit_code) == (1, 1, 75)
    world.org.faults.unlock(locked)
    assert world.run(worker).made == 1
    assert world.versions(free) == 1


def test_a_record_that_stays_locked_for_long_is_not_forgotten(world):
    deal = world.deal()
    world.move(deal)
    world.org.faults.lock(deal)
    worker = world.worker()
    for _ in range(3):
        world.clock.forward(minutes=20)
        assert world.run(worker).later == 1
    world.org.faults.unlock(deal)
    world.clock.forward(minutes=20)
    assert world.run(worker).made == 1


def test_many_failed_graphs_of_one_call_do_not_halt_the_good_ones(world):
    account = world.account()
    locked = [world.deal(account=account, Name=f"Locked {n}") for n in range(20)]
    free = [world.deal(account=account, Name=f"Free {n}") for n in range(20)]
    world.move(*locked, *free)
    for deal in locked:
        world.org.faults.lock(deal)
    report = world.run()
    assert (report.made, report.later) == (20, 20)
    assert all(world.versions(d) == 1 for d in free)


def test_two_workers_on_the_same_records_make_one_file_each(world):
    account = world.account()
    deals = [world.deal(account=account, Name=f"Deal {n}") for n in range(12)]
    world.move(*deals)
    world.clock.forward(minutes=1)
    workers = [world.worker() for _ in range(2)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [world.versions(d) for d in deals] == [1] * 12
    assert [len(world.rows(d)) for d in deals] == [1] * 12


def test_an_org_that_takes_no_files_in_graphs_gets_them_one_by_one(world):
    world.org.faults.refuse_files_in_graphs = True
    deals = [world.deal(Name=f"Deal {n}") for n in range(3)]
    world.move(*deals)
    worker = world.worker()
    assert world.run(worker).made == 3
    assert all(world.versions(d) == 1 for d in deals)
    more = world.deal(Name="One more")
    world.move(more)
    graphs = sum("graph" in c.path for c in world.org.calls)
    assert world.run(worker).made == 1
    assert sum("graph" in c.path for c in world.org.calls) == graphs


def test_a_data_load_that_wipes_our_fields_makes_nothing_and_is_mended(world):
    deal = world.deal()
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    before = world.record(deal)
    wiped = ("Order_Form_Status__c", "Order_Form_Version__c", "Order_Form_Token__c", "Order_Form_Ready_At__c")
    world.rep.update("Opportunity", deal, **dict.fromkeys(wiped))
    assert world.run(worker).restored == 1
    assert {name: world.record(deal)[name] for name in wiped} == {name: before[name] for name in wiped}
    assert world.versions(deal) == 1


def test_a_clone_gets_a_form_of_its_own(world):
    account = world.account()
    deal = world.deal(account=account)
    world.move(deal)
    world.run()
    copied = {
        n: world.record(deal)[n] for n in ("Order_Form_Status__c", "Order_Form_Version__c", "Order_Form_Token__c")
    }
    clone = world.deal(account=account, stage="Order Form", Name="Looms (clone)", **copied)
    world.run()
    assert world.rows(clone)[0]["Version__c"] == 1
    assert world.record(clone)["Order_Form_Token__c"].startswith(clone)


def test_a_file_that_somebody_deleted_is_not_brought_back_and_the_next_version_starts_anew(world):
    deal = world.deal()
    line = world.product(deal)
    world.move(deal)
    worker = world.worker()
    world.run(worker)
    document = world.org.org.get_all("ContentVersion")[0]["ContentDocumentId"]
    world.rep.call("DELETE", f"sobjects/ContentDocument/{document}")
    world.run(worker)
    assert world.files(deal) == []
    world.rep.update("OpportunityLineItem", line, Quantity=5)
    world.run(worker)
    [(_, _, version)] = world.files(deal)
    assert version == 1  # of a new file
    assert world.record(deal)["Order_Form_Version__c"] == 2


def test_a_validation_rule_of_the_org_speaks_to_the_rep_in_the_admins_words(world):
    rule = ValidationRule(
        name="Frozen", formula='ISPICKVAL(Order_Form_Status__c, "Ready")', message="Ask Legal before you send forms."
    )
    world.org.org.schema.get("Opportunity").rules.append(rule)
    deal = world.deal()
    world.move(deal)
    report = world.run()
    assert (report.waiting, report.failed) == (1, 0)
    assert world.message(deal) == "Ask Legal before you send forms."
    assert world.versions(deal) == 0


def test_a_field_the_worker_may_not_read_ends_the_pass_and_names_the_template_line(world):
    world.rep.update("Opportunity", world.deal(), StageName="Order Form")
    report = world.run(
        world.worker(SETTINGS.replace("currency", "#").replace("needs:", "needs:\n      Account.Fax: Add."))
    )
    assert report.exit_code == 2
    assert "'Account.Fax': Account has no 'Fax', or the integration user may not read it." in str(report.error)
    assert "sfsync.yaml:" in str(report.error)


def test_a_stage_the_org_does_not_have_ends_the_pass_with_its_line_and_a_suggestion(world):
    report = world.run(world.worker(SETTINGS.replace("stage: Order Form", "stage: Order From")))
    assert report.exit_code == 2
    assert str(report.error).endswith("sfsync.yaml:4: The org has no stage 'Order From'. Did you mean Order Form?")


def test_a_write_the_worker_may_not_do_is_told_to_rep_and_admin(world):
    for row in world.org.org.get_all("FieldPermissions", Field="Order_Form__c.Token__c"):
        world.org.org.store.db.execute(
            'UPDATE "FieldPermissions" SET "PermissionsEdit" = 0 WHERE "Id" = ?', [row["Id"]]
        )
    deal = world.deal()
    world.move(deal)
    report = world.run()
    assert report.exit_code == 2
    assert world.status(deal) == "Failed"
    assert "Token__c" in world.message(deal)
    assert "administrator" in world.message(deal)
    assert world.versions(deal) == 0


def test_a_template_that_one_record_breaks_fails_for_that_record_alone(world):
    template = world.folder / "form.xml"
    template.write_text(template.read_text().replace("</form>", "<p>{{ 1 / Opportunity.Amount }}</p></form>"))
    worker = world.worker()
    designs = {b.settings.name: b.design for b in worker.one.blueprints}
    bad, good = world.deal(Name="Free of charge", products=0), world.deal(Name="Good")
    world.product(bad, quantity=1, price=0)
    world.move(bad, good)
    with Renderers(designs, processes=1) as own:
        report = world.run(world.worker(renderers=own))
    assert (report.made, report.failed, report.exit_code) == (1, 1, 2)
    assert world.status(bad) == "Failed"
    assert "form.xml:" in world.message(bad)


def test_a_session_revoked_in_mid_pass_costs_one_login_and_loses_nothing(world):
    deal = world.deal()
    world.move(deal)
    world.org.faults.add("INVALID_SESSION_ID", path="composite/graph")
    assert world.run().made == 1
    assert world.versions(deal) == 1


def test_only_our_own_fields_are_written(world):
    deal = world.deal()
    world.move(deal)
    before = world.record(deal)
    world.run()
    after = world.record(deal)
    changed = {name for name in after if after[name] != before[name]}
    assert {n for n in changed if not n.startswith("Order_Form_")} <= {
        "LastModifiedDate",
        "LastModifiedById",
        "SystemModstamp",
    }
