"""From settings and environment to a `Sync` that can make passes: what `run` and `worker` begin with."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sfsync import schedule
from sfsync.config import Config
from sfsync.forms.blueprint import Blueprint
from sfsync.renderers import Renderers
from sfsync.salesforce.api import Api
from sfsync.salesforce.connect import connect
from sfsync.sync import Sync


@contextmanager
def syncing(loaded: Config, blueprints: Sequence[Blueprint], api: Api, **more: Any) -> Iterator[Sync]:
    """A `Sync` with its render processes, which end with it. `more` goes to it as it is."""
    with Renderers({b.settings.name: b.design for b in blueprints}) as renderers:
        yield Sync(api, loaded.settings, blueprints, renderers, installation=installation(os.environ), **more)


def installation(environ: Mapping[str, str]) -> str:
    """What this one is called where several might work on one org: its app's or machine's name."""
    return environ.get("SFSYNC_INSTALLATION") or environ.get("HEROKU_APP_NAME") or socket.gethostname()


def connected() -> Api:
    """The org that the environment names; what the login has read is of no use to the render processes, and goes."""
    api = connect(os.environ, schedule.utc_now)
    forget_secrets()
    return api


def forget_secrets() -> None:
    """What the login has read is of no use to the render processes, which would inherit it."""
    for name in list(os.environ):
        if name.startswith(("SF_PRIVATE_KEY", "SF_CLIENT_SECRET")):
            del os.environ[name]
