"""After kill -9 of whoever serves, in the middle of a batch: how long until another has done the work."""

import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen

from benchmarks.scale.installation import Installation
from benchmarks.scale.machines import brokers
from benchmarks.scale.orgs import Orgs
from benchmarks.scale.page import Figures

#: due at once; the batch is in its middle once so many are made
DUE, MIDDLE, TIMES = 160, 30, 3
TICK = "2 seconds"


def main() -> Figures:
    figures = Figures("lost")
    ways = {"in one process": {}, **brokers()}
    if rabbitmq := ways.get("RabbitMQ"):
        ways["RabbitMQ without REDIS_URL"] = {"BROKER_URL": rabbitmq["BROKER_URL"]}
    for name, environ in ways.items():
        with Orgs(1, DUE * (TIMES + 1)) as orgs:
            orgs.slow()
            taken = [_once(orgs, environ) for _ in range(TIMES)]
        first, last = ([pair[side] for pair in taken] for side in (0, 1))
        word = "started again at once" if not environ else "another sfsync work waits"
        figures.say(f"{name}: until the next form", _seconds(first), word)
        figures.say(f"{name}: until all are made", _seconds(last), f"{DUE - MIDDLE} forms or fewer")
    return figures


def _seconds(taken: Sequence[float]) -> str:
    least, most = min(taken), max(taken)
    return f"{least:.1f} to {most:.1f} s"


def _once(orgs: Orgs, environ: Mapping[str, str]) -> tuple[float, float]:
    """Seconds from the kill to the next form, and to the last one."""
    before = sum(orgs.made())
    with (
        tempfile.TemporaryDirectory() as folder,
        Installation(Path(folder) / f"lost-{uuid.uuid4().hex[:8]}", orgs.ways_in, environ) as ours,
    ):
        works = _started(ours, Path(folder), bool(environ))
        orgs.move(DUE)
        orgs.wait(before + MIDDLE)
        _who_serves(works).kill()
        killed = time.monotonic()
        assert sum(orgs.made()) < before + DUE, "the batch was done already"
        if not environ:
            ours.start("worker", "--check-every", TICK)
        time.sleep(1)  # what was under way is committed all the same
        orgs.wait(min(sum(orgs.made()) + 1, before + DUE))
        first = time.monotonic() - killed
        orgs.wait(before + DUE)
        return first, time.monotonic() - killed


def _started(ours: Installation, folder: Path, broker: bool) -> dict[Path, Popen[bytes]]:
    """Those of whom one will serve, by their logs."""
    if not broker:
        return {ours.log: ours.start("worker", "--check-every", TICK)}
    ours.start("clock", "--check-every", TICK)
    works = {folder / name: ours.start("work", log=folder / name) for name in ("one", "other")}
    time.sleep(6)
    return works


def _who_serves(works: Mapping[Path, Popen[bytes]]) -> Popen[bytes]:
    """The one that says that it has attached forms."""
    for _ in range(100):
        for log, process in works.items():
            if "attached" in log.read_text("utf-8"):
                return process
        time.sleep(0.02)
    raise AssertionError("nobody says that it has attached forms")
