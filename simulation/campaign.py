"""Many worlds, on all cores, and what came of them together."""

import logging
import os
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, fields
from multiprocessing import get_context
from random import Random
from typing import Any, TypeVar

from simulation.oracle import Verdict, Violation
from simulation.world import Outcome, Plan, World

#: Opportunities of one world, so that a seed that fails is played again in seconds
OF_ONE_WORLD = 1000
#: each kind of trouble befalls this share of the calls
STORM = 0.02

T = TypeVar("T")


@dataclass(slots=True)
class Figures:
    """Sums over worlds. Plain data, so that a page can be written from it again."""

    first_seed: int
    #: share of calls that each kind of trouble befalls
    rate: float
    opportunities_asked: int
    worlds: int = 0
    opportunities: int = 0
    forms: int = 0
    acts: int = 0
    calls: int = 0
    attempts: int = 0
    deaths: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    #: seconds from a request to its file, and how many waited so long
    waits: Counter[int] = field(default_factory=Counter)
    #: seconds from the end of an outage until all were served who had waited for it, and in how many worlds
    recoveries: Counter[int] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.worlds += 1
        self.opportunities += outcome.opportunities
        self.forms += outcome.verdict.forms
        self.acts += outcome.acts
        self.calls += outcome.calls
        self.attempts += outcome.attempts
        self.deaths += outcome.troubles["worker killed"]
        self.troubles += outcome.troubles
        self.violations += Counter(v.invariant for v in outcome.verdict.violations)
        begins, minutes = outcome.plan.outage
        if minutes:
            self.recoveries[round(outcome.verdict.recovery((begins + minutes) * 60))] += 1
        else:
            self.waits += Counter(round(waited) for _, waited in outcome.verdict.waits)

    def wait(self, share: float) -> int:
        """The seconds within which this share of all requests had its file."""
        left = share * self.waits.total()
        for seconds, number in sorted(self.waits.items()):
            left -= number
            if left <= 0:
                return seconds
        return 0

    def as_dict(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}


def plan(seed: int, opportunities: int, rate: float) -> Plan:
    """The world of a seed: one, two or three workers; in the storm one of five has an outage of ten minutes."""
    chance = Random(seed)
    workers, outage = chance.choice((1, 2, 2, 3)), chance.choice(((0, 0),) * 4 + ((5, 10),))
    return Plan(seed=seed, deals=opportunities, workers=workers, outage=outage if rate >= STORM else (0, 0), rate=rate)


def play(which: Plan) -> Outcome:
    """Run one world from its beginning to its end. One that breaks is an outcome too."""
    logging.disable(logging.CRITICAL)  # the worker's own words about thousands of troubles
    world = World(which)
    try:
        return world.run()
    except Exception:  # noqa: BLE001 (its seed has to be told, and the other worlds go on)
        return world.outcome(Verdict([Violation("broken", "-", traceback.format_exc())]))
    finally:
        world.close()


def plans(first_seed: int, opportunities: int, rate: float) -> list[Plan]:
    """As many worlds as it takes; the last one is smaller where the number asks for it."""
    sizes = [OF_ONE_WORLD] * (opportunities // OF_ONE_WORLD)
    rest = opportunities % OF_ONE_WORLD
    return [plan(first_seed + n, size, rate) for n, size in enumerate([*sizes, *([rest] if rest else [])])]


def campaign(which: Sequence[Plan], play: Callable[[Plan], T], processes: int | None = None) -> Iterator[T]:
    """Play worlds on all cores and yield each as it ends."""
    with ProcessPoolExecutor(processes or os.cpu_count(), get_context("spawn")) as pool:
        for done in as_completed([pool.submit(play, each) for each in which]):
            yield done.result()


def replay(outcome: Outcome) -> str:
    """The command that plays this world again."""
    which = outcome.plan
    rate = "" if which.rate == Plan(seed=0).rate else f" --rate {which.rate}"
    return f"python -m simulation --seed {which.seed} --opportunities {which.deals}{rate}"


def report(outcome: Outcome, most: int = 5) -> Iterator[str]:
    """What went wrong in a world, for people."""
    found: list[Violation] = outcome.verdict.violations
    yield f"seed {outcome.plan.seed}: {len(found)} violations; again: {replay(outcome)}"
    yield from (f"  {violation}" for violation in found[:most])
