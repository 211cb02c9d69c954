"""A full stop of Salesforce for an hour, at the time of day at which most is asked for, and the way back."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from simulation import calls
from simulation.oracle import Violation
from simulation.thrift import AT_MOST
from simulation.workers import CHECK_EVERY
from simulation.world import Outcome, Plan, World

#: minutes: it begins, it lasts
_OUTAGE = (15, 60)
#: after the end; all is served in a fraction of it
_AFTER = 10
#: as `benchmarks` has it
_SECONDS_A_FILE = 0.02
#: ticks in which what was made is looked at once more
_TICKS_AFTER = 2


@dataclass(frozen=True, slots=True)
class Hour:
    """What came of it."""

    deals: int
    #: seconds after the end until all were served
    served: float
    #: calls while nothing answered, and ticks of that time
    in_vain: int
    ticks: int
    #: calls from the end until all were served and looked at once more, by kind, and the fewest that would do
    spent: Counter[str]
    least: int
    violations: list[Violation]

    @property
    def broken(self) -> bool:
        """Whether something was lost, or more calls were sent than an outage may cost."""
        return bool(self.violations) or self.spent.total() > AT_MOST * self.least

    def as_dict(self) -> dict[str, Any]:
        """Plain data, from which the page is written."""
        names = ("deals", "served", "in_vain", "ticks", "spent", "least")
        return {name: getattr(self, name) for name in names} | {"violations": [str(v) for v in self.violations]}

    def words(self) -> str:
        """For people."""
        return words(self.as_dict())


def words(hour: dict[str, Any]) -> str:
    """What the page says of it."""
    spent = sum(hour["spent"].values())
    return (
        f"A full stop of an hour, while {hour['deals']:,} deals reach their stage: {hour['in_vain']} calls in its "
        f"{hour['ticks']} ticks. After its end all are served within {hour['served'] / 60:.1f} minutes, at "
        f"{1000 * _SECONDS_A_FILE:.0f} ms a file, with {spent} calls ({calls.words(hour['spent'].items())}), where "
        f"{hour['least']} are the fewest that would do: {spent / hour['least']:.2f} times as many."
    )


def play(deals: int, seed: int = 1) -> Hour:
    """Run it, with one worker, in fine weather but for the outage."""
    begins, lasts = _OUTAGE
    minutes = begins + lasts + _AFTER
    plan = Plan(
        seed=seed,
        deals=deals,
        minutes=minutes,
        workers=1,
        rate=0.0,
        meddling=0.0,
        go_on=0.0,
        outage=_OUTAGE,
        coming=(begins / minutes, (begins + lasts) / minutes),
        seconds_a_file=_SECONDS_A_FILE,
    )
    world = World(plan)
    try:
        return _hour(world, world.run())
    finally:
        world.close()


def _hour(world: World, outcome: Outcome) -> Hour:
    begin, end = (60.0 * minute for minute in (_OUTAGE[0], sum(_OUTAGE)))
    served = outcome.verdict.recovery(end)
    tick = CHECK_EVERY.total_seconds()
    return Hour(
        deals=outcome.opportunities,
        served=served,
        in_vain=world.network.sent_between(begin, end).total(),
        ticks=round((end - begin) / tick),
        spent=world.network.sent_between(end, end + served + _TICKS_AFTER * tick),
        least=calls.least(outcome.opportunities),
        violations=outcome.verdict.violations,
    )
