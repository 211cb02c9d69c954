"""A record that fails again and again is set aside, says why, and holds up nobody."""

import logging

import pytest

from sfsync import watch
from sfsync.forms.design import Design
from sfsync.forms.template.template import Template
from sfsync.renderers import Renderers


def spoils_writes(world, deal: str, what: str | int = "html") -> None:
    world.org.faults.add(what, path="composite", body=f'FirstPublishLocationId":"{deal}', times=10_000)


def writes(world) -> int:
    return sum("graph" in call.path for call in world.org.calls)


@pytest.mark.parametrize("what", ["html", "drop", "UNKNOWN_EXCEPTION", 413])
def test_one_deal_that_spoils_each_call_keeps_no_other_from_its_form(world, what):
    account = world.account()
    deals = [world.deal(account=account, Name=f"Deal {n}") for n in range(12)]
    world.move(*deals)
    spoils_writes(world, deals[3], what)
    worker = world.worker()
    assert world.run(worker).made == 11
    late = world.deal(account=account, Name="Late")
    world.move(late)
    assert world.run(worker).made == 1


def test_a_deal_that_was_set_aside_says_why_and_is_made_once_it_can_be(world):
    deal, other = world.deal(), world.deal(Name="Other")
    world.move(deal, other)
    spoils_writes(world, deal)
    worker = world.worker()
    for _ in range(6):
        world.run(worker)
    assert world.status(deal) == "Failed"
    assert "The order form is delayed: Salesforce has trouble (HTTP 503)." in world.message(deal)
    assert world.bells(deal) == ["Order form failed"]
    world.org.faults.clear()
    world.clock.forward(hours=1)
    assert world.run(worker).made == 1
    assert (world.status(deal), world.message(deal)) == ("Ready", None)


def test_the_pauses_grow_so_that_a_hopeless_deal_costs_few_calls(world):
    deal = world.deal()
    world.move(deal)
    spoils_writes(world, deal)
    worker = world.worker()
    tries = []
    for _ in range(60):  # an hour of passes
        before = worker.one.api.session.calls
        world.run(worker)
        tries.append(worker.one.api.session.calls - before)
    said = 12  # that the worker is there, every five minutes
    assert sum(n > 1 for n in tries) < 15 + said
    assert tries[-20:].count(1) >= 18 - said // 3  # nothing but the watch


def test_a_rep_who_touches_the_deal_ends_its_pause(world):
    deal = world.deal()
    world.move(deal)
    spoils_writes(world, deal)
    worker = world.worker()
    for _ in range(12):
        world.run(worker)
    world.org.faults.clear()
    assert world.run(worker).made == 0
    world.rep.update("Opportunity", deal, NextStep="Ask again")
    assert world.run(worker).made == 1


def test_what_the_admin_mended_in_the_org_is_made_without_anybody_touching_the_deal(world):
    deal = world.deal()
    world.move(deal)
    world.org.org.limits.storage = 0
    worker = world.worker()
    assert world.run(worker).failed == 1
    world.org.org.limits.storage = 10**9
    world.clock.forward(minutes=5)
    assert world.run(worker).made == 1
    assert world.status(deal) == "Ready"


def test_an_answer_with_odd_data_of_one_deal_is_logged_and_holds_up_no_other(world, caplog):
    caplog.set_level(logging.INFO, "sfsync")
    good, odd = world.deal(Name="Good"), world.deal(Name="Canary Looms")
    world.move(good, odd)
    world.org.org.store.db.execute(
        'UPDATE "Opportunity" SET "OwnerId" = NULL, "CreatedDate" = ? WHERE "Id" = ?', ["canary", odd]
    )
    world.org.org.store.db.execute('UPDATE "Opportunity" SET "LastStageChangeDate" = NULL WHERE "Id" = ?', [odd])
    assert world.run().made == 1
    assert f"{odd}: Salesforce's answer is not what it documents" in caplog.text
    assert "canary" not in caplog.text.lower()


def test_a_template_without_end_costs_its_own_form_only(world):
    template = world.folder / "form.xml"
    endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"
    loop = '{% if Opportunity.Name == "Bad" %}' + endless + "{% endfor %}" * 3 + "{% endif %}"
    template.write_text(template.read_text().replace("</form>", loop + "</form>"))
    worker = world.worker()
    bad, good = world.deal(Name="Bad"), world.deal(Name="Good")
    world.move(bad, good)
    designs = {"Standard": Design(Template.load(template))}
    with Renderers(designs, processes=1, seconds=0.5) as own:
        worker.serve._renderers = own
        report = world.run(worker)
    assert (report.made, report.failed) == (1, 1)
    assert "form.xml:8" in world.message(bad)


class Stumbles:
    """Draws forms, and has a bug that one deal brings to light."""

    def __init__(self, renderers) -> None:
        self._renderers = renderers

    def render(self, forms):
        if any(form.title.endswith("Bad") for form in forms):
            raise ZeroDivisionError("Canary")
        return self._renderers.render(forms)


def test_a_deal_that_brings_a_bug_of_ours_to_light_is_soon_alone_and_the_others_get_their_forms(
    world, caplog, monkeypatch
):
    monkeypatch.setattr(watch, "BATCH", 16)
    account = world.account()
    deals = [world.deal(account=account, Name=f"Deal {n}") for n in range(15)]
    world.move(*deals, world.deal(account=account, Name="Bad"))
    worker = world.worker()
    worker.serve._renderers = Stumbles(world.renderers)
    for _ in range(8):
        world.run(worker)
        world.clock.forward(minutes=2)
    assert [world.status(deal) for deal in deals] == ["Ready"] * 15
    assert "this is a bug of sfsync's" in caplog.text
    assert "Canary" not in caplog.text
