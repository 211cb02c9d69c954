"""Which records moved, and what is still to be served: the first of the six steps, and all memory between passes.

What it remembers only saves calls; the org holds the truth, and a sweep finds it again.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sfsync import events, outlook, traces
from sfsync.asked import Asked
from sfsync.errors import Held, SfsyncError
from sfsync.events import Ended, Passed
from sfsync.oneorg import OneOrg
from sfsync.patience import Patience
from sfsync.records import Batch, Request, Stamp
from sfsync.report import Outcome
from sfsync.salesforce.org import IDS_PER_QUERY

#: the longest transaction takes 10 minutes; its changes carry the time of its beginning and appear at its end
OVERLAP = timedelta(minutes=11)
#: stamps have whole seconds, and our clock may be 2 s ahead: what moved this shortly before we read it may have moved
#: again within the same second
_FRESH = timedelta(seconds=3)
#: how long after our own write to look at a record again
_SETTLES = timedelta(seconds=5)
#: records of one batch: they are read before its uploads begin, and not between them
BATCH = IDS_PER_QUERY
#: seconds after which a batch of which nothing was heard counts as lost; where the broker was away meanwhile, it may
#: have forgotten it, and to send it twice does no harm
LEASE, DOUBTED = 300.0, 15.0
_LONGEST_LEASE = 3600.0


@dataclass(slots=True)
class _Sent:
    """A batch on its way."""

    requests: Mapping[str, Request]
    left: frozenset[str]
    #: on the clock, when it went out, or a batch before it came back
    heard: float
    #: seconds; the watch's own, where nothing shortens it
    lease: float | None = None


@dataclass(slots=True)
class _Waiting:
    """What is still to be served."""

    requests: dict[str, Request] = field(default_factory=dict)
    left: tuple[str, ...] = ()


class Watch:
    """Looks at one org, hands out batches, and learns what became of them. Only one thread at a time may look."""

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
        self._lease = LEASE
        #: guards all that follows an answer of the org; nobody holds it while the org is asked
        self._lock = threading.RLock()
        self._seen: dict[str, frozenset[Stamp]] = {}
        self._attached: dict[str, datetime] = {}
        self._patience, self._asked = Patience(), Asked()
        self._watched: datetime | None = None

    @property
    def waiting(self) -> int:
        """How many records are still to be served and in no batch."""
        return len(self._waiting.requests)

    @property
    def sent(self) -> int:
        """How many batches are on their way."""
        return len(self._sent)

    @property
    def busy(self) -> bool:
        """Whether looking would only cost calls: what came now would be served after what is on its way."""
        with self._lock:
            return bool(self._sent) and (
                bool(self.waiting) or any(len(sent.requests) >= BATCH for sent in self._sent.values())
            )

    def look(self, *, sweep: bool) -> int:
        """Look which records moved, or at all of them in a `sweep`; gives back how many. Raises SfsyncError."""
        try:
            with traces.span("watch"):
                moved = self._look(sweep=sweep)
        except SfsyncError as error:
            self._one.heed(events.refused(error))
            self._one.heed(Passed(ended=Ended.FAILED))
            raise
        self._one.heed(Passed(ended=Ended.PAUSED if self._one.board.paused else Ended.GOOD, moved=moved))
        with self._lock:
            self._one.heed(self._asked.waiting)
        return moved

    def _look(self, *, sweep: bool) -> int:
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
        with self._lock:
            self._forget_all_but({r.opportunity_id for r in requests})
            moved = [r for r in requests if (sweep or self._is_news(r, began)) and not self._is_on_its_way(r)]
            self._asked.over(left)
            self._asked.noticed((r.opportunity_id for r in moved), began)
            wanted = self._wanted(moved, began)
        self._hold_a_flood(list(wanted))
        with self._lock:
            self._waiting.requests = {i: r for i, r in wanted.items() if not self._is_on_its_way(r)}
            going = frozenset[str]().union(*(sent.left for sent in self._sent.values()))
            self._waiting.left = tuple(i for i in left if i not in going)
        self._watched = began
        return len(moved)

    def _wanted(self, moved: Sequence[Request], now: datetime) -> dict[str, Request]:
        """All that is to be served, whatever fails again and again last, since it shall hold up nobody."""
        # what failed is tried again after its pause, also when its stamps have grown too old for the watch
        failed = [Request(opportunity_id=i, stamps=frozenset()) for i in self._patience.over(now)]
        going = {i for sent in self._sent.values() for i in sent.requests}
        wanted = {r.opportunity_id: r for r in failed if r.opportunity_id not in going}
        wanted |= self._waiting.requests | {r.opportunity_id: r for r in moved}
        return {i: wanted[i] for i in sorted(wanted, key=self._patience.times)}

    def next(self, most: int | None = None) -> Batch | None:
        """What is to be served next, at most `BATCH` records or so many; None where there is nothing."""
        with self._lock:
            going = {i for sent in self._sent.values() for i in sent.requests}
            ids = [i for i in self._waiting.requests if i not in going]
            ids = self._alike(ids, most or BATCH)
            left, self._waiting.left = self._waiting.left, ()
            if not ids and not left:
                return None
            failures = {i: self._patience.times(i) for i in ids}
            batch = Batch(id=uuid.uuid4().hex, failures=failures, left=left)
            taken = {i: self._waiting.requests.pop(i) for i in ids}
            self._sent[batch.id] = _Sent(taken, frozenset(left), self._clock())
            return batch

    def _alike(self, ids: Sequence[str], most: int) -> list[str]:
        """The first few. The more often they failed the fewer, so that whoever spoils a batch is soon alone."""
        times = self._patience.times(ids[0]) if ids else 0
        return [i for i in ids if self._patience.times(i) == times][: max(1, most // 4 ** min(times, 8))]

    def learn(self, outcome: Outcome) -> bool:
        """Take in what became of a batch; what did not come to its end waits again. Whether it was one of ours."""
        with self._lock:
            sent = self._taken_back(outcome.batch)
            held = sent.requests if sent else {}
            for opportunity_id, read_at in outcome.settled.items():
                request = held.get(opportunity_id)
                if opportunity_id not in outcome.failing:
                    self._patience.forget(opportunity_id)
                if request and all(when < read_at - _FRESH for _, when in request.stamps):
                    self._seen[opportunity_id] = request.stamps
            now = self._one.org.now()
            for opportunity_id in sorted(outcome.failing):
                self._patience.failed(opportunity_id, now)
            self._asked.over((outcome.settled.keys() - outcome.failing) | outcome.refused)
            self._one.heed(self._asked.waiting)
            self._attached |= outcome.attached
            undone = held.keys() - outcome.settled.keys() - outcome.failing
            self._wait_again({i: r for i, r in held.items() if i in undone})
            return sent is not None

    def _taken_back(self, batch: str) -> _Sent | None:
        """It came back: those behind it in the queue have moved up, those before it have not."""
        if batch not in self._sent:
            return None
        self._lease = LEASE
        ids = list(self._sent)
        for behind in ids[ids.index(batch) + 1 :]:
            self._sent[behind].heard = self._clock()
        return self._sent.pop(batch)

    def lose(self, batch: str) -> None:
        """It never went out: what it held waits again."""
        with self._lock:
            if sent := self._sent.pop(batch, None):
                self._wait_again(sent.requests)

    def doubt(self) -> None:
        """Whatever is on its way may be lost: wait for it only a little longer."""
        with self._lock:
            for sent in self._sent.values():
                sent.heard, sent.lease = self._clock(), DOUBTED

    def lose_the_silent(self) -> int:
        """Give up batches of which nothing was heard for long, each time for twice as long; gives back how many.

        What they held may have been the end of whoever served it: it goes in smaller batches from now on.
        """
        with self._lock:
            lost = [i for i, sent in self._sent.items() if self._clock() - sent.heard >= (sent.lease or self._lease)]
            silent = [batch for batch in lost if self._sent[batch].lease is None]
            now = self._one.org.now()
            for opportunity_id in [i for batch in silent for i in self._sent[batch].requests]:
                self._patience.failed(opportunity_id, now)
            if silent:
                self._lease = min(2 * self._lease, _LONGEST_LEASE)
            for batch in lost:
                self.lose(batch)
            return len(lost)

    def _wait_again(self, requests: Mapping[str, Request]) -> None:
        # they came first; and what moved meanwhile has the newer stamps
        self._waiting.requests = {**requests, **self._waiting.requests}

    def _is_news(self, request: Request, now: datetime) -> bool:
        """Whether to read it. What we have just written moved by our own hand, and is looked at once it has settled."""
        attached = self._attached.get(request.opportunity_id)
        if attached and abs(now - attached) < _SETTLES:
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
