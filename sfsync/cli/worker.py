"""`sfsync worker`: keep going."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from sfsync import config, schedule
from sfsync.cli.app import verb
from sfsync.cli.syncing import connected, syncing
from sfsync.forms import compose
from sfsync.worker import Ticks, work


def _duration(_context: click.Context, _option: Any, value: str | None) -> timedelta | None:
    try:
        return schedule.duration(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@verb("Keep going until stopped.", "sfsync worker")
@click.option("--check-every", callback=_duration, metavar="DURATION", help='at all hours, such as "2 seconds"')
def command(settings: Path, check_every: timedelta | None) -> int:
    loaded = config.load(settings)
    if check_every:
        every = {"check_every": check_every, "check_otherwise_every": check_every}
        loaded = replace(loaded, settings=loaded.settings.model_copy(update=every))
    stop = threading.Event()
    blueprints, at_most = compose.load(loaded), loaded.settings.at_most
    with syncing(loaded, blueprints, connected(), at_most=at_most, stopping=stop.is_set) as sync:
        return work(Ticks(sync.run, loaded.settings, schedule.utc_now), loaded.settings.check_every, stop)
