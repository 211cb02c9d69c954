"""The worker as it runs in production: the same code, on a machine whose clock is not quite right, and mortal."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from sfsync import config
from sfsync.errors import SfsyncError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.blueprint import Blueprint
from sfsync.records import OrderForm, Pdf
from sfsync.salesforce.api import Api
from sfsync.salesforce.login import Credentials, log_in
from sfsync.salesforce.session import Session
from sfsync.settings import Settings
from sfsync.sync import Sync
from sfsync.worker import Ticks
from simulation.network import Adapter, Network
from simulation.people import says
from simulation.timeline import Actor, Killed, Timeline

_TEMPLATE = """\
<form title="{{ Opportunity.Name }}">
<p>{{ Opportunity.Account.Name }}, {{ Opportunity.Account.BillingStreet }}, {{ Opportunity.Account.BillingCity }}</p>
{% for line in Opportunity.OpportunityLineItems %}<p>{{ line.Quantity }} {{ line.TotalPrice | money }}</p>{% endfor %}
</form>
"""
_SETTINGS = """\
company: {name: Northwind}
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
    needs:
      Account.BillingStreet: Add the billing address to the account.
      OpportunityLineItems: Add at least one product.
currency: USD
"""
CHECK_EVERY = timedelta(seconds=15)
#: how far clocks of machines stand apart, and how long a new process takes to come up
_SKEW_SECONDS = (3.0, 3.0, 900.0)
_RESTART_SECONDS = (5.0, 30.0)

Attack = Callable[[Sync], None]


class StandIn:
    """Rendering is pure, so these bytes may take its place here, and only here: they say what the form would say."""

    def render(self, forms: Sequence[OrderForm]) -> Iterator[Pdf | SfsyncError]:
        """Yield one file a form."""
        for form in forms:
            yield Pdf(content=f"%PDF-{json.dumps([form.version, _said(form)])}".encode(), pages=1)


def _said(form: OrderForm) -> str:
    values = form.opportunity
    lines = (f"{line['Quantity']:.0f} for {line['TotalPrice']:.0f}" for line in values["OpportunityLineItems"])
    account = values["Account"]
    return says(values["Name"], account["Name"], account["BillingStreet"], account["BillingCity"], lines)


@cache
def _loaded() -> tuple[Settings, tuple[Blueprint, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "form.xml").write_text(_TEMPLATE)
        (Path(folder) / "sfsync.yaml").write_text(f"{_SETTINGS}check_every: {CHECK_EVERY.seconds} seconds\n")
        found = config.load(Path(folder) / "sfsync.yaml")
        return found.settings, order_forms.load(found)


@dataclass(slots=True)
class Worker:
    """One process after another on one machine."""

    timeline: Timeline
    network: Network
    credentials: Credentials
    random: Random
    #: changes the worker for the worse, to see whether the oracle notices
    attack: Attack | None = None
    lives: int = 0
    passes: int = 0

    def __call__(self, actor: Actor) -> None:
        """Live, and after each death live again."""
        while True:
            try:
                self._live(actor)
            except Killed:
                if actor.ended:
                    raise
                actor.sleep(self.random.uniform(*_RESTART_SECONDS))

    def _live(self, actor: Actor) -> None:
        self.lives += 1
        settings, blueprints = _loaded()
        clock = self._clock()
        sync = Sync(self._api(actor, clock), settings, blueprints, StandIn(), clock=lambda: clock().timestamp())
        if self.attack:
            self.attack(sync)
        ticks = Ticks(sync.run, settings, clock)
        while True:
            ticks.tick()
            self.passes += 1
            actor.sleep(settings.check_every.total_seconds())

    def _clock(self) -> Callable[[], datetime]:
        most = self.random.choice(_SKEW_SECONDS)
        skew = timedelta(seconds=self.random.uniform(-most, most))
        return lambda: self.timeline() + skew

    def _api(self, actor: Actor, clock: Callable[[], datetime]) -> Api:
        adapter = Adapter(self.network, actor)
        session = Session(
            lambda: log_in(self.credentials, clock, network=adapter),
            now=clock,
            sleep=actor.sleep,
            random=Random(self.random.random()),
        )
        session.mount("https://", adapter)
        return Api(session)
