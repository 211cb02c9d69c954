"""Small worlds in which Hypothesis decides what happens next, and finds the shortest story that goes wrong."""

import logging
import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from simulation.world import Plan, World
from tests.simulation.planted import InTwoCalls

_PLAN = Plan(seed=1, deals=3, workers=2, rate=0.0, meddling=0.0)
_FOR_NAMES = World(_PLAN)
WAYS, TROUBLES = sorted(_FOR_NAMES.people.ways), _FOR_NAMES.network.kinds
_FOR_NAMES.close()

EXAMPLES = settings(
    max_examples=int(os.environ.get("SFSYNC_FUZZ", "15")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Machine(RuleBasedStateMachine):
    """Reps act, calls get into trouble, time passes; then all comes to rest, and the oracle looks at it."""

    attack = None

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.CRITICAL)
        self.world = World(_PLAN, type(self).attack)
        self.world.start(self.world.workers)

    @rule(deal=st.integers(0, 3), way=st.sampled_from(WAYS))
    def a_rep_acts(self, deal: int, way: str) -> None:
        self.world.people.do(deal, way)

    @rule(deal=st.integers(0, 3))
    def a_rep_asks_for_a_form(self, deal: int) -> None:
        self.world.people.do(deal, "come")

    @rule(kind=st.sampled_from(TROUBLES))
    def the_next_call_gets_into_trouble(self, kind: str) -> None:
        self.world.network.next.append(kind)

    @rule(seconds=st.sampled_from((0.1, 1, 15, 40)))
    def time_passes(self, seconds: float) -> None:
        self.world.go_on(seconds)

    def teardown(self) -> None:
        self.world.come_to_rest()
        violations = self.world.verdict().violations
        self.world.close()
        logging.disable(logging.NOTSET)
        assert violations == []


class WorseMachine(Machine):
    attack = InTwoCalls.into


def test_whatever_happens_next_nothing_is_lost_doubled_or_stale():
    run_state_machine_as_test(Machine, settings=EXAMPLES)


def test_a_worker_that_writes_in_two_calls_is_falsified():
    worse = settings(EXAMPLES, max_examples=5, phases=[Phase.generate])
    with pytest.raises(AssertionError, match="it has 2 files"):
        run_state_machine_as_test(WorseMachine, settings=worse)
