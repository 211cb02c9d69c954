"""The org behind the wire: everything that it holds, and nothing of HTTP."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sfsync.pocketorg import query
from sfsync.pocketorg.call import Answer, Call, Route, dispatch, refused
from sfsync.pocketorg.data.access import Access
from sfsync.pocketorg.data.dml import Dml
from sfsync.pocketorg.data.store import Store
from sfsync.pocketorg.data.work import Limits, Logic
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.faults import Clock, Faults
from sfsync.pocketorg.query import sqlfunctions
from sfsync.pocketorg.schema import Schema
from sfsync.pocketorg.sessions import Sessions

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request that Salesforce counts against the daily limit."""

    at: datetime
    method: str
    path: str  #: with Ids and values left out: /sobjects/{name}/{id}
    status: int
    client: str = ""  #: as `Sforce-Call-Options: client=…` names it


@dataclass(frozen=True, slots=True)
class Notification:
    """A custom notification: what rings the bell."""

    at: datetime
    type_id: str
    recipient_ids: tuple[str, ...]
    title: str
    body: str
    target_id: str


class Org:
    """Objects, rows, users and troubles of one pocket org. Answers calls; any thread may ask."""

    def __init__(
        self,
        *,
        store: Store,
        schema: Schema,
        clock: Clock,
        logic: Mapping[str, Logic],
        routes: Iterable["Route[Org]"],
        faults: Faults,
    ) -> None:
        self.store = store
        self.schema = schema
        self.clock = clock
        self.faults = faults
        self.sessions = Sessions(clock=clock)
        self.cursors = query.Cursors()
        self.calls: list[ApiCall] = []
        self.notifications: list[Notification] = []
        self.limits = Limits()
        self.jobs: dict[str, object] = {}  #: deployments and bulk jobs by Id, for the rooms that speak of them
        self.instance_url = ""
        self.org_id = ""
        self.dml = Dml(store=store, schema=schema, clock=clock, logic=logic, locks=faults.locks, limits=self.limits)
        self._routes = tuple(routes)
        sqlfunctions.register(store.db)

    def access(self, call: Call) -> Access:
        return self.dml.access(call.user_id)

    def answer(self, call: Call) -> Answer:
        """Answer a call in one transaction: an error undoes what it did."""
        return self._attempt(call) if call.nested else self.faults.locks.patiently(lambda: self._attempt(call))

    def _attempt(self, call: Call) -> Answer:
        try:
            with self.store.transaction():
                return dispatch(self._routes, self, call)
        except ApiError as error:
            return refused(error)

    def query(self, text: str, call: Call, *, include_deleted: bool = False) -> query.Result:
        """Run a query as the caller."""
        access = self.access(call)
        return query.run(
            text,
            db=self.store.db,
            schema=self.schema,
            access=access,
            now=self.clock(),
            version=call.version,
            user_id=call.user_id,
            include_deleted=include_deleted,
            all_files=access.may("QueryAllFiles"),
        )

    def route_name(self, path: str) -> str:
        """The kind of resource that a path names, with its variable parts as placeholders."""
        found = (route for route in self._routes if route.match(path) is not None)
        return next((route.path for route in found), path)

    def used(self) -> int:
        """Requests of the last 24 hours."""
        start = self.clock() - DAY
        return len(self.calls) - bisect_left(self.calls, start, key=lambda c: c.at)

    def get_all(self, sobject: str, **equal: Any) -> list[dict[str, Any]]:
        """The stored rows with these values, for tests and pages that look at the org from inside."""
        with self.store.lock:
            return self.store.find(sobject, **equal)
