"""Which records moved, and what is still to be served: the first of the six steps, and all memory between passes.

What it remembers only saves calls; the org holds the truth, and a sweep finds it again.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sfsync import outlook
from sfsync.errors import Held
from sfsync.oneorg import OneOrg
from sfsync.patience import Patience
from sfsync.records import Batch, Left, Request, Stamp
from sfsync.report import Outcome

#: the longest transaction takes 10 minutes; its changes carry the time of its beginning and appear at its end
OVERLAP = timedelta(minutes=11)
#: stamps have whole seconds, and our clock may be 2 s ahead: what moved this shortly before we read it may have moved
#: again within the same second
_FRESH = timedelta(seconds=3)
#: how long after our own write to look at a record again
_SETTLES = timedelta(seconds=5)
#: seconds after which a batch of which nothing was heard counts as lost
LEASE = 300.0


@dataclass(slots=True)
class _Sent:
    """A batch on its way."""

    requests: Mapping[str, Request]
    left: frozenset[str]


@dataclass(slots=True)
class _Waiting:
    """What is still to be served."""

    requests: dict[str, Request] = field(default_factory=dict)
    left: dict[str, Left] = field(default_factory=dict)


class Watch:
    """Looks at one org, hands out batches, and learns what became of them. Used by one thread at a time."""

    def __init__(
        self,
        one: OneOrg,
        *,
        clock: Callable[[], float] = time.monotonic,
        since: datetime | None = None,
        at_most: int | None = None,
    ) -> None:
        self._one, self._clock, self._since, self._at_most = one, clock, since, at_most
        self._waiting = _Waiting()
        self._sent: dict[str, _Sent] = {}
        self._heard = 0.0
        self._seen: dict[str, frozenset[Stamp]] = {}
        self._attached: dict[str, datetime] = {}
        self._patience = Patience()
        self._watched: datetime | None = None

    @property
    def waiting(self) -> int:
        """How many records are still to be served and in no batch."""
        return len(self._waiting.requests)

    @property
    def sent(self) -> int:
        """How many batches are on their way."""
        return len(self._sent)

    def look(self, *, sweep: bool) -> int:
        """Look which records moved, or at all of them in a `sweep`; gives back how many. Raises SfsyncError."""
        board, org = self._one.board, self._one.org
        if board.paused and board.still_paused():
            return 0
        whole = sweep or self._watched is None
        since = None if whole or self._watched is None else self._watched - OVERLAP
        started = self._clock()
        requests, left = org.watch(self._one.plan, since, self._counts_since())
        if board.paused:
            return 0
        # the answer has set our clock right; before it, the machine's may have been an hour ahead
        began = org.now() - timedelta(seconds=self._clock() - started)
        self._forget_all_but({r.opportunity_id for r in requests})
        moved = [r for r in requests if (sweep or self._is_news(r, began)) and not self._is_on_its_way(r)]
        self._add(moved, left, began)
        self._watched = began
        return len(moved)

    def _add(self, moved: Sequence[Request], left: Iterable[Left], now: datetime) -> None:
        """Let them wait to be served, unless they are more than somebody expects."""
        # what failed is tried again after its pause, also when its stamps have grown too old for the watch
        failed = [Request(opportunity_id=i, stamps=frozenset()) for i in self._patience.over(now)]
        known = {i for sent in self._sent.values() for i in sent.requests}
        wanted = {r.opportunity_id: r for r in failed if r.opportunity_id not in known}
        wanted |= self._waiting.requests | {r.opportunity_id: r for r in moved}
        # what fails again and again holds up nobody
        ordered = sorted(wanted, key=self._patience.times)
        self._hold_a_flood(ordered)
        self._waiting.requests = {i: wanted[i] for i in ordered}
        going = frozenset[str]().union(*(sent.left for sent in self._sent.values()))
        self._waiting.left = {each.opportunity_id: each for each in left if each.opportunity_id not in going}

    def next(self, most: int | None = None) -> Batch | None:
        """What is to be served next, at most so many records; None where there is nothing."""
        going = {i for sent in self._sent.values() for i in sent.requests}
        ids = [i for i in self._waiting.requests if i not in going][:most]
        left, self._waiting.left = self._waiting.left, {}
        if not ids and not left:
            return None
        if not self._sent:
            self._heard = self._clock()
        batch = Batch(
            id=uuid.uuid4().hex, failures={i: self._patience.times(i) for i in ids}, left=tuple(left.values())
        )
        self._sent[batch.id] = _Sent({i: self._waiting.requests.pop(i) for i in ids}, frozenset(left))
        return batch

    def learn(self, outcome: Outcome) -> None:
        """Take in what became of a batch. What did not come to its end waits again."""
        self._heard = self._clock()
        sent = self._sent.pop(outcome.batch, _Sent({}, frozenset()))
        for opportunity_id, read_at in outcome.settled.items():
            request = sent.requests.get(opportunity_id)
            if opportunity_id not in outcome.failing:
                self._patience.forget(opportunity_id)
            if request and all(when < read_at - _FRESH for _, when in request.stamps):
                self._seen[opportunity_id] = request.stamps
        now = self._one.org.now()
        for opportunity_id in sorted(outcome.failing):
            self._patience.failed(opportunity_id, now)
        self._attached |= outcome.attached
        self._wait_again({i: r for i, r in sent.requests.items() if i not in outcome.settled})

    def lose(self, batch: str) -> None:
        """It never went out, or nobody will ever hear of it: what it held waits again."""
        if sent := self._sent.pop(batch, None):
            self._wait_again(sent.requests)

    def lose_the_silent(self) -> int:
        """Give up batches of which nothing was heard for long; gives back how many."""
        if not self._sent or self._clock() - self._heard < LEASE:
            return 0
        lost = list(self._sent)
        for batch in lost:
            self.lose(batch)
        return len(lost)

    def _wait_again(self, requests: Mapping[str, Request]) -> None:
        # they came first; and what moved meanwhile has the newer stamps
        self._waiting.requests = {**requests, **self._waiting.requests}

    def _is_news(self, request: Request, now: datetime) -> bool:
        """Whether to read it. What we have just written moved by our own hand, and is looked at once it has settled."""
        attached = self._attached.get(request.opportunity_id)
        if attached and now - attached < _SETTLES:
            return False
        return not request.stamps <= self._seen.get(request.opportunity_id, frozenset())

    def _is_on_its_way(self, request: Request) -> bool:
        """Whether a batch holds it as it stands."""
        sent = (each.requests.get(request.opportunity_id) for each in self._sent.values())
        return any(one and request.stamps <= one.stamps for one in sent)

    def _forget_all_but(self, ids: set[str]) -> None:
        self._seen = {i: stamps for i, stamps in self._seen.items() if i in ids}
        self._attached = {i: when for i, when in self._attached.items() if i in ids}

    def _counts_since(self) -> datetime | None:
        """When deals without a form must have reached their stage, to count. Raises Held before somebody said yes."""
        board = self._one.board
        if self._at_most is None:
            return self._since
        if board.switched_on is None:
            board.look()
        if board.switched_on is None:
            raise Held(
                "sfsync is not switched on for this org. Nothing is made.",
                remedy="Look at what it would do: sfsync run --dry-run. Then switch it on: sfsync run --yes.",
            )
        return self._since or board.switched_on

    def _hold_a_flood(self, ids: Sequence[str]) -> None:
        """Raise Held where more forms would be made than somebody expects. Only so many records are worth counting."""
        if self._at_most is None or len(ids) <= self._at_most:
            return
        number = outlook.count(outlook.of(self._one.scope, ids))
        if number > self._at_most:
            raise Held(
                f"{number:,} forms are due at once, more than at_most ({self._at_most:,}). None is made.",
                remedy="Look at them: sfsync run --dry-run. Then make them: sfsync run --yes.",
            )
