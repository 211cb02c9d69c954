"""What rings when something is wrong with a pocket org: its faults, the worker's figures, Prometheus' own judgement."""

import json
import math
import shutil
import subprocess
from collections import defaultdict

import pytest

from sfsync import metrics
from tests.conftest import ROOT

MINUTES = 20
RULES = ROOT / "config" / "monitoring" / "rules.yml"


@pytest.fixture
def kept(world):
    return metrics.Metrics(world.clock)


@pytest.fixture
def worker(world, kept):
    worker = world.worker()
    worker.one.heed = worker.one.board._heed = worker.one.api.session._heed = kept.heed
    tick_once(world, worker)
    return worker


def tick_once(world, worker) -> None:
    world.run(worker)


def minutes(world, worker, kept, trouble) -> dict[str, list[float]]:
    """The worker's series, a value each minute, with the trouble after the first three."""
    series: dict[str, list[float]] = defaultdict(list)
    for minute in range(MINUTES):
        if minute == 3:
            trouble()
        world.run(worker)
        for family in kept.registry.collect():
            for sample in family.samples:
                labels = ",".join(f'{k}="{v}"' for k, v in sample.labels.items())
                values = series[f"{sample.name}{{{labels}}}"]
                values += [math.nan] * (minute - len(values))
                values.append(sample.value)
    return series


def ringing(series, began: float, folder) -> set[str]:
    """The alerts that promtool finds firing at the end. It tells what it got where that is not what was expected."""
    shift = -began  # Prometheus' tests begin at 0
    stamp = "sfsync_last_good_pass_timestamp_seconds"
    given = [
        {
            "series": name,
            "values": " ".join(
                "_" if math.isnan(v) else repr(v + shift if name.startswith(stamp) else v) for v in values
            ),
        }
        for name, values in series.items()
    ]
    asked = {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{MINUTES - 1}m", "exp_samples": []}
    test = {"interval": "1m", "input_series": given, "promql_expr_test": [asked]}
    file = folder / "test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    got = done.stdout + done.stderr
    assert "parse" not in got, got
    return {part.partition('"')[0] for part in got.split('alertname="')[1:]}


def no_more_calls(world) -> None:
    world.org.org.limits.api = world.org.org.used() + 20


def stuck(world):
    world.move(world.deal())
    world.org.faults.add("html", path="composite/graph", times=10_000)


def locked(world):
    deal = world.deal()
    world.move(deal)
    world.org.faults.lock(deal)


def storage_full(world):
    world.move(world.deal())
    world.org.faults.add("STORAGE_LIMIT_EXCEEDED", path="composite", body="ContentVersion", times=10_000)


def refused_login(world):
    world.org.auth.client_secret = "another"  # the admin has made a new one
    world.org.faults.add("INVALID_SESSION_ID", path="composite")


def paused(world):
    [row] = world.org.org.get_all("Order_Form_Settings__c")
    world.rep.update("Order_Form_Settings__c", row["Id"], Paused__c=True)
    world.move(world.deal())


def unheard_of(world):
    world.move(world.deal())
    world.org.faults.add("NEVER_HEARD_OF", path="composite", body="ContentVersion", times=10_000)


TROUBLES = {
    "nothing": (lambda _world: None, set(), set()),
    "a form that is made": (lambda world: world.move(world.deal()), set(), set()),
    "a form for the rep": (lambda world: world.move(world.deal(products=0)), set(), set()),
    "an outage": (
        lambda world: world.org.faults.add("html", path="services/data", times=10_000),
        {"SfsyncNoGoodPass", "SfsyncSalesforceHasTrouble"},
        set(),
    ),
    "a record that stays locked": (locked, {"SfsyncFormsWait"}, set()),
    "an org whose storage is full": (storage_full, {"SfsyncFormsFail"}, set()),
    "a login that is refused": (refused_login, {"SfsyncLoginRefused", "SfsyncNoGoodPass"}, set()),
    "a pause": (paused, set(), set()),
    "uploads that come to nothing": (stuck, {"SfsyncFormsWait"}, {"SfsyncSalesforceHasTrouble"}),
    "an answer that nobody knows": (unheard_of, {"SfsyncNeedsReport", "SfsyncFormsFail"}, set()),
    "an org whose calls are used up": (no_more_calls, {"SfsyncBudgetLow"}, {"SfsyncNoGoodPass"}),
}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing: make rules")
@pytest.mark.parametrize("name", TROUBLES)
def test_the_alert_that_is_meant_rings_and_no_other(world, worker, kept, tmp_path, name):
    trouble, rings, perhaps = TROUBLES[name]
    began = world.clock().timestamp()
    found = ringing(minutes(world, worker, kept, lambda: trouble(world)), began, tmp_path)
    assert rings <= found <= rings | perhaps
