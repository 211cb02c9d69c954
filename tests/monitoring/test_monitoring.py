"""Dashboard and alerts speak of series that exist, and each alert has its page in the runbook."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
import yaml

from sfsync.metrics import Metrics
from sfsync.salesforce import codes
from tests.conftest import ROOT

FOLDER = ROOT / "config" / "monitoring"
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text("utf-8"))["groups"][0]["rules"]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
#: what Prometheus adds to a histogram's name
_PARTS = re.compile(r"_(bucket|sum|count)$")


def series() -> set[str]:
    registry = Metrics(lambda: datetime(2026, 5, 1, tzinfo=UTC)).registry
    return {f"{family.name}_total" if family.type == "counter" else family.name for family in registry.collect()}


def names(expression: str) -> set[str]:
    return {_PARTS.sub("", name) for name in re.findall(r"\bsfsync_\w+", expression)}


def expressions() -> list[str]:
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    return [*shown, *(rule["expr"] for rule in RULES)]


def promtool(*arguments: str) -> None:
    tool = shutil.which("promtool")
    if not tool:
        pytest.skip("promtool is missing: make rules")
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_series_that_is_looked_at_exists():
    assert {name for expression in expressions() for name in names(expression)} <= series()


def test_every_series_is_looked_at():
    assert series() <= {name for expression in expressions() for name in names(expression)}


def test_every_rule_that_the_dashboard_shows_is_recorded():
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    shown = {name for expression in expressions() for name in re.findall(r"\bsfsync:[\w:]+", expression)}
    assert shown == recorded


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_has_its_page_in_the_runbook_and_a_test(name):
    runbook = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    assert f"\n### {name}\n" in runbook
    part = runbook.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    assert all(f"**{question}**" in part for question in ("It means", "See it", "Do"))
    assert ALERTS[name]["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
    fired = yaml.safe_load((ROOT / "tests" / "monitoring" / "rules.test.yml").read_text("utf-8"))["tests"]
    assert [t for story in fired for t in story["alert_rule_test"] if t["alertname"] == name and t["exp_alerts"]]


def test_the_runbook_knows_no_alert_that_does_not_exist():
    runbook = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    assert set(re.findall(r"^### (Sfsync\w+)$", runbook, re.MULTILINE)) == set(ALERTS)


def test_every_cause_stands_in_the_page_on_monitoring():
    page = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    words = ("incomplete", "setup", "held", "login_refused", "answer_lost", "outage", "look_again", "later", "bug")
    assert all(f"`{word}`" in page for word in (*words, codes.UNKNOWN))
    assert all(f"`{name}`" in page for name in series())


def test_no_panel_lies_upon_another():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_prometheus_takes_the_rules():
    promtool("check", "rules", str(FOLDER / "rules.yml"))


def test_the_alerts_ring_when_they_should_and_are_silent_when_all_is_well():
    promtool("test", "rules", str(ROOT / "tests" / "monitoring" / "rules.test.yml"))


def test_prometheus_takes_every_expression_of_the_dashboard(tmp_path):
    filled = [expression.replace("$__rate_interval", "5m").replace("$org", ".*") for expression in expressions()]
    rules = [{"record": f"test:{n}", "expr": expression} for n, expression in enumerate(filled)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(tmp_path / "rules.yml"))
