"""Fifty orgs in one worker: whoever stalls, is locked or is dead holds up nobody else."""

import pytest

from tests.brokers.machines import DRAIN, placed
from tests.cluster.orgs import forms, move

GOOD = [f"org{n}" for n in range(46)]
BAD = ["silent", "swallows", "locked", "dead"]
#: seconds that a stalling org keeps its callers waiting: a time-out of the worker, and longer than the test may take
STALLS = 100.0
#: seconds; the worker looks every five, and gives up on a silent org after sixty
FEW_TICKS = 30.0


@pytest.fixture
def place(tmp_path):
    with placed(tmp_path, "", *GOOD, *BAD, deals=1) as (place, deals):
        place.deals = deals
        yield place


def test_of_fifty_orgs_one_is_silent_one_swallows_uploads_one_is_locked_one_dead_and_the_others_get_their_forms(place):
    orgs = place.orgs
    orgs["silent"].faults.add("stall", times=1000, seconds=STALLS)
    orgs["swallows"].faults.add("stall", path="composite/graph", times=1000, seconds=STALLS)
    for name in ("swallows", "locked"):
        move(orgs[name], place.deals[name])
    orgs["locked"].faults.lock(place.deals["locked"][0])
    orgs["dead"].stop()
    worker = place.start("worker")
    place.until(lambda: all(len(orgs[name].calls) > 1 for name in GOOD))
    for name in GOOD:
        move(orgs[name], place.deals[name])
    place.until(lambda: all(forms(orgs[name]) for name in GOOD), patience=FEW_TICKS)
    assert [len(forms(orgs[name])) for name in GOOD] == [1] * len(GOOD)
    assert not any(forms(orgs[name]) for name in BAD[:3])
    code, seconds = worker.ended()
    assert code == 0
    assert seconds < DRAIN
