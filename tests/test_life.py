"""SIGTERM ends the worker with 0 within 20 seconds, whatever it is doing; killing it loses nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT, environ


@pytest.fixture
def org():
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield running


def started(org, tmp_path) -> subprocess.Popen:
    variables = {**os.environ, **environ(org), "SFSYNC_HEARTBEAT_FILE": str(tmp_path / "beat")}
    return subprocess.Popen(
        [sys.executable, "-m", "sfsync", "worker", "--config", str(ROOT / "config" / "sfsync.yaml")],
        cwd=ROOT,
        env=variables,
        stderr=subprocess.PIPE,
    )


def ended(worker: subprocess.Popen) -> tuple[int, float]:
    """Exit code, and the seconds from SIGTERM to it."""
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    _, said = worker.communicate(timeout=40)
    assert b"Traceback" not in said, said
    return worker.returncode, time.monotonic() - began


@pytest.mark.parametrize("what", ["stall", "html", "drop"])
def test_a_worker_whose_org_hangs_or_is_down_ends_with_0_in_time(org, tmp_path, what):
    org.faults.add(what, path="services/data", times=1000, seconds=45 if what == "stall" else 0)
    worker = started(org, tmp_path)
    time.sleep(4)
    code, seconds = ended(worker)
    assert code == 0
    assert seconds < 20


@pytest.mark.parametrize("after", [0.6, 1.2])
def test_a_worker_that_is_still_starting_ends_with_0(org, tmp_path, after):
    worker = started(org, tmp_path)
    until = time.monotonic() + after
    while time.monotonic() < until and worker.poll() is None:
        time.sleep(0.05)
    code, seconds = ended(worker)
    assert code in {0, -signal.SIGTERM}  # the interpreter itself may not have begun yet
    assert seconds < 20


def test_a_worker_that_hears_it_twice_ends_with_0_once(org, tmp_path):
    worker = started(org, tmp_path)
    while not (tmp_path / "beat").exists():
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert ended(worker)[0] == 0
