"""`sfsync check` as the doctor: each cross with one remedy, for people, for Heroku and for a CI."""

import json
from pathlib import Path

import pytest

from sfsync import config as configs
from sfsync import orgcheck
from sfsync.errors import SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.outlook import plan_for
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce.describe import Describer
from sfsync.salesforce.org import Org
from tests.conftest import METADATA, ROOT, connected, environ, switched_on
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


def test_it_looks_at_the_deals_that_moved_last_for_characters_that_no_font_has(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['justmytype_intl_cjk'] = None\n")
    with PocketOrg(seed="none", metadata=[METADATA]) as org:
        account = org.insert("Account", {"Name": "日本株式会社 🚀"})
        facts = {"AccountId": account, "StageName": "Prospecting", "CloseDate": "2030-01-01"}
        for name in ("Tokyo", "Osaka"):
            org.insert("Opportunity", {"Name": name, **facts})
        done = sfsync("check", env={**environ(org), "PYTHONPATH": f"{tmp_path}:{ROOT}"})
    assert done.returncode == 0
    assert (
        "! Forms would show boxes for 日 (U+65E5), 本 (U+672C), 株 (U+682A), 式 (U+5F0F), 会 (U+4F1A), 社 (U+793E), "
        "seen in the 2 deals that moved last.\n"
        "    Install the fonts for Chinese, Japanese and Korean: pip install 'sfsync[cjk]'\n"
        "! No font has 🚀 (U+1F680), seen in the 2 deals that moved last: forms show boxes.\n"
    ) in done.stdout


def test_that_look_is_one_call(org):
    settings, here = configs.load(ROOT / "config" / "sfsync.yaml"), Org(connected(org), currency="USD")
    plan = plan_for(here, order_forms.load(settings), settings.settings)
    before = here.api.session.usage.used
    assert here.sample(plan, 200) == (0, [])
    assert here.api.session.usage.used - before == 1


def test_a_digest_that_nobody_would_hear_is_noted_with_its_remedy(org, folder):
    add(folder, "digest: {at: 17:30, chatter_group: Sales Ops}\n", after="currency: USD\n")
    done = sfsync("check", env=environ(org), cwd=folder)
    assert done.returncode == 0
    assert "! No daily digest: There is no Chatter group 'Sales Ops' that the integration user sees." in done.stdout
    [worker] = org.org.get_all("User", Username="worker@pocketorg.example")
    team = org.insert("CollaborationGroup", {"Name": "Sales Ops", "CollaborationType": "Private"})
    org.insert("CollaborationGroupMember", {"CollaborationGroupId": team, "MemberId": worker["Id"]})
    said = sfsync("check", env=environ(org), cwd=folder).stdout
    assert "✓ daily digest at 17:30, Europe/Berlin, to the Chatter group Sales Ops" in said


def test_a_digest_by_bell_names_whose(org, folder):
    add(folder, "digest: {at: 17:30, bell: admin@pocketorg.example}\n", after="currency: USD\n")
    said = sfsync("check", env=environ(org), cwd=folder).stdout
    assert "✓ daily digest at 17:30, Europe/Berlin, to the bell of admin@pocketorg.example" in said
