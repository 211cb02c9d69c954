"""One campaign: calm, a bad network, chaos, restarts, an expired session, an outage; then the judge."""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from chaos import deals as people
from chaos.deals import ELSEWHERE, Deal, Reps
from chaos.judge import Judge, Violation, leaks
from chaos.processes import TICK, OrgProcess, Place, Worker, switch_on
from chaos.proxy import Proxy
from simulation.calls import least, reads

#: of a day's calls and files
_NO_LIMITS = {"api_limit": 10**9, "file_limit": 10**9}
#: nobody waits longer for a form, once the world is quiet
_PATIENCE = 300.0
#: Heroku kills 30 seconds after SIGTERM; a worker is expected to be gone before
_DRAIN = 20.0
#: what was written is read once more five seconds later, at the next tick; so long at the most
_LOOKED_AT_AGAIN = 5 + 5 * TICK


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    opportunities: int = 5000
    kills: int = 300
    workers: int = 2
    #: at once, when an outage ends
    backlog: int = 2000
    outage_seconds: float = 60.0
    restarts: int = 10
    #: SIGTERMs at random moments of a worker's first seconds
    stops: int = 30
    #: whose waits are measured, without faults and with 5 %
    measured: int = 300
    #: in hand while all sessions end
    expiring: int = 200
    seed: int = 1

    @property
    def in_chaos(self) -> int:
        """What is left when the other parts have had theirs."""
        others = 1 + 2 * self.measured + 40 * self.restarts + 10 * self.stops + self.expiring + self.backlog
        return max(self.opportunities - others, 0)


@dataclass(slots=True)
class Figures:
    """What the table says."""

    size: Size
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    calm: list[float] = field(default_factory=list)
    faulty: list[float] = field(default_factory=list)
    #: seconds from a restart to its first form
    recovered: list[float] = field(default_factory=list)
    #: seconds from SIGTERM to the end
    drained: list[float] = field(default_factory=list)
    #: sent while so many forms' session had expired
    expiries: int = 0
    logins: int = 0
    #: those that waited for the end of the outage, and the calls until all were served and looked at once more
    outage_deals: int = 0
    outage_calls: Counter[str] = field(default_factory=Counter)
    outage_least: int = 0
    #: calls that met a closed door
    outage_tries: int = 0
    outage_drained: float = 0.0
    forms: int = 0
    seconds: float = 0.0
    clock_moved: bool = True
    #: the machine's load average before anything of this began, and its cores
    load: float = 0.0
    cores: int = 1


class Campaign:
    """Everything that runs, and who breaks it."""

    def __init__(self, folder: Path, size: Size, say: Callable[[str], None]) -> None:
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        self._size, self._say, self._rng = size, say, random.Random(size.seed)
        self._db = folder / "org.sqlite"
        self._deals = people.found(self._db, size.opportunities)
        # an outage needs its backlog, whatever the other parts take
        at = max(size.opportunities - size.backlog, 0)
        self._backlog, self._waiting = self._deals[at:], iter(self._deals[:at])
        self._org = OrgProcess(self._db)
        self._proxy = Proxy(self._org.port, random.Random(size.seed + 1))
        (folder / "place").mkdir()
        self._place = Place(folder / "place")
        self._reps = Reps(self._org.admin(), self._rng)
        self._reps.control("PATCH", "", _NO_LIMITS)
        self._workers: list[Worker] = []
        self.figures = Figures(size, clock_moved=self._place.can_set_clock, load=load, cores=cores)

    def run(self) -> Figures:
        began = time.monotonic()
        try:
            self._start_workers()
            self._settle("at the start")
            self.figures.calm = self._measured("calm")
            self._proxy.rate = 0.05
            self.figures.faulty = self._measured("5 % of calls broken")
            self._chaos()
            self._restarts()
            self._stops()
            self._expiry()
            self._outage()
        finally:
            self._end()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    # ------------------------------------------------------------------ workers

    def _start_workers(self) -> None:
        switch_on(self._place, self._place.environ(self._org.way_in, self._proxy.url))
        self._reps.move(self._next(1))
        while len(self._workers) < self._size.workers:
            self._workers.append(self._worker())

    def _worker(self, *, no_disk: bool = False) -> Worker:
        return Worker(self._place, self._place.environ(self._org.way_in, self._proxy.url), no_disk=no_disk)

    def _replace(self, number: int) -> None:
        no_disk = self._rng.random() < 0.1
        self.figures.faults["worker without disk"] += no_disk
        self._workers[number].end()
        self._workers[number] = self._worker(no_disk=no_disk)

    # -------------------------------------------------------------------- waits

    def _next(self, count: int) -> list[Deal]:
        return list(islice(self._waiting, count))

    def _measured(self, name: str) -> list[float]:
        """Move deals one by one at an even pace, and note when each is ready."""
        waits: dict[str, float] = {}
        moved: dict[str, Deal] = {}
        todo = self._next(self._size.measured)
        until = time.monotonic() + _PATIENCE + len(todo)
        while (todo or len(waits) < len(moved)) and time.monotonic() < until:
            some, todo = todo[:3], todo[3:]
            self._reps.move(some)
            moved |= {deal.id: deal for deal in some}
            time.sleep(0.5)
            ready = {i for i, (status, _) in self._reps.status().items() if status == "Ready"}
            now = time.monotonic()
            for each in moved.keys() & ready - waits.keys():
                waits[each] = now - moved[each].moved_at
        self._say(f"{name}: {len(waits)} forms, the slowest after {max(waits.values(), default=0):.1f} s")
        return sorted(waits.values())

    def _quiet(self, patience: float = _PATIENCE) -> bool:
        """Wait until every deal in the stage is ready and nothing moves any more."""
        until, before = time.monotonic() + patience, None
        while time.monotonic() < until:
            rows = self._reps.status()
            done = all(rows.get(d.id, ("", 0))[0] == "Ready" for d in self._deals if d.stage == people.STAGE)
            if done and rows == before:
                return True
            before = rows if done else None
            time.sleep(3 * TICK if done else 1)
        return False

    # -------------------------------------------------------------------- chaos

    def _chaos(self) -> None:
        """Reps work, and every moment something breaks, until there were as many kills as asked for."""
        share = self._size.in_chaos
        self._proxy.rate = 0.1
        kills, moved = 0, 0
        while kills < self._size.kills or moved < share:
            some = self._next(min(share - moved, 1 + share // max(self._size.kills, 1)))
            moved += len(some)
            self._reps_work(some)
            if self._break_something():
                kills += 1
                if kills % 50 == 0:
                    self._say(f"chaos: {kills} kills, {moved} deals moved")
            time.sleep(self._rng.uniform(0.1, 0.6))
        self._place.set_clock(0)
        self._proxy.rate = 0.0
        self._settle("after the chaos")

    def _settle(self, when: str) -> None:
        for number, worker in enumerate(self._workers):
            if not worker.alive:
                self._workers[number] = self._worker()
        began = time.monotonic()
        if not self._quiet():
            self._say(f"{when}: not all are served after {_PATIENCE:.0f} s")
        self._say(f"{when}: quiet after {time.monotonic() - began:.0f} s")

    def _reps_work(self, some: Sequence[Deal]) -> None:
        self._reps.move(some)
        known = [d for d in self._deals if d.moved_at]
        for deal in self._rng.sample(known, min(len(known), 2)):
            match self._rng.randrange(4):
                case 0:
                    self._reps.rename(deal)
                case 1:
                    self._reps.move([deal], ELSEWHERE)
                    self._reps.rename(deal)
                    time.sleep(1.1)  # stages are told apart by whole seconds
                    self._reps.move([deal])
        # a deal that came back at once is asked for once more, whatever became of the first time

    def _break_something(self) -> int:
        """Returns how many workers were killed."""
        number = self._rng.randrange(len(self._workers))
        worker = self._workers[number]
        now = time.monotonic()
        if now - worker.started < self._rng.uniform(0, 3) or now < worker.frozen_until:
            return 0
        what = self._rng.choices(list(_TROUBLES), [weight for weight, _ in _TROUBLES.values()])[0]
        self.figures.faults[what] += 1
        return _TROUBLES[what][1](self, number) or 0

    def kill(self, number: int) -> int:
        self._workers[number].kill()
        self._replace(number)
        return 1

    def freeze(self, number: int) -> None:
        self._workers[number].freeze(self._rng.uniform(5, 40))

    def roll(self, number: int) -> None:
        """A deploy: the new one starts when the old one is told to stop, and both work for a while."""
        old, self._workers[number] = self._workers[number], self._worker()
        self._stop(old)

    def _stop(self, worker: Worker) -> None:
        """Tell it to stop, and see that it does; one that is not there any more does not."""
        heard, age, began = worker.hears(), time.monotonic() - worker.started, time.monotonic()
        worker.terminate()
        if not (worker.ended_well(_DRAIN + 10) and heard):
            what = f"a worker of {age:.1f} s ended SIGTERM with {worker.process.poll()}"
            self.figures.violations.append(("drain", what))
        self.figures.drained.append(time.monotonic() - began)
        worker.end()

    def kill_org(self, _number: int) -> None:
        self._org.kill()
        time.sleep(self._rng.uniform(0, 3))
        self._org.start()
        self._reps.control("PATCH", "", _NO_LIMITS)

    def revoke(self, _number: int) -> None:
        self._reps.control("DELETE", "/sessions")

    def limit(self, _number: int) -> None:
        self._reps.control("PATCH", "", {"api_limit": 1})
        time.sleep(self._rng.uniform(1, 4))
        self._reps.control("PATCH", "", _NO_LIMITS)

    def move_clock(self, _number: int) -> None:
        self._place.set_clock(self._rng.choice([-3600, -60, 0, 60, 3600]))

    # ------------------------------------------------------- restarts and expiry

    def _restarts(self) -> None:
        """Kill everybody with work in hand, start one, and see how long it takes to go on."""
        for _ in range(self._size.restarts):
            self._reps.move(self._next(30))
            time.sleep(self._rng.uniform(0, 2 * TICK))
            for worker in self._workers:
                worker.kill()
                worker.end()
            self._reps.move(self._next(10))
            self.figures.faults["kill -9 of a worker"] += len(self._workers)
            self._workers = [self._worker()]
            until = time.monotonic() + 60
            while self._workers[0].first_form is None and time.monotonic() < until:
                time.sleep(0.1)
            self.figures.recovered.append((self._workers[0].first_form or until) - self._workers[0].started)
        self._settle("after the restarts")
        self._say(f"service goes on after {max(self.figures.recovered, default=0):.1f} s at most")

    def _stops(self) -> None:
        """SIGTERM to everybody at random moments of a life: while it starts, logs in, renders, waits for answers."""
        self._proxy.rate = 0.1
        for _ in range(self._size.stops):
            self._reps.move(self._next(10))
            self.figures.faults["SIGTERM within a worker's first seconds"] += 1
            stopped = self._worker(no_disk=self._rng.random() < 0.1)
            time.sleep(self._rng.choice((1.0, 4.0)) * self._rng.random())
            self._stop(stopped)
        self._proxy.rate = 0.0
        self._settle("after the stops")
        self._say(f"SIGTERM ends a worker within {max(self.figures.drained, default=0):.1f} s")

    def _keep_one(self) -> None:
        for worker in self._workers[1:]:
            worker.end()
        self._workers = self._workers[:1]

    def _expiry(self) -> None:
        """End all sessions while one worker is busy: it logs in once."""
        self._keep_one()
        self._reps.move(self._next(self._size.expiring))
        time.sleep(TICK)
        before = self._proxy.calls["logins"]
        self.revoke(0)
        self._settle("after the expiry")
        self.figures.logins = self._proxy.calls["logins"] - before

    # ------------------------------------------------------------------- outage

    def _outage(self) -> None:
        """Nothing of the org can be reached; meanwhile the reps go on."""
        self._proxy.closed = True
        self._reps.move(self._backlog)
        time.sleep(self._size.outage_seconds)
        self._proxy.closed = False
        before, began = Counter(self._proxy.calls), time.monotonic()
        self._served({deal.id for deal in self._backlog})
        self.figures.outage_drained = time.monotonic() - began
        self._looked_at_again(before["reads"], len(self._backlog))
        figures = self.figures
        figures.outage_deals, figures.outage_least = len(self._backlog), least(len(self._backlog))
        figures.outage_calls, figures.outage_tries = self._proxy.calls - before, self._proxy.in_vain
        self._settle("after the outage")

    def _looked_at_again(self, before: int, forms: int) -> None:
        """Wait until what was written has been read once more."""
        until = time.monotonic() + _LOOKED_AT_AGAIN
        while self._proxy.calls["reads"] - before < 2 * reads(forms) and time.monotonic() < until:
            time.sleep(0.1)

    def _served(self, ids: set[str]) -> None:
        """Wait until all of these are ready."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            rows = self._reps.status()
            if all(rows.get(each, ("", 0))[0] == "Ready" for each in ids):
                return
            time.sleep(0.5)

    def _end(self) -> None:
        for worker in self._workers:
            worker.end()
        self._org.kill()
        self._proxy.stop()
        judge = Judge(self._db)
        self.figures.violations += judge.violations(self._deals)
        secrets = [self._org.way_in["client_secret"], *self._reps.tokens]
        self.figures.violations += leaks(self._place.folder, self._place.log, secrets)
        self.figures.faults.update(self._proxy.faults)
        self.figures.forms = judge.forms


_TROUBLES: dict[str, tuple[int, Callable[[Campaign, int], int | None]]] = {
    "kill -9 of a worker": (60, Campaign.kill),
    "SIGSTOP of 5 to 40 s": (4, Campaign.freeze),
    "SIGTERM with the next worker beside it": (6, Campaign.roll),
    "kill -9 of the org": (2, Campaign.kill_org),
    "all sessions revoked": (6, Campaign.revoke),
    "API limit reached and lifted": (1, Campaign.limit),
    "workers' clock moved by up to an hour": (4, Campaign.move_clock),
}


@contextmanager
def campaign(size: Size, say: Callable[[str], None]) -> Iterator[Campaign]:
    """In a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="sfsync-chaos-") as folder:
        yield Campaign(Path(folder), size, say)
