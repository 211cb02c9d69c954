"""Which parts there are, and which of them somebody asks for."""

import signal
import sys
from collections.abc import Callable

from benchmarks.scale import day, drain, growth, lost, machine, machines
from benchmarks.scale.page import Figures

PARTS: dict[str, Callable[[], Figures]] = {
    "drain": drain.main,
    "sizes": growth.sizes,
    "orgs": growth.numbers,
    "two": machines.two,
    "overhead": machines.overhead,
    "day": day.main,
    "lost": lost.main,
}
PUBLISH = "--publish"


def main(wanted: list[str] | None = None) -> int:
    """Measure these parts, or all; `--publish` also writes them into docs/scaling.md."""
    names = [name for name in wanted or () if name != PUBLISH]
    if unknown := [name for name in names if name not in PARTS]:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}, and {PUBLISH}", file=sys.stderr)
        return 2
    # whoever is stopped takes along what was started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in names or PARTS:
        print(f"\nscale {name}, {machine.load()}", flush=True)
        figures = PARTS[name]()
        if PUBLISH in (wanted or ()) and figures.rows:
            figures.publish()
    return 0
