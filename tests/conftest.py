"""What the tests share: a pocket org that listens, and sfsync connected to it over real HTTP."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sfsync import schedule
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce.api import Api
from sfsync.salesforce.connect import connect

# the same examples at each run, so that a red test is a change's fault; `make fuzz` looks for new ones
settings.register_profile("repeatable", derandomize="SFSYNC_FUZZ" not in os.environ, deadline=None)
settings.load_profile("repeatable")

ROOT = Path(__file__).parents[1]
METADATA = ROOT / "config" / "salesforce"


def pytest_xdist_auto_num_workers() -> int:
    """More than there are cores: many tests wait for processes that they have started."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.fixture
def bare_org() -> Iterator[PocketOrg]:
    """A pocket org with its users and stages, and nothing of sfsync's."""
    with PocketOrg(seed="none") as org:
        yield org


def environ(org: PocketOrg) -> dict[str, str]:
    """The environment of a worker that logs in by client credentials."""
    return {"SF_LOGIN_URL": org.instance_url, "SF_CLIENT_ID": org.client_id, "SF_CLIENT_SECRET": org.client_secret}


def connected(org: PocketOrg) -> Api:
    """An API on the org that does not sleep between its retries."""
    api = connect(environ(org), schedule.utc_now)
    api.session._sleep = lambda _seconds: None
    return api


def switched_on(org: PocketOrg) -> PocketOrg:
    """The org as an admin has switched sfsync on for it, long ago."""
    org.insert("Order_Form_Settings__c", {"Key__c": "only", "Switched_On__c": "2020-01-01T00:00:00.000+0000"})
    return org
