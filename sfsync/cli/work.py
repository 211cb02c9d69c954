"""`sfsync work`: make what `sfsync clock` has queued."""

from pathlib import Path

import click

from sfsync.cli import working
from sfsync.cli.app import Orgs, verb


@verb("Make what sfsync clock has queued, on as many machines as you like. Needs BROKER_URL.", "sfsync work", Orgs.ANY)
@click.option("--threads", type=click.IntRange(1, 64), help="batches at once (2, for many orgs 8)")
@click.option("--processes", type=click.IntRange(1, 64), help="that draw forms (one per core)")
def command(settings: Path, threads: int | None, processes: int | None) -> int:
    return working.run(settings, watches=False, serves=True, threads=threads, processes=processes)
