"""A day of 1,000 orgs, simulated event by event: how many workers it takes, and how long a form then takes.

The orgs, the queue and the machines are a model; what each step costs is what the other parts measured with the real
code. Ticks, batches and the one upload lane of each org are as in `cluster/clock.py` and `serve.py`.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from statistics import median, quantiles

from benchmarks.scale.orgs import CALL_SECONDS, FILE_SECONDS
from benchmarks.scale.page import Figures
from sfsync.salesforce.attach import MAX_GRAPHS
from sfsync.watch import BATCH

ORGS, FORMS = 1000, 200
TICK, RARELY = 15.0, 300.0
OPENS, CLOSES, DAY = 8 * 3600.0, 18 * 3600.0, 86_400.0
#: of orgs: where they are, in hours from UTC (the Americas, Europe and Africa, Asia and Australia)
ZONES = {-8: 15, -6: 10, -5: 20, -3: 5, 0: 10, 1: 20, 2: 5, 5: 3, 8: 5, 9: 4, 10: 3}
THREADS = 8
RUSHES = (1, 5)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Seconds of a worker's processors for a form, and of the clock's for a look, as `drain` and `orgs` measured them.

    What a batch costs beside its forms was not measured alone, and is taken high.
    """

    form: float = 0.012
    batch: float = 0.03
    look: float = 0.006
    #: that a worker has
    cores: int = 1


@dataclass(slots=True, eq=False)
class _Org:
    zone: float
    #: when forms will be asked for, the next one last
    asked: list[float] = field(default_factory=list)
    waiting: deque[float] = field(default_factory=deque)
    sent: bool = False
    calls: int = 0
    uploads_of: int = 10


@dataclass(slots=True, eq=False)
class _Worker:
    threads: int = THREADS
    #: when its processors are free again
    free: list[float] = field(default_factory=list)


class Day:
    """One day with so many workers."""

    def __init__(self, workers: int, costs: Costs, *, rush: float = 1.0, seed: int = 1) -> None:
        """`rush` times as many forms as on a usual day."""
        self._chance, self._costs = Random(seed), costs
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self.now = count(), 0.0
        zones = self._chance.choices(list(ZONES), ZONES.values(), k=ORGS)
        self.orgs = [_Org(zone * 3600.0) for zone in zones]
        self._workers = [_Worker(free=[0.0] * costs.cores) for _ in range(workers)]
        self._queue: deque[_Org] = deque()
        self.waits: list[float] = []
        self.longest_queue, self.looks = 0, 0
        for org in self.orgs:
            self._ask(org, rush)
            self._at(self._chance.uniform(0, TICK), lambda org=org: self._tick(org))

    def _ask(self, org: _Org, rush: float) -> None:
        """The reps' day: more before noon and in the afternoon, nobody outside business hours."""
        for _ in range(round(FORMS * rush)):
            local = self._chance.choice((10.5, 15.5)) * 3600 + self._chance.gauss(0, 5400)
            local = min(max(local, OPENS), CLOSES - 1)
            org.asked.append((local - org.zone) % DAY)
        org.asked.sort(reverse=True)

    def _at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), what))

    def run(self) -> "Day":
        while self._events:
            self.now, _, what = heapq.heappop(self._events)
            what()
        return self

    def _tick(self, org: _Org) -> None:
        local = (self.now + org.zone) % DAY
        every = TICK if OPENS <= local < CLOSES else RARELY
        if self.now + every < DAY + 600:
            self._at(self.now + every, lambda: self._tick(org))
        if org.sent:
            return
        org.calls += 1
        self.looks += 1
        while org.asked and org.asked[-1] <= self.now:
            org.waiting.append(org.asked.pop())
        if org.waiting:
            self._at(self.now + CALL_SECONDS + self._costs.look, lambda: self._send(org))

    def _send(self, org: _Org) -> None:
        if org.waiting and not org.sent:
            org.sent = True
            self._queue.append(org)
            self._serve()
        self.longest_queue = max(self.longest_queue, len(self._queue))

    def _serve(self) -> None:
        while self._queue and (free := [w for w in self._workers if w.threads]):
            worker = max(free, key=lambda w: w.threads)
            worker.threads -= 1
            self._batch(self._queue.popleft(), worker)

    def _batch(self, org: _Org, worker: _Worker) -> None:
        """Read, draw, upload as many at a time as a call takes, ring; drawing goes on beside uploads."""
        asked = [org.waiting.popleft() for _ in range(min(len(org.waiting), BATCH))]
        org.calls += 1
        uploaded = self.now + CALL_SECONDS + self._works(worker, self._costs.batch)
        while asked:
            some, asked = asked[: org.uploads_of], asked[org.uploads_of :]
            org.uploads_of = min(MAX_GRAPHS, 2 * org.uploads_of) if len(some) == org.uploads_of else org.uploads_of
            drawn = self.now + self._works(worker, self._costs.form * len(some))
            uploaded = max(uploaded, drawn) + CALL_SECONDS + FILE_SECONDS * len(some)
            org.calls += 1
            self.waits += [uploaded - each for each in some]
        org.calls += 1
        self._at(uploaded + CALL_SECONDS, lambda: self._done(org, worker))

    def _works(self, worker: _Worker, seconds: float) -> float:
        """How long until so much work of its processors is done, behind all that they have to do already."""
        began = max(heapq.heappop(worker.free), self.now)
        heapq.heappush(worker.free, began + seconds)
        return began + seconds - self.now

    def _done(self, org: _Org, worker: _Worker) -> None:
        worker.threads += 1
        org.sent = False
        self._send(org)
        self._serve()


def main() -> Figures:
    figures, costs = Figures("day"), Costs()
    spent = [f"{cost * 1e3:.0f}" for cost in (costs.form, costs.batch, costs.look)]
    word = "a model; {} ms of a processor a form, {} a batch, {} a look".format(*spent)
    figures.say("orgs, forms a day", f"{ORGS:,}, {ORGS * FORMS:,}", word)
    for rush in RUSHES:
        needed, day = _needed(costs, rush)
        calls = [org.calls for org in day.orgs]
        what = "a usual day" if rush == 1 else f"a day with {rush} times as many"
        figures.say(f"{what}: workers of {costs.cores} core", f"{needed}", "and one more, so that one may be lost")
        figures.say(
            f"{what}: from click to file",
            f"{median(day.waits):.0f} s",
            f"99 % within {_p99(day):.0f} s; looking every {TICK:.0f} s",
        )
        figures.say(
            f"{what}: calls of an org",
            f"{median(calls):,.0f}",
            f"at most {max(calls):,}; {sum(calls) / len(day.waits):.1f} a form",
        )
        busiest = day.looks / DAY * costs.look
        figures.say(f"{what}: the clock", f"{busiest:.0%} of a core", "on the average of the day")
    return figures


def _needed(costs: Costs, rush: float) -> tuple[int, Day]:
    """The fewest workers with whom 99 of 100 wait no longer than a tick and five seconds, and their day."""
    days = ((n, Day(n, costs, rush=rush).run()) for n in count(1))
    return next((n, day) for n, day in days if _p99(day) <= TICK + 5)


def _p99(day: Day) -> float:
    return quantiles(day.waits, n=100)[-1]
