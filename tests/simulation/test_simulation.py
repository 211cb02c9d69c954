"""The real worker in worlds full of trouble: nothing is lost, doubled or stale, and the oracle would have seen it."""

import hashlib
import json
import logging
import subprocess
import sys

import pytest

from simulation import campaign, hour, page
from simulation.thrift import AT_MOST
from simulation.world import Plan, World
from tests.conftest import ROOT
from tests.simulation.planted import PLANTED, WASTEFUL

#: at each `make test`; `make soak N=200000` takes any number
OPPORTUNITIES = 2000


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulation", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def _in_silence():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def outcome_of(plan: Plan, attack=None):
    world = World(plan, attack)
    try:
        return world.run()
    finally:
        world.close()


def test_thousands_of_opportunities_in_trouble_are_all_served_once_and_with_the_newest_data():
    done = run("--seed", "1", "--opportunities", str(OPPORTUNITIES))
    assert (done.returncode, done.stderr) == (0, "")
    assert ": 0 violations;" in done.stdout


def test_a_seed_makes_the_same_world_to_the_last_byte():
    def everything(world: World) -> str:
        world.run()
        rows = [str(dict(row)) for o in world.server.org.org.schema for row in world.server.org.org.get_all(o.name)]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    worlds = [World(Plan(seed=seed, deals=15, minutes=5)) for seed in (3, 3, 4)]
    one, same, other = map(everything, worlds)
    for world in worlds:
        world.close()
    assert one == same != other


@pytest.mark.parametrize(("attack", "broken"), PLANTED)
def test_a_worker_that_is_built_worse_is_found_out(attack, broken):
    outcome = outcome_of(Plan(seed=8, deals=60, minutes=10, meddling=0.4, go_on=0.3), attack)
    assert broken <= {violation.invariant for violation in outcome.verdict.violations}


def test_a_failure_names_its_seed_and_the_command_that_plays_it_again():
    attack, _ = PLANTED[0]
    outcome = outcome_of(Plan(seed=7, deals=60, minutes=10, meddling=0.4, go_on=0.3), attack)
    first, second, *_ = campaign.report(outcome)
    assert first.startswith("seed 7: ")
    assert first.endswith("again: python -m simulation --seed 7 --opportunities 60")
    assert second.strip().startswith("I")


def test_the_orgs_own_history_sees_a_worker_that_writes_what_is_not_ours():
    world = World(Plan(seed=1, deals=1))
    deal = world.people.deals[0]
    db = world.server.org.org.store.db
    with world.history.by("worker"):
        db.execute("UPDATE Opportunity SET Order_Form_Status__c = 'Ready' WHERE Id = ?", [deal.id])
        assert world.history.trespasses() == []
        db.execute("UPDATE Opportunity SET NextStep = 'Send the form' WHERE Id = ?", [deal.id])
        db.execute("DELETE FROM OpportunityLineItem")
    assert len(world.history.trespasses()) == 1 + len(deal.lines)
    world.close()


@pytest.mark.parametrize("attack", [None, *WASTEFUL])
def test_a_worker_that_wastes_calls_on_an_outage_is_found_out(attack):
    calm = {"rate": 0.0, "meddling": 0.0, "go_on": 0.0, "workers": 1}
    outcome = outcome_of(Plan(seed=7, deals=250, **calm, outage=(5, 10), coming=(0.25, 0.75)), attack)
    assert {violation.invariant for violation in outcome.verdict.violations} == ({"I7"} if attack else set())


def test_a_full_stop_of_an_hour_costs_a_look_a_tick_and_few_calls_more_than_the_fewest_that_would_do():
    found = hour.play(200)
    assert found.violations == []
    assert found.in_vain <= AT_MOST * found.ticks
    assert found.served < 60
    assert found.spent.total() <= found.least + 8


def test_the_page_of_figures_says_what_the_last_soak_kept():
    kept = json.loads(page.KEPT.read_text("utf-8"))
    assert f"{page.BEGIN}\n{page.section(kept)}\n{page.END}" in page.PAGE.read_text("utf-8")
