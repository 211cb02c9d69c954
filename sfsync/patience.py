"""Which records failed lately, how often, and when each is tried again: pure bookkeeping, forgotten at a restart."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: after so many failures in a row, a few minutes in all, the record itself says why
PATIENT_FOR = 4
_FIRST, _LONGEST = timedelta(seconds=15), timedelta(hours=4)


@dataclass(slots=True)
class Patience:
    """The pauses grow: at once, 15 s, 30 s, 1 min ... 4 h. Whatever moves a record ends its pause."""

    #: by Opportunity Id: failures in a row, and when the pause ends
    _failing: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def failed(self, opportunity_id: str, now: datetime) -> int:
        """Count one failure more. Returns how many there are in a row."""
        times = self.times(opportunity_id) + 1
        pause = timedelta() if times == 1 else min(_FIRST * 2 ** min(times - 2, 16), _LONGEST)
        self._failing[opportunity_id] = times, now + pause
        return times

    def times(self, opportunity_id: str) -> int:
        return self._failing.get(opportunity_id, (0, None))[0]

    def over(self, now: datetime) -> list[str]:
        """Those whose pause is over, in the order of their Ids."""
        return sorted(i for i, (_, until) in self._failing.items() if until <= now)

    def forget(self, opportunity_id: str) -> None:
        """All is well with it, or it is no longer ours."""
        self._failing.pop(opportunity_id, None)
