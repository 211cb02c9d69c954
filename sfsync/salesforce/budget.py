"""How many calls the org still has for us, and how many of ours may be repeated: pure bookkeeping."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

#: shares of the org's daily calls. From each on sfsync does less; what is left belongs to people and other apps
SLOWER, SLOWEST, FORMS_ONLY, FLOOR = 0.7, 0.8, 0.9, 0.98
#: how much rarer the looks become from each of them on
_RARER = {FORMS_ONLY: 20, SLOWEST: 4, SLOWER: 2}
MOST_RARELY = max(_RARER.values())
#: below the floor the org is asked anew this often
_ASK_EVERY = timedelta(minutes=1)
#: retries in store; each success brings a part of one back, so that an outage repeats only so many calls
_RETRIES, _EARNED = 20.0, 0.2
_USAGE = re.compile(r"api-usage=(\d{1,12})/(\d{1,12})")


@dataclass(slots=True)
class Usage:
    """The org's API calls in the last 24 hours, as its latest answer said."""

    used: int = 0
    allowed: int = 0
    #: when it said so
    at: datetime | None = None

    @property
    def share(self) -> float:
        return self.used / self.allowed if self.allowed else 0.0

    @property
    def rarer(self) -> int:
        """How many times longer to wait between two looks."""
        return next((times for share, times in _RARER.items() if self.share >= share), 1)

    @property
    def forms_only(self) -> bool:
        """Whether only what a form needs is called for: no sweep, no bell."""
        return self.share >= FORMS_ONLY

    def forbids(self, now: datetime) -> bool:
        """Whether the rest is left to others. Now and then one call goes through, to hear how things stand."""
        return self.share >= FLOOR and self.at is not None and abs(now - self.at) < _ASK_EVERY

    def learn(self, header: str, now: datetime, *, refused: bool) -> None:
        """Take in an answer's `Sforce-Limit-Info`, and whether the org has `refused` the call for its limit."""
        found = _USAGE.search(header)
        self.used, self.allowed = (int(found[1]), int(found[2])) if found else (0, 0)
        if refused and self.share < FLOOR:
            self.used = self.allowed = 1
        self.at = now


@dataclass(slots=True)
class Retries:
    """A store of retries that trouble empties and successes fill; in an outage there are none."""

    left: float = _RETRIES
    #: a call came to nothing however often it was sent, and none has succeeded since
    down: bool = False

    def take(self) -> bool:
        """Use one up, if there is one."""
        if self.down or self.left < 1:
            return False
        self.left -= 1
        return True

    def give_up(self) -> None:
        """All tries of one call were in vain: until one succeeds, none is repeated."""
        self.down = True

    def earn(self) -> None:
        """A call succeeded."""
        self.down = False
        self.left = min(_RETRIES, self.left + _EARNED)
