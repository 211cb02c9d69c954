"""One org with its people, its workers and its weather, made from a seed and run to its end."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

from sfsync.pocketorg.founding import READER
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce.login import Credentials
from simulation.history import History
from simulation.network import Network
from simulation.oracle import PATIENCE, Oracle, Verdict, Violation
from simulation.people import People
from simulation.server import Server
from simulation.thrift import Outage
from simulation.timeline import Actor, Timeline
from simulation.workers import CHECK_EVERY, Attack, Worker

_METADATA = Path(__file__).parents[1] / "config" / "salesforce"
_START = datetime(2026, 11, 23, 8, tzinfo=UTC)
#: after the people have gone home and the weather has cleared
_QUIET_SECONDS = 420.0
ADDRESS = "https://pocket.my.salesforce.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a world is made of; the same plan makes the same world, to the last byte."""

    seed: int
    deals: int = 500
    #: of work; a quiet quarter of an hour follows
    minutes: int = 20
    workers: int = 2
    #: share of calls that each kind of trouble befalls
    rate: float = 0.02
    #: share of deals to which each kind of act is done
    meddling: float = 0.10
    #: share of deals that go on to the next stage after a while
    go_on: float = 0.80
    #: the minute at which all of the org is down, and for how many minutes
    outage: tuple[int, int] = (0, 0)
    #: between which shares of the time of work the deals reach their stage
    coming: tuple[float, float] = (0.0, 0.7)
    #: that the org takes to write a file
    seconds_a_file: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A world that ended."""

    plan: Plan
    opportunities: int
    verdict: Verdict
    troubles: Counter[str]
    acts: int
    #: those that reached the org, and all that were sent
    calls: int
    attempts: int
    lives: int
    passes: int


class World:
    """Everything that one plan brings together."""

    def __init__(self, plan: Plan, attack: Attack | None = None) -> None:
        self._plan, self._attack = plan, attack
        chance = Random(plan.seed)
        self.timeline = Timeline(_START)
        org = PocketOrg(seed="none", metadata=[_METADATA], clock=self.timeline)
        org.org.instance_url = ADDRESS
        _only_ours(org)
        self.server = Server(org)
        self.history = History(org, self.timeline)
        self.people = People(
            org, self.timeline, self.history, Random(chance.random()), meddling=plan.meddling, go_on=plan.go_on
        )
        self.people.found(plan.deals)
        self.network = Network(
            self.server,
            self.timeline,
            self.history,
            Random(chance.random()),
            rate=plan.rate,
            lock=self.people.lock_some,
            edit=self.people.edit_some,
            seconds_a_file=plan.seconds_a_file,
        )
        credentials = Credentials(login_url=ADDRESS, client_id=org.client_id, client_secret=org.client_secret)
        self.workers = [
            Worker(self.timeline, self.network, credentials, Random(chance.random()), attack)
            for _ in range(plan.workers)
        ]

    def run(self) -> Outcome:
        """Let it happen, and judge it."""
        self.run_with(self.workers)
        return self.outcome(self.verdict())

    def run_with(self, bodies: Sequence[Callable[[Actor], None]]) -> None:
        """Let it happen, with these processes on the org."""
        self._begin(bodies)
        self.go_on(self._plan.minutes * 60.0)
        self.come_to_rest()

    def _begin(self, bodies: Sequence[Callable[[Actor], None]]) -> None:
        self.people.plan(self._plan.minutes * 60.0, *self._plan.coming)
        self._plan_outage()
        self.start(bodies)

    def start(self, bodies: Sequence[Callable[[Actor], None]]) -> None:
        self._actors = [Actor(self.timeline, body) for body in bodies]
        for number, actor in enumerate(self._actors):
            actor.start(after=number * 4.0)

    def go_on(self, seconds: float) -> None:
        self.timeline.run(self.timeline.seconds + seconds)

    def come_to_rest(self) -> None:
        """Let the weather clear and the last late call land, and end all processes."""
        self.network.clear_up()
        self.go_on(_QUIET_SECONDS)
        self._end()

    def _end(self) -> None:
        for actor in self._actors:
            actor.end()

    def verdict(self) -> Verdict:
        """Judge what there is now."""
        patience = PATIENCE + 60 * self._plan.outage[1]
        oracle = Oracle(self.server.org, self.history, self.timeline.seconds, patience=patience)
        found = oracle.judge(self.people.deals)
        if self._plan.outage[1]:
            found.violations += [Violation("I7", "-", what) for what in self._outage(found).judge()]
        return found

    def _outage(self, found: Verdict) -> Outage:
        """What the outage cost: another world, with the same people and workers, shows what a quiet time does."""
        begins, minutes = (60.0 * each for each in self._plan.outage)
        served = begins + minutes + found.recovery(begins + minutes)
        twin = World(replace(self._plan, outage=(0, 0)), self._attack)
        try:
            twin._begin(twin.workers)
            twin.go_on(served)
            twin._end()
        finally:
            twin.close()
        return Outage(
            seconds=minutes,
            every=CHECK_EVERY,
            workers=self._plan.workers,
            in_vain=self.network.sent_between(begins, begins + minutes),
            spent=self.network.sent_between(begins, served),
            quiet=twin.network.sent_between(begins, served),
        )

    def _plan_outage(self) -> None:
        begins, minutes = self._plan.outage
        if minutes:
            self.timeline.after(begins * 60, partial(self.network.set_down, True))
            self.timeline.after((begins + minutes) * 60, partial(self.network.set_down, False))

    def outcome(self, verdict: Verdict) -> Outcome:
        """What there is to say of this world, with this verdict."""
        org = self.server.org
        return Outcome(
            self._plan,
            len(self.people.deals),
            verdict,
            self.network.troubles,
            self.people.acts,
            sum(call.client.startswith("sfsync/") for call in org.calls),
            self.network.attempts,
            sum(worker.lives for worker in self.workers),
            sum(worker.passes for worker in self.workers),
        )

    def close(self) -> None:
        self.server.close()


def _only_ours(org: PocketOrg) -> None:
    """Leave the worker with the permission set that sfsync ships."""
    [wide] = org.org.get_all("PermissionSet", Name=READER)
    with org.org.store.transaction():
        for row in org.org.get_all("PermissionSetAssignment", PermissionSetId=wide["Id"]):
            org.org.store.delete("PermissionSetAssignment", row["Id"])
    org.org.dml.forget_access()
