"""`sfsync worker` as those who watch over it see it: its metrics, and its log lines, for each org."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT, environ, switched_on
from tests.shell import deal_in_stage, until

NAMES = ("acme", "globex")


@pytest.fixture(scope="module")
def orgs():
    with PocketOrg(seed="sample", metadata=[METADATA]) as one, PocketOrg(seed="sample", metadata=[METADATA]) as other:
        yield dict(zip(NAMES, map(switched_on, (one, other)), strict=True))


@contextmanager
def worker(env, *arguments):
    """A worker on a port that it chooses, and what its log says."""
    said: list[dict] = []
    command = [sys.executable, "-m", "sfsync", "worker", "--check-every", "1 second", *arguments]
    env = {**os.environ, "SFSYNC_METRICS_PORT": "0", **env}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as running:
        reader = threading.Thread(target=lambda: said.extend(map(json.loads, running.stderr)), daemon=True)
        reader.start()
        yield said
        running.terminate()
        assert running.wait(30) == 0
        reader.join(5)


def samples(said) -> dict[tuple, float]:
    port = next(line["port"] for line in said if "port" in line)
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


def attached(said) -> list[dict]:
    return [line for line in said if "version 1 attached" in line["message"]]


def test_one_org_alone_needs_no_name(orgs):
    deal = deal_in_stage(orgs["acme"])
    with worker(environ(orgs["acme"])) as said:
        until(lambda: attached(said))
        [line] = attached(said)
        assert (line["opportunity"], "org" in line) == (deal, False)
        until(lambda: samples(said)["sfsync_passes_total", ("org", ""), ("outcome", "good")] >= 2)
        until(lambda: samples(said)["sfsync_waiting", ("org", "")] == 0)  # what was written is looked at once more
        found = samples(said)
    assert found["sfsync_forms_total", ("org", ""), ("outcome", "attached")] == 1
    assert found["sfsync_render_seconds_count", ("org", "")] == 1
    assert found["sfsync_memory_bytes", ("part", "renderers")] > 1e7


def test_each_of_several_orgs_is_named_in_lines_and_series_and_one_that_is_out_is_told(orgs, tmp_path):
    (tmp_path / "orgs").mkdir()
    settings = (ROOT / "config" / "sfsync.yaml").read_text()
    (tmp_path / "sfsync.yaml").write_text(settings)
    variables = {}
    for name, org in orgs.items():
        (tmp_path / "orgs" / f"{name}.yaml").write_text(settings)
        variables |= {f"{variable}_{name.upper()}": value for variable, value in environ(org).items()}
    (tmp_path / "orgs" / "broken.yaml").write_text("company: [")
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    deals = {name: deal_in_stage(org) for name, org in orgs.items()}
    with worker(variables, "--config", str(tmp_path / "sfsync.yaml")) as said:
        until(lambda: len(attached(said)) == 2)
        assert {line["org"]: line["opportunity"] for line in attached(said)} == deals
        until(lambda: all(("sfsync_waiting", ("org", name)) in samples(said) for name in NAMES))
        found = samples(said)
        assert {found["sfsync_forms_total", ("org", n), ("outcome", "attached")] for n in NAMES} == {1}
        assert found["sfsync_failures_total", ("cause", "setup"), ("org", "broken"), ("who", "admin")] == 1
        assert {v for k, v in found.items() if k[0] == "sfsync_render_seconds_count"} == {1}
