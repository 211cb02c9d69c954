"""All orgs of this process: opened when they are wanted, and whoever's file is wrong is out with its reason."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from sfsync import events, tenants, traces
from sfsync.cluster.branch import Branch, Shop, opened
from sfsync.errors import SetupError
from sfsync.events import Event, Gone
from sfsync.records import Batch
from sfsync.report import Outcome, Report
from sfsync.tenants import Tenant

log = logging.getLogger(__name__)

#: so many orgs are kept open by whoever only serves them: each costs somewhat less than a megabyte
_OPEN = 200


class Roster:
    """The orgs by their names. Safe to use from several threads."""

    def __init__(
        self,
        settings: Path,
        environ: Mapping[str, str],
        shop: Shop,
        send: Callable[[str, Batch], None],
        most: int = _OPEN,
    ) -> None:
        self._settings, self._environ, self._shop, self._send, self._most = settings, environ, shop, send, most
        self._branches: dict[str, Branch] = {}
        self._found: dict[str, Tenant] = {}
        #: what is wrong, and was said already, by file
        self._said: dict[str, str] = {}
        self._guard = threading.Lock()

    def tenants(self) -> dict[str, Tenant]:
        """All that have a file now."""
        return {tenant.name: tenant for tenant in tenants.find(self._settings, self._say)}

    def look(self) -> dict[str, Branch]:
        """Open all whose files are in order; what is wrong is said once."""
        found = self.tenants()
        self._most = max(self._most, len(found))  # whoever watches has all of them open
        branches = {}
        for tenant in found.values():
            try:
                branches[tenant.name] = self.branch(tenant)
            except SetupError as problem:
                if tenant.alone:
                    raise
                self._say(problem, tenant)
        with self._guard:
            before, self._found = self._found, found
            self._branches = {name: branch for name, branch in self._branches.items() if name in found}
        for name in before.keys() - found.keys():
            self._tell(before[name], Gone())
        return branches

    def branch(self, tenant: Tenant) -> Branch:
        """One org, opened if it is not open yet. Raises SetupError."""
        with self._guard:
            branch = self._branches.pop(tenant.name, None)
            if branch is None:
                branch = opened(tenant, self._environ, self._shop, self._send)
                self._said.pop(str(tenant.path), None)
            self._branches[tenant.name] = branch
            if len(self._branches) > self._most:
                self._branches.pop(next(iter(self._branches)))
        return branch

    def serve(self, org: str, batch: Batch) -> Outcome:
        """Make the forms of a batch. Never raises."""
        tenant = self.tenants().get(org)
        if tenant is None:
            what = f"This machine has no file for the org '{org}'."
            return _refused(batch, SetupError(what, remedy="Deploy the same files to all machines."))
        with traces.about(traces.org, tenant.label):
            try:
                branch = self.branch(tenant)
            except SetupError as problem:
                return _refused(batch, problem)
            branch.refresh()
            return branch.serve(batch)

    def hear(self, org: str, outcome: Outcome) -> bool:
        """Take in what became of a batch. Whether it was one of this process's own."""
        with self._guard:
            branch = self._branches.get(org)
        if not branch:
            return False
        with traces.about(traces.org, branch.tenant.label):
            return branch.clock.hear(outcome)

    def _tell(self, tenant: Tenant, event: Event) -> None:
        with traces.about(traces.org, tenant.label):
            self._shop.heed(event)

    def doubt(self) -> None:
        """The broker was away, and may have lost what is on its way."""
        with self._guard:
            branches = list(self._branches.values())
        for branch in branches:
            branch.clock.doubt()

    def _say(self, problem: SetupError, tenant: Tenant | None = None) -> None:
        place = str(tenant.path) if tenant else problem.where
        if self._said.get(place) != problem.in_log:
            log.error("%sis out: %s", f"the org {tenant.name} " if tenant else "a file ", problem.in_log)
            if tenant:
                self._tell(tenant, events.refused(problem))
        self._said[place] = problem.in_log


def _refused(batch: Batch, problem: SetupError) -> Outcome:
    return Outcome(batch=batch.id, report=Report(error=problem))
