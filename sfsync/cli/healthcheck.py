"""`sfsync healthcheck`: whether the worker on this machine lives."""

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sfsync import config, heartbeat, schedule, tenants
from sfsync.cli.app import Orgs, verb
from sfsync.cli.screen import complain, say
from sfsync.errors import SetupError
from sfsync.salesforce.budget import MOST_RARELY
from sfsync.settings import Settings

#: so many looks may fail to come before anybody worries
_MISSED = 3


@verb("Say whether the worker on this machine lives: 0 yes, 1 no. For containers.", "sfsync healthcheck", Orgs.ANY)
def command(settings: Path) -> int:
    silent = heartbeat.silent_for(heartbeat.path(os.environ), schedule.utc_now())
    found = _orgs(settings) or [config.load(settings).settings]
    longest = max(pause for its in found for pause in (its.check_every * MOST_RARELY, its.check_otherwise_every))
    if silent is None or silent > _MISSED * longest + timedelta(minutes=1):
        complain("No sign of life." if silent is None else f"Silent for {silent.total_seconds():.0f} seconds.")
        return 1
    say(f"The last sign of life was {max(silent.total_seconds(), 0):.0f} seconds ago.")
    return 0


def _orgs(settings: Path) -> list[Settings]:
    """Those of several orgs whose files are in order: the worker goes on without the others."""
    found = []
    for tenant in tenants.find(settings, lambda _: None):
        with suppress(SetupError):
            found.append(config.load(tenant.path).settings)
    return found
