"""From the environment to an org that answers."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sfsync.events import Heed, nobody
from sfsync.salesforce.api import Api
from sfsync.salesforce.login import Credentials, log_in
from sfsync.salesforce.session import Session


def connect(environ: Mapping[str, str], now: Callable[[], datetime], heed: Heed = nobody) -> Api:
    """Make the API of the org that the environment names; it logs in at the first call. Raises SetupError."""
    return enter(Credentials.from_environ(environ), now, heed=heed)


def enter(
    credentials: Credentials,
    now: Callable[[], datetime],
    allowed: Callable[[], bool] = lambda: True,
    heed: Heed = nobody,
) -> Api:
    """The same with credentials that were read before; `allowed` is asked before each call."""
    return Api(Session(lambda: log_in(credentials, now), now=now, allowed=allowed, heed=heed))
