"""The verbs as a new user types them: exit codes, and words that say what to do."""

import json
import os
import signal
import subprocess
import sys

import pytest
import requests

from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT, environ, switched_on
from tests.shell import deal_in_stage, sfsync, until


@pytest.fixture(scope="module")
def org():
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield switched_on(running)


def test_help_names_every_verb_with_an_example_the_environment_and_the_exit_codes():
    said = sfsync("--help").stdout
    assert all(word in said for word in ("check", "run", "worker", "demo", "pocketorg", "SF_CLIENT_ID", "75"))
    assert "example: sfsync run" in sfsync("run", "--help").stdout


def test_check_finds_everything_in_place(org):
    done = sfsync("check", env=environ(org))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Everything is in place.")
    assert "✗" not in done.stdout


def test_check_without_environment_names_the_variable():
    done = sfsync("check")
    assert done.returncode == 2
    assert "✗ SF_CLIENT_ID: It is not set." in done.stdout


def test_check_of_an_org_that_is_down_says_try_again():
    nowhere = {"SF_LOGIN_URL": "http://127.0.0.1:9", "SF_CLIENT_ID": "x", "SF_CLIENT_SECRET": "y"}
    done = sfsync("check", env=nowhere)
    assert done.returncode == 75
    assert "cannot be reached" in done.stdout


def test_check_of_an_org_without_our_object_says_what_to_deploy():
    with PocketOrg(seed="none") as bare:
        done = sfsync("check", env=environ(bare))
    assert done.returncode == 2
    assert "Run sfsync setup" in done.stdout


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--seed", "many", "--seed: 'many' is no seed. Write none, sample or a number."),
        ("--port", "99999", "--port: It cannot be listened on: "),
        ("--certificate", "/nowhere/certificate.pem", "--certificate: It cannot be read: "),
        ("--db", "/nowhere/org.sqlite", "--db /nowhere/org.sqlite: It cannot be opened: unable to open database file."),
    ],
)
def test_a_pocket_org_that_cannot_be_started_says_which_option_is_wrong(option, value, said):
    done = sfsync("pocketorg", "--seed", "none", option, value)
    assert done.returncode == 2
    assert done.stderr.startswith(said)


def test_run_makes_one_pass_and_ends(org):
    deal = deal_in_stage(org)
    done = sfsync("run", env=environ(org))
    assert (done.returncode, done.stdout) == (0, "1 made\n")
    assert org.org.get_all("Opportunity", Id=deal)[0]["Order_Form_Status__c"] == "Ready"


def test_a_wrong_setting_ends_before_anything_is_touched(org, tmp_path):
    (tmp_path / "config").mkdir()
    settings = (ROOT / "config" / "sfsync.yaml").read_text().replace("stage: Order", "stgae: Order")
    (tmp_path / "config" / "sfsync.yaml").write_text(settings)
    before = len(org.calls)
    done = sfsync("run", env=environ(org), cwd=tmp_path)
    assert done.returncode == 2
    assert "'stgae' is not a setting. Did you mean stage?" in done.stderr
    assert len(org.calls) == before


def test_a_wrong_template_is_named_with_its_place(org, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "templates").mkdir()
    for name in ("config/sfsync.yaml", "templates/order_form.xml", "templates/terms.xml", "templates/northwind.png"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    template = tmp_path / "templates" / "order_form.xml"
    template.write_text(template.read_text().replace("account.BillingCountry", "account.BillingCuontry"))
    done = sfsync("run", env=environ(org), cwd=tmp_path)
    assert done.returncode == 2
    assert "templates/order_form.xml:" in done.stderr
    assert "Did you mean BillingCountry?" in done.stderr


def test_run_against_an_org_that_is_down_says_try_again():
    nowhere = {"SF_LOGIN_URL": "http://127.0.0.1:9", "SF_CLIENT_ID": "x", "SF_CLIENT_SECRET": "y"}
    assert sfsync("run", env=nowhere).returncode == 75


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_makes_forms_until_it_is_told_to_stop(org, number):
    deal = deal_in_stage(org)
    command = [sys.executable, "-m", "sfsync", "worker", "--check-every", "1 second"]
    env = {**os.environ, **environ(org)}
    with subprocess.Popen(command, env=env, cwd=ROOT, stderr=subprocess.PIPE, text=True) as worker:
        until(lambda: org.org.get_all("Opportunity", Id=deal)[0]["Order_Form_Status__c"] == "Ready")
        worker.send_signal(number)
        _, said = worker.communicate(timeout=20)
    assert worker.returncode == 0
    assert "stopping after the batch in hand" in said
    assert org.client_secret not in said


def test_the_worker_outlives_an_org_that_is_away(org):
    command = [sys.executable, "-m", "sfsync", "worker", "--check-every", "1 second"]
    deal = deal_in_stage(org)
    org.faults.add("drop", times=12)
    with subprocess.Popen(command, env={**os.environ, **environ(org)}, cwd=ROOT, stderr=subprocess.PIPE) as worker:
        until(lambda: org.org.get_all("Opportunity", Id=deal)[0]["Order_Form_Version__c"] == 1)
        worker.terminate()
        assert worker.wait(20) == 0


def test_a_worker_whose_org_never_answers_still_ends_within_20_seconds(org):
    deal_in_stage(org)
    command = [sys.executable, "-m", "sfsync", "worker", "--check-every", "1 second"]
    org.faults.add("stall", path="composite/graph", seconds=50)
    with subprocess.Popen(command, env={**os.environ, **environ(org)}, cwd=ROOT, stderr=subprocess.PIPE) as worker:
        until(lambda: not org.faults.planned)
        worker.terminate()
        assert worker.wait(20) == 0


def test_a_pocket_org_says_how_to_get_in_and_ends_cleanly(tmp_path):
    command = [sys.executable, "-m", "sfsync", "pocketorg", "--seed", "3", "--db", str(tmp_path / "org.sqlite")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        way_in = json.loads(served.stdout.readline())
        url = f"{way_in['instance_url']}/services/data/v62.0/query?q=SELECT+COUNT()+FROM+Opportunity"
        headers = {"Authorization": f"Bearer {way_in['access_token']}"}
        assert requests.get(url, headers=headers, timeout=10).json()["totalSize"] == 3
        served.send_signal(signal.SIGINT)
        served.communicate(timeout=20)
    assert served.returncode == 0
    assert set(way_in) == {
        "instance_url", "access_token", "username", "client_id", "client_secret", "org_id", "user_id",
    }  # fmt: skip
