"""I7: what an outage costs in calls, while it lasts and until all are served who waited for its end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

#: an outage multiplies calls by at most so much
AT_MOST = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Calls of all workers around the time in which the org was down."""

    #: how long it was down, and how often each of so many workers looks
    seconds: float
    every: timedelta
    workers: int
    #: calls while it was down
    in_vain: Counter[str]
    #: calls from its beginning until all were served, and those of the same time in the same world without it
    spent: Counter[str]
    quiet: Counter[str]

    @property
    def looks(self) -> float:
        """Where there is nothing to do, a look is all that a tick costs."""
        return self.workers * self.seconds / self.every.total_seconds()

    def judge(self) -> Iterator[str]:
        """What was not thrifty."""
        if self.in_vain.total() > AT_MOST * self.looks:
            yield f"{self.in_vain.total()} calls while nothing answered, in which there were {self.looks:.0f} ticks"
        if self.spent.total() > AT_MOST * self.quiet.total():
            yield f"{self.spent.total()} calls with the outage, and {self.quiet.total()} in the same time without it"
