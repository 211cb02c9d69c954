"""Verbs run as a new user types them, and a rep who moves a deal meanwhile."""

import os
import subprocess
import sys
import time
from pathlib import Path

import requests

from sfsync.pocketorg.server import PocketOrg
from tests.conftest import ROOT

PATIENCE = 30


def sfsync(*arguments: str, env: dict[str, str] | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SF")}
    return subprocess.run(
        [sys.executable, "-m", "sfsync", *arguments],
        env={**clean, "PYTHONPATH": str(ROOT), **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def deal_in_stage(org: PocketOrg) -> str:
    """Move a deal that had no form yet."""
    entry = {"StageName": "Negotiation/Review", "HasOpportunityLineItem": 1}
    found = next(
        o
        for o in org.org.get_all("Opportunity", **entry)
        if org.org.get_all("Account", Id=o["AccountId"])[0]["BillingStreet"]
    )
    url = f"{org.instance_url}/services/data/v62.0/sobjects/Opportunity/{found['Id']}"
    headers = {"Authorization": f"Bearer {org.access_token}"}
    requests.patch(url, json={"StageName": "Order Form"}, headers=headers, timeout=10).raise_for_status()
    return str(found["Id"])


def until(condition) -> None:
    """Wait for another process to get there."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
