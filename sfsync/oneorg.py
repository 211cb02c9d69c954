"""One org with its settings: what watching it and serving it have in common."""

from collections.abc import Sequence

from sfsync import outlook
from sfsync.errors import SfsyncError, TryAgainLater
from sfsync.events import Heed, nobody
from sfsync.forms.blueprint import Blueprint
from sfsync.salesforce.api import Api
from sfsync.salesforce.board import Board
from sfsync.salesforce.digests import Digest
from sfsync.salesforce.org import Org
from sfsync.salesforce.plan import Plan
from sfsync.settings import Settings


class OneOrg:
    """The way into the org, and what to read there. It remembers only what saves calls."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        blueprints: Sequence[Blueprint],
        *,
        remake: bool = False,
        installation: str = "",
        heed: Heed = nobody,
    ) -> None:
        self.heed = heed
        self.api, self.settings, self.blueprints, self.remake = api, settings, tuple(blueprints), remake
        self.digest = Digest(api, settings, installation)
        self.board = Board(api, settings, installation, heed)
        self.org = Org(api, currency=settings.currency, beside=self.board.reads)
        self._plan: Plan | None = None

    @property
    def plan(self) -> Plan:
        """What to read, proved against the org once. Raises SetupError, TryAgainLater."""
        self._plan = self._plan or outlook.plan_for(self.org, self.blueprints, self.settings)
        return self._plan

    @property
    def scope(self) -> outlook.Scope:
        return outlook.Scope(self.org, self.plan, self.blueprints, self.settings, self.remake)

    def tell_admin(self, trouble: SfsyncError | None) -> None:
        """After a pass: how the worker is, every few minutes, and how it went, once a day. Never raises."""
        if not isinstance(trouble, TryAgainLater):
            self.board.beat(trouble)
        if trouble is None:
            self.digest.maybe(self.org.now())

    def forget(self) -> None:
        """Ask the org anew what it has: an admin may be mending it."""
        self._plan = None
        self.org.describer.forget()
