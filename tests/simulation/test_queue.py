"""Clock and workers apart in worlds full of trouble, with a broker that loses, doubles, delays and refuses letters."""

import logging
from collections import Counter

import pytest

from sfsync.watch import Watch
from simulation.queue import live_apart
from simulation.world import Plan


@pytest.fixture(autouse=True)
def _in_silence():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


#: what a broker does to letters
KINDS = {
    "the broker is away",
    "letter lost",
    "letter doubled",
    "letter late",
    "letter lost with its worker",
    "worker killed",
}


def test_all_that_holds_of_one_process_holds_of_two_clocks_and_three_workers():
    befell: Counter[str] = Counter()
    for seed in range(1, 5):
        verdict, troubles, _ = live_apart(Plan(seed=seed, deals=100, minutes=10, workers=3, rate=0.03))
        assert verdict.violations == []
        befell += troubles
    assert befell.keys() >= KINDS, befell


def test_a_clock_that_forgets_what_was_lost_on_its_way_is_found_out(monkeypatch):
    monkeypatch.setattr(Watch, "lose_the_silent", lambda _: 0)
    verdict, _, _ = live_apart(Plan(seed=1, deals=60, minutes=10, workers=2, rate=0.05), clocks=1)
    assert verdict.violations
