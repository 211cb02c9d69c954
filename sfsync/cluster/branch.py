"""One org in this process: its settings, its way in, and what watches or serves it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sfsync import outlook, reload
from sfsync.cluster.clock import Clock
from sfsync.cluster.limits import Limits
from sfsync.errors import SfsyncError
from sfsync.events import Heed, nobody
from sfsync.forms.blueprint import Blueprint
from sfsync.oneorg import OneOrg
from sfsync.records import Batch, OrderForm, Pdf
from sfsync.reload import Loaded, Reload
from sfsync.renderers import Renderers
from sfsync.report import Outcome, Report
from sfsync.salesforce.connect import credentials, enter
from sfsync.salesforce.login import Credentials
from sfsync.serve import Serve
from sfsync.settings import Settings
from sfsync.tenants import Tenant
from sfsync.watch import Watch

#: a batch is given back after so long, so that a slow org leaves room for others
BATCH_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Shop:
    """What all orgs of a process share."""

    limits: Limits
    installation: str
    now: Callable[[], datetime]
    stopping: threading.Event = field(default_factory=threading.Event)
    #: only where forms are made
    renderers: Renderers | None = None
    heed: Heed = nobody
    #: batches of one org on their way at once
    ahead: int = 2
    #: the settings, or what somebody at the command line made of them
    adjusted: Callable[[Settings], Settings] = lambda settings: settings


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The shared render processes, with this org's designs."""

    renderers: Renderers
    blueprints: Sequence[Blueprint]

    def render(self, forms: Sequence[OrderForm]) -> Iterator[Pdf | SfsyncError]:
        return self.renderers.drawn(forms, {b.settings.name: b.design for b in self.blueprints})


class Branch:
    """Its session and its login stay; all else is made anew where the settings change."""

    def __init__(
        self, tenant: Tenant, loaded: Loaded, way_in: Credentials, shop: Shop, send: Callable[[str, Batch], None]
    ) -> None:
        self.tenant, self._shop, self._send = tenant, shop, send
        self.api = enter(way_in, shop.now, self._may_call, shop.heed)
        self._files, self._guard = Reload(loaded, self._prove), threading.Lock()
        self._use(loaded)

    def _use(self, loaded: Loaded) -> None:
        shop, blueprints = self._shop, loaded[1]
        self.settings = its = shop.adjusted(loaded[0].settings)
        calls = its.calls_a_day
        self._allowed = shop.limits.allowance(self.tenant.name, calls) if calls else lambda: True
        one = OneOrg(self.api, its, blueprints, installation=shop.installation, heed=shop.heed)
        watch = Watch(one, since=its.counts_since, at_most=its.at_most)
        name = self.tenant.name
        self.clock = Clock(
            one, watch, lambda batch: self._send(name, batch), ahead=shop.ahead, stopping=shop.stopping.is_set
        )
        if shop.renderers:
            self._serve = Serve(
                one,
                _Drawing(shop.renderers, blueprints),
                stopping=shop.stopping.is_set,
                lane=lambda: shop.limits.lane(name),
                seconds=BATCH_SECONDS,
            )

    def refresh(self) -> None:
        """Take up settings and templates that changed, where they are in order."""
        with self._guard:
            if found := self._files.fresh():
                self._use(found)

    def run(self, *, sweep: bool) -> Report:
        """Watch once, and hand out what is to be made."""
        return self.clock.run(sweep=sweep)

    def _may_call(self) -> bool:
        return self._allowed()

    def serve(self, batch: Batch) -> Outcome:
        """Make the forms of a batch. Never raises."""
        return self._serve.batch(batch)

    def _prove(self, loaded: Loaded) -> None:
        """Ask the org whether it has all that changed settings and templates name. Raises SetupError."""
        outlook.scope(self.api, loaded[0].settings, loaded[1])


def opened(tenant: Tenant, environ: Mapping[str, str], shop: Shop, send: Callable[[str, Batch], None]) -> Branch:
    """Read its files and its login. Raises SetupError, SetupErrors."""
    loaded = reload.load(tenant.path)
    return Branch(tenant, loaded, credentials(tenant, environ, loaded[0].settings.login), shop, send)
