"""A pocket org that runs, and clients that speak to it over HTTP."""

from collections.abc import Callable, Iterator

import pytest
from wire_client import METADATA, WORKER, Client, Clock

from sfsync.pocketorg import PocketOrg


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running(clock: Clock) -> Iterator[PocketOrg]:
    with PocketOrg(metadata=[METADATA], clock=clock) as org:
        yield org


@pytest.fixture
def org(running: PocketOrg) -> Iterator[PocketOrg]:
    yield running
    running.faults.clear()


@pytest.fixture
def client_of(org: PocketOrg) -> Iterator[Callable[[str], Client]]:
    """Gives a client for a username."""
    clients: list[Client] = []

    def make(username: str) -> Client:
        clients.append(Client(org, org.token_for(username)))
        return clients[-1]

    yield make
    for each in clients:
        each.session.close()


@pytest.fixture
def admin(org: PocketOrg, client_of: Callable[[str], Client]) -> Client:
    return client_of(org.username)


@pytest.fixture
def worker(client_of: Callable[[str], Client]) -> Client:
    return client_of(WORKER)


@pytest.fixture
def deal(admin: Client) -> str:
    """An Opportunity without products, in a stage that asks for nothing."""
    account = admin.create("Account", Name="Acme")
    return admin.create(
        "Opportunity", Name="Acme - Anvils", AccountId=account, StageName="Prospecting", CloseDate="2026-06-30"
    )
