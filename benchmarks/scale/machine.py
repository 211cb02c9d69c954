"""What processes use: time of the processors and memory, read from /proc."""

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

_TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for each in found:
        try:
            tasks = list(Path(f"/proc/{each}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
        except OSError:
            continue
    return found


def processor_seconds(pids: Iterable[int]) -> float:
    """What they have used so far, also their children that have ended."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / _TICK
    return total


def megabytes(pid: int, what: str = "VmRSS") -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0.0
    return next((int(row.split()[1]) / 1024 for row in status.splitlines() if row.startswith(what)), 0.0)


def load() -> str:
    """The load average of the last minute, since whoever else is at work slows all down."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


class Watched:
    """Processes with all below them, from here on: processor time, and the peak of their memory together."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._before = {pid: processor_seconds(tree(pid)) for pid in pids}
        self.peak = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.seconds = time.monotonic() - self.began
        self.processor = sum(processor_seconds(tree(pid)) - self._before[pid] for pid in self._pids)
        self.alone = processor_seconds(self._pids)

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            self.peak = max(self.peak, sum(megabytes(each) for pid in self._pids for each in tree(pid)))
