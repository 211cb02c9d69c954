"""`sfsync clock`: watch all orgs, and queue what is to be made."""

from datetime import timedelta
from pathlib import Path

import click

from sfsync.cli import working
from sfsync.cli.app import Orgs, verb
from sfsync.cli.worker import duration


@verb("Watch only, and queue what is to be made for sfsync work. Needs BROKER_URL.", "sfsync clock", Orgs.ANY)
@click.option("--check-every", callback=duration, metavar="DURATION", help='at all hours, such as "2 seconds"')
def command(settings: Path, check_every: timedelta | None) -> int:
    return working.run(settings, watches=True, serves=False, check_every=check_every)
