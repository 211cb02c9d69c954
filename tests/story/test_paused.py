"""An admin pauses the order forms in Salesforce, and reads there how the worker is."""

import logging
from typing import Any

import pytest
import requests

from sfsync import __version__
from sfsync.pocketorg.founding import INTEGRATION_USER
from sfsync.salesforce.board import BEAT
from sfsync.sync import Sync
from tests.conftest import connected
from tests.story.conftest import SETTINGS, STAGE, World

OBJECT = "Order_Form_Settings__c"


def row(world: World) -> dict[str, Any]:
    [only] = world.org.org.get_all(OBJECT)
    return only


def tick(world: World, paused: bool) -> None:
    world.rep.update(OBJECT, row(world)["Id"], Paused__c=paused)


def calls(world: World) -> int:
    return len(world.org.calls)


@pytest.fixture
def worker(world: World) -> Sync:
    """One that was here once, and found all well."""
    found = world.worker()
    world.run(found)
    return found


def test_the_worker_says_that_it_is_there_and_that_all_is_well(world, worker):  # noqa: ARG001 (it was here)
    found = row(world)
    assert (found["Last_Words__c"], found["Worker_Version__c"]) == ("All is well.", __version__)
    assert (found["Waiting__c"], found["Failed__c"], found["Paused__c"]) == (0, 0, 0)
    assert found["CreatedById"] == world.org.org.get_all("User", Username=INTEGRATION_USER)[0]["Id"]


def test_it_counts_what_waits_for_somebody(world, worker):
    world.move(world.deal(products=0), world.deal(products=0))
    world.run(worker)
    world.clock.forward(seconds=BEAT.total_seconds())
    world.run(worker)
    assert row(world)["Waiting__c"] == 2


def test_it_says_so_every_five_minutes_and_not_at_each_tick(world, worker):
    seen = row(world)["Last_Seen__c"]
    before = calls(world)
    for _ in range(8):
        world.clock.forward(seconds=30)
        worker.run()
    assert (calls(world) - before, row(world)["Last_Seen__c"]) == (8, seen)
    world.clock.forward(minutes=1)
    worker.run()
    assert (calls(world) - before, row(world)["Last_Seen__c"] > seen) == (8 + 3, True)


def test_its_own_words_make_nothing_move(world, worker):
    world.clock.forward(seconds=BEAT.total_seconds())
    assert [world.run(worker).moved for _ in range(3)] == [0, 0, 0]


def test_paused_it_makes_nothing_and_says_so_once(world, worker, caplog):
    caplog.set_level(logging.INFO, "sfsync")
    tick(world, paused=True)
    deal = world.deal()
    world.move(deal)
    reports = [world.run(worker) for _ in range(3)]
    assert [(r.made, r.paused, r.exit_code) for r in reports] == [(0, True, 0)] * 3
    assert str(reports[0]) == "nothing done; paused in Salesforce"
    assert caplog.text.count("paused in Salesforce: nothing is made") == 1
    assert row(world)["Last_Words__c"].startswith("Paused: nothing is made")
    assert world.status(deal) is None


def test_a_pause_costs_a_call_at_each_tick_and_no_more(world, worker):
    tick(world, paused=True)
    world.run(worker)
    before = calls(world)
    worker.run()
    assert calls(world) - before == 1


def test_unpaused_it_makes_what_was_asked_for_meanwhile(world, worker, caplog):
    caplog.set_level(logging.INFO, "sfsync")
    tick(world, paused=True)
    world.run(worker)
    deals = [world.deal(), world.deal()]
    world.move(*deals)
    world.run(worker)
    world.clock.forward(hours=1)
    tick(world, paused=False)
    assert world.run(worker).made == 2
    assert "no longer paused in Salesforce" in caplog.text


def test_a_worker_that_starts_paused_makes_nothing_either(world, worker):  # noqa: ARG001 (it made the row)
    tick(world, paused=True)
    world.move(world.deal())
    assert world.run(world.worker()).made == 0


@pytest.mark.parametrize("read_at_once", [2, 4])
def test_paused_in_the_middle_of_much_work_it_finishes_what_it_has_in_hand(world, worker, read_at_once):
    deals = [world.deal() for _ in range(8)]
    world.move(*deals)
    world.clock.forward(minutes=1)
    worker.serve._reads, worker.serve.attacher.batch_size = read_at_once, 2
    worker.serve._attached_so_many = lambda _number: tick(world, paused=True)
    assert 0 < world.run(worker).made < 8
    worker.serve._attached_so_many = lambda _number: None
    tick(world, paused=False)
    world.run(worker)
    assert [world.status(deal) for deal in deals] == ["Ready"] * 8
    assert [len(world.rows(deal)) for deal in deals] == [1] * 8


def test_the_worker_cannot_untick_the_switch(world, worker):  # noqa: ARG001 (it made the row)
    tick(world, paused=True)
    api = connected(world.org)
    with pytest.raises(Exception, match="INVALID_FIELD_FOR_INSERT_UPDATE"):
        api.call("PATCH", f"sobjects/{OBJECT}/{row(world)['Id']}", {"Paused__c": False}, reads=True)


def test_there_is_only_ever_one_row(world, worker):
    world.run(worker)
    world.run(world.worker())
    with pytest.raises(requests.HTTPError, match="400"):
        world.rep.create(OBJECT)
    assert len(world.org.org.get_all(OBJECT)) == 1


def test_what_the_admin_has_to_mend_stands_there_too(world, worker):
    world.run(worker)
    broken = world.worker(SETTINGS.replace(f"stage: {STAGE}", "stage: Nowhere"))
    world.run(broken)
    assert "The org has no stage 'Nowhere'." in row(world)["Last_Words__c"]


def test_another_installation_on_the_same_org_is_noticed(world, worker, caplog, renderers):
    pair = []
    for name in ("blue", "green"):
        api = connected(world.org)
        api.session._now = world.clock
        pair.append(Sync(api, worker.one.settings, worker.one.blueprints, renderers, installation=name))
    for each in pair * 3:
        world.clock.forward(minutes=6)
        each.run()
    assert [caplog.text.count(f"works on this org as well: {name}") for name in ("blue", "green")] == [1, 1]


def test_an_org_without_the_settings_works_as_ever(world, caplog):
    caplog.set_level(logging.WARNING, "sfsync")
    schema = world.org.org.schema
    schema.remove(OBJECT)
    deal = world.deal()
    world.move(deal)
    worker = world.worker()
    assert world.run(worker).made == 1
    before = calls(world)
    assert worker.run().error is None
    assert calls(world) - before == 1
    assert not caplog.text
