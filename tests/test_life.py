"""SIGTERM ends the worker with 0 within 20 seconds, whatever it is doing; killing it loses nothing."""

import os
import resource
import signal
import subprocess
import sys
import time

import pytest
import requests

from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT, environ, switched_on


@pytest.fixture
def org():
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield running


def started(org, beat="", **more) -> subprocess.Popen:
    variables = {**os.environ, **environ(org), "SFSYNC_HEARTBEAT_FILE": str(beat)}
    return subprocess.Popen(
        [sys.executable, "-m", "sfsync", "worker", "--config", str(ROOT / "config" / "sfsync.yaml")],
        cwd=ROOT,
        env=variables,
        stderr=subprocess.PIPE,
        **more,
    )


def ended(worker: subprocess.Popen) -> tuple[int, float]:
    """Exit code, and the seconds from SIGTERM to it."""
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    _, said = worker.communicate(timeout=40)
    assert not any(word in said for word in (b"Traceback", b"bug of sfsync")), said
    return worker.returncode, time.monotonic() - began


@pytest.mark.parametrize("what", ["stall", "html", "drop"])
def test_a_worker_whose_org_hangs_or_is_down_ends_with_0_in_time(org, tmp_path, what):
    org.faults.add(what, path="services/data", times=1000, seconds=45 if what == "stall" else 0)
    worker = started(org, tmp_path / "beat")
    time.sleep(4)
    code, seconds = ended(worker)
    assert code == 0
    assert seconds < 20


@pytest.mark.parametrize("after", [0.6, 1.2])
def test_a_worker_that_is_still_starting_ends_with_0(org, tmp_path, after):
    worker = started(org, tmp_path / "beat")
    until = time.monotonic() + after
    while time.monotonic() < until and worker.poll() is None:
        time.sleep(0.05)
    code, seconds = ended(worker)
    assert code in {0, -signal.SIGTERM}  # the interpreter itself may not have begun yet
    assert seconds < 20


def test_a_worker_that_hears_it_twice_ends_with_0_once(org, tmp_path):
    worker = started(org, tmp_path / "beat")
    while not (tmp_path / "beat").exists():
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert ended(worker)[0] == 0


def test_a_worker_without_room_on_its_disk_attaches_forms_and_ends_with_0(org):
    deal = switched_on(org).org.get_all("Opportunity")[0]["Id"]
    url = f"{org.instance_url}/services/data/v62.0/sobjects/Opportunity/{deal}"
    requests.patch(
        url, json={"StageName": "Order Form"}, headers={"Authorization": f"Bearer {org.access_token}"}, timeout=9
    ).raise_for_status()
    worker = started(org, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    until = time.monotonic() + 30
    while not org.org.get_all("Order_Form__c", Opportunity__c=deal) and time.monotonic() < until:
        time.sleep(0.1)
    assert org.org.get_all("Order_Form__c", Opportunity__c=deal)
    assert ended(worker)[0] == 0
