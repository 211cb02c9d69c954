"""From settings and environment to a `Sync` that can make passes: what `run` and `worker` begin with."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sfsync import config, schedule, tenants
from sfsync.config import Config
from sfsync.errors import SetupError
from sfsync.forms.blueprint import Blueprint
from sfsync.renderers import Renderers
from sfsync.salesforce.api import Api
from sfsync.salesforce.connect import credentials, enter
from sfsync.settings import LoginSettings
from sfsync.sync import Sync


@contextmanager
def syncing(loaded: Config, blueprints: Sequence[Blueprint], api: Api, **more: Any) -> Iterator[Sync]:
    """A `Sync` with its render processes, which end with it. `more` goes to it as it is."""
    with Renderers({b.settings.name: b.design for b in blueprints}) as renderers:
        yield Sync(api, loaded.settings, blueprints, renderers, installation=installation(os.environ), **more)


def installation(environ: Mapping[str, str]) -> str:
    """What this one is called where several might work on one org: its app's or machine's name."""
    return environ.get("SFSYNC_INSTALLATION") or environ.get("HEROKU_APP_NAME") or socket.gethostname()


def way_into(loaded: Config) -> Api:
    """The org of these settings; it logs in at the first call. Raises SetupError."""
    tenant = tenants.of(loaded.path)
    return enter(credentials(tenant, os.environ, loaded.settings.login), schedule.utc_now)


def named(settings: Path) -> dict[str, str]:
    """The org's name for a program that reads of several."""
    tenant = tenants.of(settings)
    return {} if tenant.alone else {"org": tenant.name}


def environ_of(settings: Path) -> Mapping[str, str]:
    """The environment as the org of these settings has it, which may not be in order yet."""
    login = LoginSettings()
    with suppress(SetupError):
        login = config.load(settings).settings.login
    return tenants.of(settings).environ(os.environ, login)


def connected(loaded: Config) -> Api:
    """The org of these settings; what the login has read is of no use to the render processes, and goes."""
    api = way_into(loaded)
    forget_secrets()
    return api


def forget_secrets() -> None:
    """What the login has read is of no use to the render processes, which would inherit it."""
    for name in list(os.environ):
        if name.startswith(("SF_PRIVATE_KEY", "SF_CLIENT_SECRET")):
            del os.environ[name]
