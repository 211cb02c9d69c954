"""`sfsync worker`: keep going."""

import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from sfsync import outlook, reload, schedule
from sfsync.cli.app import verb
from sfsync.cli.syncing import connected, installation
from sfsync.forms.design import Design
from sfsync.heartbeat import Heartbeat
from sfsync.reload import Loaded, Reload
from sfsync.renderers import Renderers
from sfsync.salesforce.api import Api
from sfsync.settings import Settings
from sfsync.sync import Sync
from sfsync.worker import Pass, Ticks, stop_on_signals, work


def _duration(_context: click.Context, _option: Any, value: str | None) -> timedelta | None:
    try:
        return schedule.duration(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@verb("Keep going until stopped.", "sfsync worker")
@click.option("--check-every", callback=_duration, metavar="DURATION", help='at all hours, such as "2 seconds"')
def command(settings: Path, check_every: timedelta | None) -> int:
    stop = threading.Event()
    stop_on_signals(stop)
    begin, heartbeat = reload.load(settings), Heartbeat(os.environ, schedule.utc_now)
    api, here = connected(), installation(os.environ)
    with Renderers(_designs(begin)) as renderers:

        def ready(loaded: Loaded) -> tuple[Pass, Settings]:
            its = _hurried(loaded[0].settings, check_every)
            sync = Sync(
                api,
                its,
                loaded[1],
                renderers,
                since=its.counts_since,
                at_most=its.at_most,
                stopping=stop.is_set,
                installation=here,
            )
            return sync.run, its

        def fresh() -> tuple[Pass, Settings] | None:
            found = files.fresh()
            if found:
                renderers.redesign(_designs(found))
            return ready(found) if found else None

        files = Reload(begin, lambda loaded: _prove(api, loaded))
        usage = api.session.usage
        return work(Ticks(*ready(begin), schedule.utc_now, fresh, usage=usage, heartbeat=heartbeat), stop)


def _designs(loaded: Loaded) -> dict[str, Design]:
    return {b.settings.name: b.design for b in loaded[1]}


def _hurried(settings: Settings, every: timedelta | None) -> Settings:
    """The settings, or with another rhythm at all hours."""
    return settings.model_copy(update={"check_every": every, "check_otherwise_every": every}) if every else settings


def _prove(api: Api, loaded: Loaded) -> None:
    """Ask the org whether it has all that changed settings and templates name. Raises SetupError."""
    outlook.scope(api, loaded[0].settings, loaded[1])
