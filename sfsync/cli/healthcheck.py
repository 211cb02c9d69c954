"""`sfsync healthcheck`: whether the worker on this machine lives."""

import os
from datetime import timedelta
from pathlib import Path

from sfsync import config, heartbeat, schedule
from sfsync.cli.app import verb
from sfsync.cli.screen import complain, say
from sfsync.salesforce.budget import MOST_RARELY

#: so many looks may fail to come before anybody worries
_MISSED = 3


@verb("Say whether the worker on this machine lives: 0 yes, 1 no. For containers.", "sfsync healthcheck")
def command(settings: Path) -> int:
    loaded = config.load(settings).settings
    silent = heartbeat.silent_for(heartbeat.path(os.environ), schedule.utc_now())
    longest = max(loaded.check_every * MOST_RARELY, loaded.check_otherwise_every)
    if silent is None or silent > _MISSED * longest + timedelta(minutes=1):
        complain("No sign of life." if silent is None else f"Silent for {silent.total_seconds():.0f} seconds.")
        return 1
    say(f"The last sign of life was {max(silent.total_seconds(), 0):.0f} seconds ago.")
    return 0
