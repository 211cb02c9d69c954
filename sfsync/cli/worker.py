"""`sfsync worker`: watch and serve in one process."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from sfsync import schedule
from sfsync.cli import working
from sfsync.cli.app import Orgs, verb


def duration(_context: click.Context, _option: Any, value: str | None) -> timedelta | None:
    """Read an option such as "2 seconds"."""
    try:
        return schedule.duration(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@verb("Keep going until stopped: clock and work in one process.", "sfsync worker", Orgs.ANY)
@click.option("--check-every", callback=duration, metavar="DURATION", help='at all hours, such as "2 seconds"')
@click.option("--threads", type=click.IntRange(1, 64), help="batches at once (2, for many orgs 8)")
@click.option("--processes", type=click.IntRange(1, 64), help="that draw forms (one per core)")
def command(settings: Path, check_every: timedelta | None, threads: int | None, processes: int | None) -> int:
    return working.run(
        settings, watches=True, serves=True, check_every=check_every, threads=threads, processes=processes
    )
