"""From the environment to an org that answers."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sfsync.errors import SetupError
from sfsync.events import Heed, nobody
from sfsync.salesforce.api import Api
from sfsync.salesforce.login import Credentials, log_in
from sfsync.salesforce.session import Session
from sfsync.settings import LoginSettings
from sfsync.tenants import Tenant


def connect(environ: Mapping[str, str], now: Callable[[], datetime], heed: Heed = nobody) -> Api:
    """Make the API of the org that the environment names; it logs in at the first call. Raises SetupError."""
    return enter(Credentials.from_environ(environ), now, heed=heed)


def credentials(tenant: Tenant, environ: Mapping[str, str], login: LoginSettings) -> Credentials:
    """The login of one org of several, or of the only one. Raises SetupError that names the variable to set."""
    try:
        return Credentials.from_environ(tenant.environ(environ, login))
    except SetupError as problem:
        raise tenant.own(problem) from None


def enter(
    credentials: Credentials,
    now: Callable[[], datetime],
    allowed: Callable[[], bool] = lambda: True,
    heed: Heed = nobody,
) -> Api:
    """The same with credentials that were read before; `allowed` is asked before each call."""
    return Api(Session(lambda: log_in(credentials, now), now=now, allowed=allowed, heed=heed))
