"""`make bench`: every figure, one after the other. `python -m benchmarks render latency` makes only these.

`python -m benchmarks scale drain day` makes only these parts of it.
"""

import sys
from collections.abc import Callable

from benchmarks import beside, passes, pocketorg, render
from benchmarks.scale import parts

FIGURES: dict[str, Callable[[], object]] = {
    "render": render.main,
    "beside": beside.main,
    "latency": passes.latency,
    "calls": passes.calls,
    "memory": passes.memory,
    "pocketorg": pocketorg.main,
    "scale": parts.main,
}


def main(wanted: list[str]) -> int:
    if wanted[:1] == ["scale"]:
        return parts.main(wanted[1:])
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    for name in wanted or FIGURES:
        print(f"\n{name}\n{'-' * len(name)}", flush=True)
        FIGURES[name]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
