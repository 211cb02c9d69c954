"""`python -m sfsync`, and the command `sfsync`."""

import os
import signal
import sys


def run() -> int:
    """Run the verb on the command line; give back its exit code."""
    if sys.argv[1:2] in (["worker"], ["clock"], ["work"]):
        # its modules take a moment to load, in which there is nothing yet that would have to be finished
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    from sfsync.cli import main  # noqa: PLC0415 (as said above)
    from sfsync.logs import hush  # noqa: PLC0415

    hush()
    return main()


if __name__ == "__main__":
    sys.exit(run())
