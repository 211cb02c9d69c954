"""From settings and environment to a `Sync` that can make passes: what `run` and `worker` begin with."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sfsync import schedule
from sfsync.config import Config
from sfsync.forms import compose
from sfsync.renderers import Renderers
from sfsync.salesforce.connect import connect
from sfsync.sync import Sync


@contextmanager
def syncing(loaded: Config, stop: threading.Event, *, remake: bool = False) -> Iterator[Sync]:
    """Everything that a pass needs; the render processes end with it."""
    blueprints = compose.load(loaded)
    api = connect(os.environ, schedule.utc_now)
    forget_secrets()
    with Renderers({b.settings.name: b.design for b in blueprints}) as renderers:
        yield Sync(api, loaded.settings, blueprints, renderers, remake=remake, stopping=stop.is_set)


def forget_secrets() -> None:
    """What the login has read is of no use to the render processes, which would inherit it."""
    for name in ("SF_PRIVATE_KEY", "SF_CLIENT_SECRET"):
        os.environ.pop(name, None)
