"""A pocket org that listens: started and stopped from Python, spoken to over HTTP on loopback."""

import asyncio
import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from sfsync.pocketorg import founding, standard
from sfsync.pocketorg.data import currency
from sfsync.pocketorg.data.access import everything
from sfsync.pocketorg.data.store import Store
from sfsync.pocketorg.faults import Clock, Faults
from sfsync.pocketorg.http.auth import Auth
from sfsync.pocketorg.http.control import Control
from sfsync.pocketorg.http.wire import Protocol, Wire
from sfsync.pocketorg.logic import LOGIC
from sfsync.pocketorg.metadata import load
from sfsync.pocketorg.org import ApiCall, Notification, Org
from sfsync.pocketorg.rest import deploy
from sfsync.pocketorg.rest.resources import ROUTES
from sfsync.pocketorg.seed import Ground, list_stages, many, sample

#: an idle connection stays open for as long as a client may think of it
_KEEP_ALIVE = 75
#: what an org holds at first was there for a while, and did not move a moment ago
_FURNISHED = timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)


class PocketOrg:
    """One org on one port of 127.0.0.1; several can live in one process.

    `port` 0 takes a free one. `db` is a file that survives a restart, or ":memory:". `seed` is "sample", "none" or how
    many Opportunities to make up. `metadata` are folders in source format, deployed at start. `features` are what an
    admin may switch on: "multicurrency", "quotes", "schedules".
    """

    def __init__(
        self,
        *,
        port: int = 0,
        db: str | Path = ":memory:",
        seed: str | int = "sample",
        metadata: Sequence[Path] = (),
        features: Collection[str] = (),
        clock: Callable[[], datetime] = _now,
    ) -> None:
        schema = standard.schema(features)
        self.faults = Faults()
        store = Store(str(db), schema)
        self.clock = Clock(clock)
        self.clock.advance(-_FURNISHED)
        self.org = Org(
            store=store,
            schema=schema,
            clock=self.clock,
            logic=LOGIC,
            routes=ROUTES,
            faults=self.faults,
        )
        with store.transaction():
            self._furnish(seed, metadata)
        self.clock.run()
        self.auth = Auth(self.org, integration_user=self._user_id(founding.INTEGRATION_USER))
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def _furnish(self, seed: str | int, metadata: Sequence[Path]) -> None:
        """Found the org if it is new; in an old one only what the schema must know is repeated."""
        store, new = self.org.store, not self.org.store.find("Organization")
        currency.found(self.insert, store, self.org.schema)
        if new:
            founding.found(self.insert)
            if metadata or seed != "none":
                founding.add_order_form_stage(self.insert)
        for folder in metadata:
            self._deploy(folder, new)
        deploy.restore(self.org)
        if new:
            self._seed(seed)
        self._assign_permission_sets()
        list_stages(self.org.schema, store.find("OpportunityStage"))
        currency.settle(store, self.org.schema)
        self.org.org_id = store.find("Organization")[0]["Id"]

    def _deploy(self, folder: Path, new: bool) -> None:
        found = load(folder)
        found.apply(self.org.schema)
        self.org.store.migrate()
        known = {row["Name"] for row in self.org.store.find("PermissionSet")}
        if new or (found.permission_sets and known.isdisjoint(each.name for each in found.permission_sets)):
            found.install(self.org.schema, self.insert)
            deploy.keep_sources(self.org, found)

    def _seed(self, seed: str | int) -> None:
        store = self.org.store
        ground = Ground(
            pricebook_id=store.find("Pricebook2", IsStandard=1)[0]["Id"],
            profile_id=store.find("Profile", Name="Standard User")[0]["Id"],
            today=(self.clock() + _FURNISHED).date(),
        )
        with self.org.dml.bulk():
            if seed == "sample":
                sample(self.insert, ground)
            elif str(seed).isdigit():
                many(int(seed), self.insert, ground)

    def _assign_permission_sets(self) -> None:
        """Those that open the API go to the integration user, all others to the people."""
        store = self.org.store
        worker = self._user_id(founding.INTEGRATION_USER)
        people = [u["Id"] for u in store.find("User") if u["Id"] not in {worker, self.user_id}]
        taken = {row["PermissionSetId"] for row in store.find("PermissionSetAssignment")}
        for each in store.find("PermissionSet"):
            if each["Id"] in taken:
                continue
            for user_id in [worker] if each["PermissionsApiEnabled"] else people:
                self.insert("PermissionSetAssignment", {"AssigneeId": user_id, "PermissionSetId": each["Id"]})

    def _user_id(self, username: str) -> str:
        return str(self.org.get_all("User", Username=username)[0]["Id"])

    def insert(self, sobject: str, values: Mapping[str, Any], /) -> str:
        """Put a record into the org from inside: no permission is asked, and read-only fields may be set."""
        inside = everything(self.org.schema, "")
        return self.org.dml.insert(sobject, values, inside, system=True)

    # --------------------------------------------------------------- life cycle

    def app(self) -> ASGIApp:
        """The whole org as an ASGI application, for whoever calls it without sockets."""
        return Wire(self.org, self.auth, Control(self.org)).app()

    def start(self) -> Self:
        """Listen. Returns when the first request can be sent."""
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        self.org.instance_url = self.instance_url
        config = uvicorn.Config(
            self.app(),
            http=Protocol,
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # it tells the org's time, which a test may set
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.listen, args=(listener,), daemon=True)
        self._thread.start()
        self._server.ready.wait()
        return self

    def stop(self) -> None:
        """Stop listening and close the database."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
            self._server = None
        self.org.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ------------------------------------------------------------ how to get in

    @property
    def instance_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def username(self) -> str:
        return founding.ADMIN

    @property
    def user_id(self) -> str:
        return self._user_id(self.username)

    @property
    def access_token(self) -> str:
        """A session of the admin."""
        return self.token_for(self.username)

    @property
    def org_id(self) -> str:
        return self.org.org_id

    @property
    def client_id(self) -> str:
        return self.auth.client_id

    @property
    def client_secret(self) -> str:
        return self.auth.client_secret

    def token_for(self, username: str) -> str:
        """A new session of this user."""
        return self.auth.token_for(username)

    def add_certificate(self, pem: str) -> None:
        """Trust this certificate or public key (PEM) for JWT bearer logins."""
        self.auth.add_certificate(pem)

    # ------------------------------------------------------------- how it fares

    @property
    def calls(self) -> list[ApiCall]:
        """The API requests since the start, of those that count against the daily limit."""
        return self.org.calls

    @property
    def notifications(self) -> list[Notification]:
        return self.org.notifications

    @property
    def api_limit(self) -> int:
        """Requests in 24 hours."""
        return self.org.limits.api

    @api_limit.setter
    def api_limit(self, limit: int) -> None:
        self.org.limits.api = limit

    @property
    def file_limit(self) -> int:
        """Versions of files in 24 hours."""
        return self.org.limits.files

    @file_limit.setter
    def file_limit(self, limit: int) -> None:
        self.org.limits.files = limit


class _Server(uvicorn.Server):
    """Uvicorn in a thread of its own, with its own event loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def listen(self, listener: socket.socket) -> None:
        with listener:
            asyncio.run(self.serve([listener]))


def _listen(port: int) -> socket.socket:
    # asyncio switches Nagle's delay off only where the protocol is named; create_server does not name it
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener
