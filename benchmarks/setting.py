"""An org with many deals, a worker on it, and a look at what arrives."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from sfsync.pocketorg.server import PocketOrg

ROOT = Path(__file__).parents[1]
STAGE = "Order Form"
_COLLECTION = 200


@contextmanager
def pocket_org(deals: int, *, latency: float = 0.0) -> Iterator[PocketOrg]:
    """An org with so many deals, none of them in the stage yet, that answers each call after `latency` seconds."""
    with PocketOrg(seed=deals, metadata=[ROOT / "config" / "salesforce"]) as org:
        org.insert("Order_Form_Settings__c", {"Key__c": "only", "Switched_On__c": "2020-01-01T00:00:00.000+0000"})
        org.faults.latency = latency
        yield org


def environ(org: PocketOrg) -> dict[str, str]:
    return {
        **os.environ,
        "SFSYNC_CONFIG": str(ROOT / "benchmarks" / "sfsync.yaml"),
        "SF_LOGIN_URL": org.instance_url,
        "SF_CLIENT_ID": org.client_id,
        "SF_CLIENT_SECRET": org.client_secret,
    }


def sfsync(org: PocketOrg, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sfsync", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environ(org), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def move(org: PocketOrg, number: int) -> list[str]:
    """Move so many complete deals to the stage, as a rep does in a list view; give back their Ids."""
    complete = {a["Id"] for a in org.org.get_all("Account") if a["BillingStreet"]}
    waiting = [
        o["Id"]
        for o in org.org.get_all("Opportunity", HasOpportunityLineItem=1, IsClosed=0)
        if o["AccountId"] in complete and o["StageName"] != STAGE
    ][:number]
    url = f"{org.instance_url}/services/data/v62.0/composite/sobjects"
    headers = {"Authorization": f"Bearer {org.access_token}"}
    for at in range(0, len(waiting), _COLLECTION):
        records = [
            {"attributes": {"type": "Opportunity"}, "Id": i, "StageName": STAGE} for i in waiting[at : at + _COLLECTION]
        ]
        answer = requests.patch(url, json={"records": records}, headers=headers, timeout=300)
        answer.raise_for_status()
        assert all(each["success"] for each in answer.json())
    return waiting


def made(org: PocketOrg) -> int:
    with org.org.store.lock:
        return int(org.org.store.db.execute('SELECT COUNT(*) FROM "Order_Form__c"').fetchone()[0])


def arrivals(org: PocketOrg, number: int, since: float, *, patience: float = 600) -> list[float]:
    """Seconds from `since` to each form, as the org's rows appear."""
    found: list[float] = []
    before = made(org)
    while len(found) < number and time.monotonic() - since < patience:
        new = made(org) - before - len(found)
        found += [time.monotonic() - since] * new
        time.sleep(0.02)
    return found


def calls(org: PocketOrg) -> int:
    """API calls that sfsync made so far."""
    return sum(call.client.startswith("sfsync/") for call in org.calls)
