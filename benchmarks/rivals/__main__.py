"""One engine as a process: `NUMBER LINES` on stdin, one line of JSON for each on stdout, also for the engine's start.

`python -m benchmarks.rivals typst --save form.pdf` makes one form to look at.
"""

import json
import logging
import resource
import sys
from pathlib import Path
from time import process_time

from benchmarks.rivals.engines import ENGINES
from benchmarks.rivals.facts import facts


def main(name: str, *more: str) -> None:
    logging.disable(logging.CRITICAL)
    engine = ENGINES[name]()
    if more:
        Path(more[1]).write_bytes(engine(facts(1, 20)))
        return
    print(json.dumps({"engine": name}), flush=True)
    for line in sys.stdin:
        number, lines = map(int, line.split())
        said = facts(number, lines)
        start = process_time()
        content = engine(said)
        seconds = process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "bytes": len(content), "peak": peak}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
