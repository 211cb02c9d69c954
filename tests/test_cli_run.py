"""`sfsync run --dry-run`, `--yes` and `sfsync backfill`, as a new user types them."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
import requests

from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT, environ, switched_on
from tests.shell import sfsync, until

STAGE = ["--stage", "Order Form"]


@pytest.fixture
def org():
    """Thirty-odd deals that have just reached the stage."""
    with PocketOrg(seed=60, metadata=[METADATA]) as running:
        complete = {a["Id"] for a in running.org.get_all("Account") if a["BillingStreet"]}
        deals = [o for o in running.org.get_all("Opportunity", HasOpportunityLineItem=1) if o["AccountId"] in complete]
        records = [
            {"attributes": {"type": "Opportunity"}, "Id": o["Id"], "StageName": "Order Form"} for o in deals[:30]
        ]
        url = f"{running.instance_url}/services/data/v62.0/composite/sobjects"
        headers = {"Authorization": f"Bearer {running.access_token}"}
        assert all(
            r["success"] for r in requests.patch(url, json={"records": records}, headers=headers, timeout=30).json()
        )
        yield switched_on(running)


def made(org: PocketOrg) -> int:
    return len(org.org.get_all("Order_Form__c"))


@pytest.fixture
def cautious(tmp_path):
    """A folder whose settings let a pass make ten forms."""
    for name in ("config/sfsync.yaml", "templates/order_form.xml", "templates/terms.xml", "templates/northwind.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    settings = tmp_path / "config" / "sfsync.yaml"
    settings.write_text(settings.read_text() + "at_most: 10\n")
    return tmp_path


def test_a_dry_run_names_each_record_and_makes_nothing(org):
    done = sfsync("run", "--dry-run", env=environ(org))
    assert done.returncode == 0
    assert done.stdout.count("make Standard, version 1") == 30
    assert "30 to make. Nothing was written." in done.stdout
    assert made(org) == 0


def test_more_forms_than_expected_wait_for_a_yes(org, cautious):
    held = sfsync("run", env=environ(org), cwd=cautious)
    assert held.returncode == 2
    assert "30 forms are due at once, more than at_most (10). None is made." in held.stderr
    assert made(org) == 0
    done = sfsync("run", "--yes", env=environ(org), cwd=cautious)
    assert (done.returncode, done.stdout) == (0, "30 made\n")


def test_a_backlog_is_counted_priced_and_made_only_after_a_yes(org):
    asked = sfsync("backfill", *STAGE, "--since", "2020-01-01", env=environ(org))
    assert asked.returncode == 2
    assert "30 to make. That takes about " in asked.stdout
    assert asked.stderr == "Nothing was made. Run it again with --yes.\n"
    assert made(org) == 0
    done = sfsync("backfill", *STAGE, "--since", "2020-01-01", "--yes", env=environ(org))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "30 made")
    again = sfsync("backfill", *STAGE, "--since", "2020-01-01", "--yes", env=environ(org))
    assert "Nothing to do." in again.stdout
    assert made(org) == 30


def test_a_backlog_stopped_by_ctrl_c_finishes_the_batch_in_hand_and_goes_on_later(org):
    org.faults.latency = 0.3
    command = [sys.executable, "-m", "sfsync", "backfill", *STAGE, "--since", "2020-01-01", "--yes"]
    env = {**os.environ, **environ(org)}
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        until(lambda: made(org) >= 10)
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=30)
    assert "stopped. Run it again for the rest" in said
    org.faults.latency = 0
    assert sfsync("backfill", *STAGE, "--since", "2020-01-01", "--yes", env=environ(org)).returncode == 0
    keys = [row["Key__c"] for row in org.org.get_all("Order_Form__c")]
    assert len(keys) == len(set(keys)) == 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--stage", "Order From", "--since", "2026-01-01"],
            "--stage: No order form belongs to the stage 'Order From'. Did you mean Order Form?",
        ),
        ([*STAGE, "--since", "1.1.2026"], "--since: '1.1.2026' is not a day. Write it like 2026-12-01."),
        (STAGE, "Missing option '--since'"),
    ],
)
def test_a_backlog_that_cannot_be_understood_says_which_word_is_wrong(arguments, said):
    done = sfsync("backfill", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_first_yes_switches_sfsync_on_for_the_org(org):
    org.org.store.db.execute('UPDATE "Order_Form_Settings__c" SET "Switched_On__c" = NULL')
    looked = sfsync("run", "--dry-run", env=environ(org))
    assert "sfsync is not switched on for this org: sfsync run --yes does that." in looked.stdout
    held = sfsync("run", env=environ(org))
    assert (held.returncode, made(org)) == (2, 0)
    assert "sfsync is not switched on for this org. Nothing is made." in held.stderr
    done = sfsync("run", "--yes", env=environ(org))
    assert done.stdout.startswith("sfsync is switched on for this org: deals that reach their stage from now on")
    assert (done.returncode, made(org)) == (0, 0)
    assert org.org.get_all("Order_Form_Settings__c")[0]["Switched_On__c"]
    assert sfsync("run", env=environ(org)).returncode == 0


def test_a_yes_switches_it_on_also_where_the_settings_say_since_when_deals_count(org, tmp_path):
    org.org.store.db.execute('UPDATE "Order_Form_Settings__c" SET "Switched_On__c" = NULL')
    for name in ("config", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    with (tmp_path / "config" / "sfsync.yaml").open("a") as settings:
        settings.write("since: 2026-01-31\n")
    done = sfsync("run", "--yes", env=environ(org), cwd=tmp_path)
    assert "deals that reach their stage since 2026-01-31, as the settings say, get their form." in done.stdout
    assert org.org.get_all("Order_Form_Settings__c")[0]["Switched_On__c"]
    assert sfsync("run", env=environ(org), cwd=tmp_path).returncode == 0
