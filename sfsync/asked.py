"""Which requests wait for their form, and since when: pure bookkeeping for whoever watches, forgotten at a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sfsync.events import Waiting


@dataclass(slots=True)
class Asked:
    """What is due and not attached. Whatever somebody has to mend first does not wait for us."""

    #: when each was asked for, by Opportunity Id
    _since: dict[str, datetime] = field(default_factory=dict)

    def read(self, ids: Iterable[str], due: Mapping[str, datetime]) -> None:
        """These were looked at, and of them those are due. A change of one that waits already makes it no younger."""
        self.over(*(i for i in ids if i not in due))
        self._since = {**due, **self._since}

    def over(self, *ids: str) -> None:
        """Attached, or a matter for the rep or the admin."""
        for one in ids:
            self._since.pop(one, None)

    @property
    def waiting(self) -> Waiting:
        return Waiting(count=len(self._since), oldest=min(self._since.values(), default=None))
