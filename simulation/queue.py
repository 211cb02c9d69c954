"""Clock and workers apart, with a broker between them that loses, doubles, delays and refuses letters."""

import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sfsync.cluster import letters
from sfsync.cluster.clock import Clock
from sfsync.errors import TryAgainLater
from sfsync.oneorg import OneOrg
from sfsync.records import Batch
from sfsync.report import Outcome
from sfsync.serve import Serve
from sfsync.watch import LEASE, Watch
from sfsync.worker import Ticks
from simulation.oracle import PATIENCE, Oracle, Verdict
from simulation.timeline import Actor, Killed, Timeline
from simulation.workers import StandIn, Worker, _loaded
from simulation.world import Plan, World

#: seconds that a letter is under way, and how much later it comes when it comes late
_WAY, _LATE = (0.01, 0.2), (5.0, 240.0)
#: seconds until the broker takes a worker for dead, and gives its letter to another
_DEAD = (0.5, 12.0)
#: an outcome is passed on so often among clocks
_HOPS = 12
#: there are few letters, so trouble comes to many of them
_RATE = 0.15
#: seconds between two looks into a queue
_LOOK = 1.0
#: seconds within which what was lost on its way has been sent again, and once more
_SENT_AGAIN = 3 * LEASE


@dataclass(slots=True)
class Broker:
    """Two queues: batches and outcomes. Each kind of trouble befalls the share `rate` of all letters."""

    timeline: Timeline
    random: Random
    rate: float
    batches: deque[str] = field(default_factory=deque)
    outcomes: deque[tuple[str, int]] = field(default_factory=deque)
    troubles: Counter[str] = field(default_factory=Counter)

    def send(self, batch: Batch) -> None:
        """Raises TryAgainLater where it is away."""
        if self._befalls("the broker is away"):
            raise TryAgainLater("The broker is away.")
        self._carry(json.dumps(letters.of_batch(batch)), self.batches.append)

    def tell(self, outcome: Outcome) -> None:
        self._carry((json.dumps(letters.of_outcome(outcome)), _HOPS), self.outcomes.append)

    def pass_on(self, letter: str, hops: int) -> None:
        if hops:
            self._carry((letter, hops - 1), self.outcomes.append)

    def give_back(self, letter: str) -> None:
        """Its worker died."""
        if not self._befalls("letter lost with its worker"):
            self.timeline.after(self.random.uniform(*_DEAD), lambda: self.batches.append(letter))

    def clear_up(self) -> None:
        self.rate = 0.0

    def _carry(self, letter: Any, arrive: Callable[[Any], None]) -> None:
        if self._befalls("letter lost"):
            return
        for _ in range(2 if self._befalls("letter doubled") else 1):
            late = self.random.uniform(*_LATE) if self._befalls("letter late") else 0.0
            self.timeline.after(late + self.random.uniform(*_WAY), lambda: arrive(letter))

    def _befalls(self, what: str) -> bool:
        if self.random.random() >= self.rate:
            return False
        self.troubles[what] += 1
        return True


@dataclass(slots=True, kw_only=True)
class Watching(Worker):
    """`sfsync clock`."""

    broker: Broker

    def _live(self, actor: Actor) -> None:
        self.lives += 1
        settings, blueprints = _loaded()
        clock = self._clock()
        one = OneOrg(self._api(actor, clock), settings, blueprints)

        def seconds() -> float:
            return clock().timestamp()

        clockwork = Clock(one, Watch(one, clock=seconds), self.broker.send, ahead=2, clock=seconds)
        ticks = Ticks(clockwork.run, settings, clock)
        while True:
            ticks.tick()
            self.passes += 1
            for _ in range(int(settings.check_every.total_seconds() / _LOOK)):
                self._hear(clockwork)
                actor.sleep(_LOOK)

    def _hear(self, clockwork: Clock) -> None:
        for _ in range(len(self.broker.outcomes)):
            letter, hops = self.broker.outcomes.popleft()
            if not clockwork.hear(letters.outcome(json.loads(letter))):
                self.broker.pass_on(letter, hops)


@dataclass(slots=True, kw_only=True)
class Serving(Worker):
    """`sfsync work`."""

    broker: Broker

    def _live(self, actor: Actor) -> None:
        self.lives += 1
        settings, blueprints = _loaded()
        clock = self._clock()
        one = OneOrg(self._api(actor, clock), settings, blueprints)
        serve = Serve(one, StandIn(), clock=lambda: clock().timestamp(), seconds=120.0)
        while True:
            if not self.broker.batches:
                actor.sleep(_LOOK)
                continue
            letter = self.broker.batches.popleft()
            try:
                outcome = serve.batch(letters.batch(json.loads(letter)))
            except Killed:
                self.broker.give_back(letter)
                raise
            self.broker.tell(outcome)


def live_apart(plan: Plan, *, clocks: int = 2) -> tuple[Verdict, Counter[str], int]:
    """A world in which clocks and workers stand apart: what the oracle says, what befell, and how many deals."""
    world = World(plan)
    chance = Random(plan.seed)
    broker = Broker(world.timeline, Random(chance.random()), _RATE)
    more = (world.timeline, world.network, world.workers[0].credentials)
    bodies: list[Worker] = [Watching(*more, Random(chance.random()), broker=broker) for _ in range(clocks)]
    bodies += [Serving(*more, Random(chance.random()), broker=broker) for _ in range(plan.workers)]
    try:
        world.people.plan(plan.minutes * 60.0, *plan.coming)
        world.start(bodies)
        world.go_on(plan.minutes * 60.0)
        broker.clear_up()
        world.network.clear_up()
        world.go_on(_SENT_AGAIN)
        world.come_to_rest()
        oracle = Oracle(world.server.org, world.history, world.timeline.seconds, patience=PATIENCE + _SENT_AGAIN)
        return oracle.judge(world.people.deals), broker.troubles + world.network.troubles, len(world.people.deals)
    finally:
        world.close()
