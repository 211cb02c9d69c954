"""Which requests wait for their form, and since when: pure bookkeeping for whoever watches, forgotten at a restart."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sfsync.events import Waiting


@dataclass(slots=True)
class Asked:
    """What was noticed and has not come to its end. What only somebody else can mend does not wait for us."""

    #: when each was first noticed, by Opportunity Id; the request itself may be a tick older
    _since: dict[str, datetime] = field(default_factory=dict)

    def noticed(self, ids: Iterable[str], now: datetime) -> None:
        """These moved. A change of one that waits already makes it no younger."""
        self._since = dict.fromkeys(ids, now) | self._since

    def over(self, ids: Iterable[str]) -> None:
        """Attached, not due at all, or a matter for the rep or the admin."""
        for one in ids:
            self._since.pop(one, None)

    @property
    def waiting(self) -> Waiting:
        return Waiting(count=len(self._since), oldest=min(self._since.values(), default=None))
