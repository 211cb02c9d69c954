"""Which orgs one installation serves, and whose variables are whose."""

import json
import os
from pathlib import Path

import pytest

from sfsync import cli, tenants
from sfsync.errors import SetupError
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce.connect import credentials
from sfsync.settings import LoginSettings
from sfsync.tenants import Tenant
from tests.conftest import METADATA, ROOT, connected, environ, switched_on

NOTHING = LoginSettings()


@pytest.fixture
def settings(tmp_path) -> Path:
    """A folder of two orgs that share their base's template."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "form.xml").write_text("<form title='F'><p>{{ Opportunity.Name }}</p></form>")
    orgs = tmp_path / "config" / "orgs"
    orgs.mkdir(parents=True)
    file = orgs.parent / "sfsync.yaml"
    form = "order_forms:\n  - {name: Standard, stage: Order Form, template: form.xml}\n"
    file.write_text(f"company: {{name: Northwind}}\n{form}currency: USD\n")
    for name in ("acme", "globex-uk"):
        (orgs / f"{name}.yaml").write_text("extends: ../sfsync.yaml\n")
    return file


def test_one_file_is_one_org(tmp_path):
    file = tmp_path / "sfsync.yaml"
    assert tenants.find(file) == (Tenant("main", file, alone=True),)
    assert tenants.one(file, "").alone
    with pytest.raises(SetupError, match="There is no org 'acme'"):
        tenants.one(file, "acme")


def test_each_file_beside_the_settings_is_an_org(settings):
    assert [tenant.name for tenant in tenants.find(settings)] == ["acme", "globex-uk"]
    assert tenants.one(settings, "globex-uk").path.name == "globex-uk.yaml"
    assert tenants.of(tenants.one(settings, "acme").path) == tenants.one(settings, "acme")


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "Which org?"), ("acmee", "Did you mean acme?"), ("initech", "There are acme, globex-uk.")],
)
def test_where_it_is_not_clear_which_it_is_asked(settings, name, said):
    with pytest.raises(SetupError) as caught:
        tenants.one(settings, name)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["two words", "a--b", "ü", "globex_uk", "Globex-UK"])
def test_a_file_that_cannot_name_an_org_is_told_and_holds_up_no_other(settings, name):
    (settings.parent / "orgs" / f"{name}.yaml").write_text("")
    with pytest.raises(SetupError):
        tenants.find(settings)
    problems: list[SetupError] = []
    found = tenants.find(settings, problems.append)
    assert len(problems) == 1
    assert len(found) == 2


def test_its_own_variables_come_first_and_some_are_shared():
    acme = Tenant("acme", Path("config/orgs/acme.yaml"))
    variables = {
        "SF_LOGIN_URL": "https://login.salesforce.com",
        "SF_CLIENT_ID": "all",
        "SF_CLIENT_ID_ACME": "acme's",
        "SF_USERNAME": "nobody's",
        "SF_USERNAME_ACME": "sfsync@acme.example",
        "SF_PRIVATE_KEY": "all",
        "PATH": "/bin",
    }
    assert acme.environ(variables, NOTHING) == {
        "SF_LOGIN_URL": "https://login.salesforce.com",
        "SF_CLIENT_ID": "acme's",
        "SF_USERNAME": "sfsync@acme.example",
        "SF_PRIVATE_KEY": "all",
        "PATH": "/bin",
    }


def test_a_secret_of_all_is_shown_to_no_orgs_login_page():
    acme = Tenant("acme", Path("config/orgs/acme.yaml"))
    assert "SF_CLIENT_SECRET" not in acme.environ({"SF_CLIENT_SECRET": "x", "SF_CLIENT_SECRET_OTHER": "y"}, NOTHING)


def test_an_org_with_a_secret_of_its_own_needs_no_key_of_all():
    acme = Tenant("acme-uk", Path("config/orgs/acme-uk.yaml"))
    found = acme.environ({"SF_PRIVATE_KEY": "all", "SF_CLIENT_SECRET_ACME_UK": "own"}, NOTHING)
    assert found == {"SF_CLIENT_SECRET": "own"}


def test_the_file_may_say_all_that_is_no_secret():
    acme = Tenant("acme", Path("config/orgs/acme.yaml"))
    login = LoginSettings(url="https://acme.my.salesforce.com", client_id="3MVG9", username="sfsync@acme.example")
    found = acme.environ({"SF_CLIENT_ID": "all", "SF_PRIVATE_KEY": "all"}, login)
    assert found["SF_LOGIN_URL"] == "https://acme.my.salesforce.com"
    assert (found["SF_CLIENT_ID"], found["SF_USERNAME"]) == ("3MVG9", "sfsync@acme.example")


def test_what_is_missing_is_named_as_this_org_has_it():
    acme = Tenant("acme-uk", Path("config/orgs/acme-uk.yaml"))
    with pytest.raises(SetupError) as caught:
        credentials(acme, {}, NOTHING)
    assert caught.value.where == "SF_CLIENT_ID_ACME_UK"
    with pytest.raises(SetupError) as caught:
        credentials(Tenant("main", Path("config/sfsync.yaml"), alone=True), {}, NOTHING)
    assert caught.value.where == "SF_CLIENT_ID"


@pytest.fixture
def two_orgs(monkeypatch):
    with PocketOrg(seed="sample", metadata=[METADATA]) as acme, PocketOrg(seed="sample", metadata=[METADATA]) as globex:
        for name, org in (("ACME", acme), ("GLOBEX_UK", globex)):
            for variable, value in environ(switched_on(org)).items():
                monkeypatch.setenv(f"{variable}_{name}", value)
        yield acme, globex


def sfsync(settings: Path, *words: str) -> int:
    before = dict(os.environ)
    try:
        return cli.main([*words, "--config", str(settings)])
    finally:
        os.environ.update(before)  # a process of its own would end here


def moved(org: PocketOrg) -> str:
    deal = org.org.get_all("Opportunity")[0]["Id"]
    connected(org).call("PATCH", f"sobjects/Opportunity/{deal}", {"StageName": "Order Form"})
    return deal


@pytest.mark.usefixtures("two_orgs")
def test_check_looks_at_each_and_ends_with_what_the_worst_of_them_needs(settings, capfd):
    assert sfsync(settings, "check") == 0
    told = capfd.readouterr()
    assert told.out.count("Everything is in place.") == 2
    assert told.err.split() == ["acme", "globex-uk"]
    (settings.parent / "orgs" / "acme.yaml").write_text("extends: ../sfsync.yaml\ncurrency: Dollar\n")
    assert sfsync(settings, "check") == 2
    assert capfd.readouterr().out.count("Everything is in place.") == 1


@pytest.mark.usefixtures("two_orgs")
def test_a_program_reads_one_line_an_org(settings, capfd):
    assert sfsync(settings, "status", "--json") == 0
    assert [json.loads(line)["org"] for line in capfd.readouterr().out.splitlines()] == ["acme", "globex-uk"]


def test_run_makes_the_forms_of_each_or_of_the_one_that_is_named(settings, two_orgs, capfd):
    deals = [moved(org) for org in two_orgs]
    assert sfsync(settings, "run", "--org", "acme") == 0
    assert [len(org.org.get_all("Order_Form__c")) for org in two_orgs] == [1, 0]
    assert sfsync(settings, "run") == 0
    assert [org.org.get_all("Order_Form__c")[0]["Opportunity__c"] for org in two_orgs] == deals
    assert "1 made" in capfd.readouterr().out


def test_what_is_about_one_deal_asks_which_org(settings, capfd):
    assert sfsync(settings, "preview", "006RM00000A1b2cYAB") == 2
    assert "Which org?" in capfd.readouterr().err


def test_the_shipped_settings_are_one_org():
    assert tenants.find(ROOT / "config" / "sfsync.yaml")[0].alone
