"""`sfsync check` as the doctor: each cross with one remedy, for people, for Heroku and for a CI."""

import json
from pathlib import Path

import pytest

from sfsync import orgcheck
from sfsync.errors import SetupError
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce.describe import Describer
from tests.conftest import METADATA, ROOT, environ, switched_on
from tests.shell import sfsync


@pytest.fixture(scope="module")
def org():
    with PocketOrg(seed="none", metadata=[METADATA]) as running:
        yield switched_on(running)


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("config/sfsync.yaml", "templates/order_form.xml", "templates/terms.xml", "templates/northwind.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def add(folder: Path, text: str, after: str = "template: order_form.xml\n") -> None:
    path = folder / "config" / "sfsync.yaml"
    path.write_text(path.read_text("utf-8").replace(after, after + text), "utf-8")


def test_it_names_login_user_permissions_objects_fields_clock_and_what_looking_costs(org):
    said = sfsync("check", env=environ(org)).stdout
    for line in (
        "✓ settings in config/sfsync.yaml",
        "✓ templates and fonts",
        f"✓ login by client credentials: {org.instance_url}",
        "✓ user worker@pocketorg.example, profile Minimum Access - API Only Integrations",
        "✓ permission set Order Form Worker",
        "✓ Order_Form__c can be created",
        "✓ bell",
        "✓ clock, 0 s from the org's",
        "calls a day are left; looking takes 1,9",
        "Everything is in place.",
    ):
        assert line in said


def test_a_program_reads_the_same(org):
    found = json.loads(sfsync("check", "--json", env=environ(org)).stdout)
    assert found["exit_code"] == 0
    assert {row["mark"] for row in found["findings"]} == {"good"}


def test_offline_it_needs_neither_login_nor_org(folder):
    done = sfsync("check", "--offline", cwd=folder)
    assert (done.returncode, done.stdout) == (
        0,
        "✓ settings in config/sfsync.yaml\n✓ templates and fonts\nEverything is in place.\n",
    )
    add(folder, "    stgae: Won\n")
    done = sfsync("check", "--offline", "--json", cwd=folder)
    assert done.returncode == 2
    assert json.loads(done.stdout)["findings"][0]["remedy"] == "Did you mean stage?"


def test_a_value_that_a_picklist_does_not_have_is_noted_with_the_nearest(org, folder):
    add(folder, '    when: Opportunity.Type == "New Custmer" or Opportunity.StageName in ["Order Form", "Won"]\n')
    done = sfsync("check", env=environ(org), cwd=folder)
    assert done.returncode == 0
    assert "! config/sfsync.yaml:22: Type is never 'New Custmer'.\n    Did you mean New Customer?" in done.stdout
    assert "! config/sfsync.yaml:22: StageName is never 'Won'." in done.stdout
    assert "is never 'Order Form'" not in done.stdout
    assert done.stdout.endswith("Everything is in place. 2 to note.\n")
    assert sfsync("check", "--strict", env=environ(org), cwd=folder).returncode == 1


def test_a_record_type_that_the_org_does_not_have_is_noted():
    types = [{"developerName": name, "available": name != "Old"} for name in ("Direct", "Reseller", "Old")]
    described = {"name": "Opportunity", "label": "Opportunity", "fields": [], "recordTypeInfos": types}
    describer = Describer(lambda names: [described if n == "Opportunity" else SetupError("none") for n in names])
    assert orgcheck.known_values(describer, "RecordType.DeveloperName") == ("Direct", "Reseller")


def test_an_administrator_as_integration_user_and_a_missing_permission_set_are_noted(folder):
    with PocketOrg(seed="none", metadata=[METADATA]) as other:
        [admin] = other.org.get_all("Profile", Name="System Administrator")
        for table, change in (
            ("User", f"\"ProfileId\" = '{admin['Id']}' WHERE \"Username\" = 'worker@pocketorg.example'"),
            ("PermissionSetAssignment", '"PermissionSetId" = NULL'),
        ):
            other.org.store.db.execute(f'UPDATE "{table}" SET {change}')
        said = sfsync("check", env=environ(other), cwd=folder).stdout
    assert "profile System Administrator: it may do far more than sfsync needs." in said


def test_looking_too_often_for_the_orgs_limit_is_noted(folder):
    with PocketOrg(seed="none", metadata=[METADATA]) as small:
        small.org.limits.api = 15_000
        said = sfsync("check", env=environ(small), cwd=folder).stdout
    assert "Look less often: raise check_every, narrow business_hours, or buy API calls." in said
