"""However workers, faults and people interleave: each request is served, once, with the newest data on top."""

import pytest

from tests.model.attach import Design, explore

#: workers, faults, edits and moves of the rep, meddling with our fields and files
WORLDS = [(1, 2, 2, 2), (1, 3, 3, 0), (2, 1, 2, 1), (2, 2, 2, 0), (2, 0, 3, 2), (3, 1, 2, 0)]

BROKEN = [
    (Design(unique_key=False), (2, 0, 0, 0), "two files for one version"),
    (Design(unique_key=False), (1, 1, 0, 0), "two files for one version"),
    (Design(rows_before_data=False), (2, 0, 1, 0), "older data on top of newer"),
    (Design(rows_decide=False), (1, 0, 0, 1), "passes without end"),
    (Design(entry_in_token=False), (1, 0, 2, 0), "a request never served"),
    (Design(one_transaction=False), (1, 1, 0, 0), "a file without a row"),
    (Design(looks_up_lost_answers=False), (1, 1, 0, 0), "a new version of an unchanged record"),
    (Design(restores=False), (1, 0, 0, 1), "the record does not say what the newest row says"),
]


@pytest.mark.parametrize(("workers", "faults", "edits", "meddling"), WORLDS)
def test_nothing_is_lost_doubled_or_stale_in_any_interleaving(workers, faults, edits, meddling):
    assert explore(workers, faults=faults, edits=edits, meddling=meddling).broken == {}


@pytest.mark.parametrize(("design", "world", "what"), BROKEN)
def test_the_walk_finds_what_a_worse_design_breaks(design, world, what):
    workers, faults, edits, meddling = world
    found = explore(workers, faults=faults, edits=edits, meddling=meddling, design=design)
    assert what in found.broken
    assert len(found.broken[what]) < 12  # breadth first: the shortest way there


def test_a_blind_repeat_is_found_by_the_shortest_way_there():
    found = explore(1, faults=1, edits=0, design=Design(looks_up_lost_answers=False))
    assert found.broken["a new version of an unchanged record"] == (
        "worker 0 reads",
        "worker 0 reads",
        "worker 0 writes, and the answer is lost",
        "worker 0 writes",
    )
