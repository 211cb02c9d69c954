"""Clocks and workers as real processes on one broker, for tests and whoever measures them.

`seconds_until_taken_over` gives the figure of the benchmark: from the kill -9 of a worker in the middle of a batch
until another has done the work.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from sfsync.pocketorg.server import PocketOrg
from tests.cluster.orgs import SETTINGS, assert_once, forms, installed, move, pocket_org, ways_in
from tests.conftest import ROOT

PATIENCE = 45.0
#: within which SIGTERM ends everything
DRAIN = 20.0


class Machine:
    """One `sfsync clock`, `work` or `worker`, and what it says."""

    def __init__(self, role: str, settings: Path, environ: Mapping[str, str], *more: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SF", "BROKER", "REDIS"))}
        self.role, self.lines = role, list[str]()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sfsync", role, "--config", str(settings), *more],
            cwd=ROOT,
            env={**clean, "PYTHONPATH": str(ROOT), **environ},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def signal(self, number: signal.Signals) -> None:
        """To all its processes."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()

    def ended(self) -> tuple[int, float]:
        """Exit code, and the seconds from SIGTERM to it."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(2 * DRAIN), time.monotonic() - began

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self._reader.join(5)
        if self.process.stderr:
            self.process.stderr.close()


class Place:
    """Orgs, a broker, and the machines between them."""

    def __init__(self, folder: Path, orgs: Mapping[str, PocketOrg], broker: str, **environ: str) -> None:
        self.orgs, self.machines = orgs, list[Machine]()
        self.check_every = "1 second" if len(orgs) < 10 else "5 seconds"
        names = list(orgs) if len(orgs) > 1 else []
        self.settings = installed(folder, names, SETTINGS)
        self.environ = {**ways_in(orgs), "BROKER_URL": broker, "SFSYNC_INSTALLATION": "here", **environ}

    def start(self, role: str, *more: str, **environ: str) -> Machine:
        options = ("--processes", "1") if role == "work" else ("--check-every", self.check_every)
        machine = Machine(role, self.settings, {**self.environ, **environ}, *options, *more)
        self.machines.append(machine)
        return machine

    def until(self, condition: Callable[[], object], patience: float = PATIENCE) -> float:
        """Wait for it; the seconds that it took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < patience, f"it did not happen\n{self.said}"
            time.sleep(0.02)
        return time.monotonic() - began

    def until_quiet(self, seconds: float = 1.0) -> None:
        """Until no worker has said anything for so long."""
        last, since = "", time.monotonic()

        def quiet() -> bool:
            nonlocal last, since
            said = "".join(each.said for each in self.machines if each.role == "work")
            if said != last:
                last, since = said, time.monotonic()
            return time.monotonic() - since >= seconds

        self.until(quiet)

    def until_served(self, org: PocketOrg, deals: Sequence[str], patience: float = PATIENCE) -> float:
        took = self.until(lambda: len(forms(org)) >= len(deals), patience)
        assert_once(org, deals)
        return took

    @property
    def said(self) -> str:
        return "\n".join(f"--- {machine.role} {machine.process.pid}\n{machine.said}" for machine in self.machines)

    def close(self) -> None:
        for machine in self.machines:
            machine.close()


@contextmanager
def placed(
    folder: Path, broker: str, *names: str, deals: int = 20, **environ: str
) -> Iterator[tuple[Place, dict[str, list[str]]]]:
    """A place with these orgs, up, and the deals of each, in no watched stage yet."""
    made = {name: pocket_org(deals) for name in names or ("main",)}
    orgs = {name: org.start() for name, (org, _) in made.items()}
    place = Place(folder, orgs, broker, **environ)
    try:
        yield place, {name: ids for name, (_, ids) in made.items()}
    finally:
        place.close()
        with ThreadPoolExecutor(len(orgs)) as pool:
            list(pool.map(_stop, orgs.values()))


def _stop(org: PocketOrg) -> None:
    with suppress(sqlite3.ProgrammingError):  # a test has stopped it already
        org.stop()


def both_up(place: Place, org: PocketOrg, deals: list[str], workers: Sequence[Machine]) -> list[str]:
    """Let them make single forms until each has made one; the deals that are left."""
    while not all("attached" in each.said for each in workers):
        done = len(forms(org))
        move(org, [deals[done]])
        place.until(lambda: len(forms(org)) > done)  # noqa: B023 (it ends within this round)
        place.until(lambda: place.said.count(" attached, ") > done)  # noqa: B023 (same)
    return deals[len(forms(org)) :]


def in_the_middle(place: Place, org: PocketOrg, deals: Sequence[str], workers: Sequence[Machine]) -> Machine:
    """Have them all served, each upload taking long; the worker that is uploading."""
    place.until_quiet()
    org.faults.slow_uploads = 2.0
    before = [len(each.lines) for each in workers]
    move(org, deals)
    place.until(org.faults.locks.held)
    return next(each for each, lines in zip(workers, before, strict=True) if len(each.lines) > lines)


def seconds_until_taken_over(folder: Path, broker: str, **environ: str) -> float:
    """From the kill -9 of a worker that uploads until another one has done all its work."""
    with placed(folder, broker, deals=60, **environ) as (place, found):
        org, deals = place.orgs["main"], found["main"]
        place.start("clock")
        workers = [place.start("work", "--verbose") for _ in range(2)]
        rest = both_up(place, org, deals, workers)
        victim = in_the_middle(place, org, rest, workers)
        victim.kill()
        org.faults.slow_uploads = 0.0
        return place.until_served(org, deals, patience=60)
