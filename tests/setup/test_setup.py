"""`sfsync setup` as an admin types it: look first, deploy, change, run it again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sfsync import schedule
from sfsync.pocketorg import founding
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce import admin
from sfsync.salesforce.login import Credentials, log_in
from sfsync.salesforce.metadata import VERSION, MetadataApi
from sfsync.setup import source
from sfsync.setup.source import Component
from tests.conftest import ROOT

WORKER = "config/salesforce/force-app/main/default/permissionsets/Order_Form_Worker.permissionset-meta.xml"
OPPORTUNITY = "config/salesforce/force-app/main/default/objects/Opportunity"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def by_hand(org: PocketOrg, name: str, label: str) -> None:
    """An admin makes a field of Opportunity, or changes its label, in Setup."""
    text = f"<fullName>{name}</fullName><label>{label}</label><type>DateTime</type>"
    field = Component("CustomField", f"Opportunity.{name}", f"<CustomField {XMLNS}>{text}</CustomField>", "by hand")
    environ = {"SF_INSTANCE_URL": org.instance_url, "SF_ACCESS_TOKEN": org.access_token}
    api = MetadataApi(admin.connect(environ, schedule.utc_now).session)
    begun = api.deploy(source.package([field], VERSION).zipped, check_only=False)
    assert api.wait(begun.id, lambda _: None).success


def by_hand_away(org: PocketOrg, name: str) -> None:
    """An admin deletes a field in Setup."""
    environ = {"SF_INSTANCE_URL": org.instance_url, "SF_ACCESS_TOKEN": org.access_token}
    api = MetadataApi(admin.connect(environ, schedule.utc_now).session)
    gone = {"destructiveChanges.xml": source.manifest([("CustomField", name)])}
    begun = api.deploy(source.package((), VERSION, gone).zipped, check_only=False)
    assert api.wait(begun.id, lambda _: None).success


def granted(org: PocketOrg) -> set[str]:
    [worker] = org.org.get_all("PermissionSet", Name="Order_Form_Worker")
    return {row["Field"] for row in org.org.get_all("FieldPermissions", ParentId=worker["Id"])}


def test_a_dry_run_says_what_is_new_and_deploys_nothing(setup, bare_org, number):
    said = setup("--dry-run")
    assert (said.code, said.out.splitlines()[0]) == (0, f"Pocket Org (Developer Edition), {bare_org.instance_url}")
    assert f"{number} new:" in said.out
    assert "+ fields of Opportunity: Order_Form_Message__c, " in said.out
    assert said.out.endswith("Nothing was deployed.\n")
    assert bare_org.org.schema.get("Order_Form__c") is None


def test_a_check_has_the_org_try_it_and_deploys_nothing(setup, bare_org, number):
    said = setup("--check-only")
    assert f"The org would take it: {number} components. Nothing was deployed." in said.out
    assert bare_org.org.schema.get("Order_Form__c") is None


def test_everything_is_deployed_once_and_is_the_same_the_second_time(setup, bare_org, number):
    first, again = setup(), setup()
    assert f"Deployed: {number} components. Everything is in place." in first.out
    assert "docs/salesforce-setup.md" in first.out
    assert (again.code, again.out.splitlines()[1:]) == (0, [f"{number} the same.", "Everything is in place."])
    assert bare_org.org.schema.get("Order_Form_Settings__c")


def test_nothing_is_assigned_to_anybody(setup, bare_org):
    before = len(bare_org.org.get_all("PermissionSetAssignment"))
    setup()
    assert len(bare_org.org.get_all("PermissionSetAssignment")) == before


def test_what_was_changed_by_hand_is_named_and_left_alone_until_it_is_overwritten(setup, bare_org):
    setup()
    name = "Order_Form_Ready_At__c"
    by_hand(bare_org, name, "Fertig")
    said = setup()
    assert f"field Opportunity.{name} was changed in the org, and stays so:" in said.out
    assert "label: Fertig in the org, here Order Form Ready At" in said.out
    assert f"--overwrite Opportunity.{name}" in said.out
    assert bare_org.org.schema.get("Opportunity").field(name).label == "Fertig"
    assert "is overwritten" in setup("--overwrite", f"Opportunity.{name}").out
    assert bare_org.org.schema.get("Opportunity").field(name).label == "Order Form Ready At"


def test_a_name_to_overwrite_that_is_none_is_met_with_a_suggestion(setup, bare_org):
    setup()
    name = "Order_Form_Ready_At__c"
    by_hand(bare_org, name, "Fertig")
    said = setup("--overwrite", "Opportunity.Order_Form_Raedy_At__c")
    assert said.code == 2
    assert "--overwrite: 'Opportunity.Order_Form_Raedy_At__c' is nothing that is otherwise in the org." in said.err
    assert f"Did you mean Opportunity.{name}?" in said.err


def test_an_org_that_has_half_of_it_gets_the_other_half(setup, bare_org, number):
    setup()
    name = "Order_Form_Version__c"
    by_hand_away(bare_org, f"Opportunity.{name}")
    said = setup()
    assert f"1 new:\n  + fields of Opportunity: {name}\n{number - 3} the same." in said.out
    assert f"follows the settings and templates:\n  + Opportunity.{name}: editable, readable" in said.out
    assert "stays so" not in said.out
    assert "Deployed: 3 components." in said.out


# ------------------------------------------------------------------- permissions


def test_the_permission_set_that_comes_with_sfsync_is_what_its_settings_ask_for(setup):
    said = setup("--write")
    assert said.out.endswith("Order_Form_Worker.permissionset-meta.xml says it already.\n"), "run: sfsync setup --write"


def test_the_permission_set_follows_the_template(setup, bare_org, project):
    setup()
    template = project / "templates/order_form.xml"
    template.write_text(template.read_text().replace("account.Phone }}", "account.Phone }} {{ Opportunity.NextStep }}"))
    said = setup("--permissions-only", "--dry-run")
    assert "  + Opportunity.NextStep: readable\n" in said.out
    assert "Opportunity.NextStep" not in granted(bare_org)
    setup("--permissions-only")
    assert "Opportunity.NextStep" in granted(bare_org)


def test_a_right_that_the_worker_does_not_need_is_shown_and_taken_away(setup, bare_org, project):
    setup()
    template = project / "templates/order_form.xml"
    template.write_text(template.read_text().replace("<br/>{{ account.Phone }}", ""))
    said = setup()
    assert "permission set Order_Form_Worker follows the settings and templates:" in said.out
    assert "  - Account.Phone: readable\n" in said.out
    assert "Account.Phone" not in granted(bare_org)


def test_the_permission_set_is_written_for_others_to_deploy(setup, project):
    template = project / "templates/order_form.xml"
    template.write_text(template.read_text().replace("account.Phone }}", "account.Phone }} {{ account.Industry }}"))
    assert f"Wrote {WORKER}." in setup("--write").out
    assert "<field>Account.Industry</field>" in (project / WORKER).read_text()


def test_the_worker_may_delete_the_rows_of_earlier_digests_only_where_there_is_a_digest(setup, project):
    setup()
    settings = project / "config/sfsync.yaml"
    settings.write_text(settings.read_text() + "digest: {at: 17:30, chatter_group: Sales Ops}\n")
    right = "  ~ Order_Form_Settings__c allowDelete: false becomes true\n"
    assert right in setup("--permissions-only").out
    assert "1 the same." in setup("--permissions-only", "--dry-run").out


def test_an_org_that_has_no_fields_for_answers_is_not_asked_for_rights_on_them(setup, bare_org):
    setup()
    for name in ("Was_It_Right__c", "What_Was_Wrong__c"):
        by_hand_away(bare_org, f"Order_Form__c.{name}")
    assert "1 the same." in setup("--permissions-only").out
    assert not any("What_Was_Wrong__c" in field for field in granted(bare_org))
    assert "fields of Order_Form__c: Was_It_Right__c, What_Was_Wrong__c" in setup("--dry-run").out


def test_a_field_that_the_org_does_not_have_is_named_where_the_template_names_it(setup, project):
    template = project / "templates/order_form.xml"
    template.write_text(template.read_text().replace("account.Phone", "account.Fone"))
    said = setup("--dry-run")
    assert said.code == 2
    assert "templates/order_form.xml:" in said.err
    assert "Did you mean Phone?" in said.err


# ----------------------------------------------------------------------- refusals


def test_without_a_login_it_says_how_to_log_in(setup, monkeypatch):
    monkeypatch.delenv("SF_ACCESS_TOKEN")
    said = setup("--dry-run")
    assert said.code == 2
    assert "sf org login web" in said.err


def test_a_token_never_travels_in_the_clear(setup, monkeypatch):
    monkeypatch.setenv("SF_INSTANCE_URL", "http://acme.my.salesforce.com")
    assert "SF_INSTANCE_URL: 'http://acme.my.salesforce.com' is not an https address." in setup("--dry-run").err


def test_a_token_that_has_ended_says_so(setup, bare_org):
    bare_org.org.sessions.close_all()
    said = setup("--dry-run")
    assert said.code == 2
    assert "The access token is not valid any more." in said.err


def test_an_alias_needs_salesforces_command_line(setup, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = setup("--target-org", "prod", "--dry-run")
    assert "--target-org: Salesforce's command line is not installed" in said.err


def test_a_user_who_may_not_is_told_which_rights_are_missing(setup, bare_org, monkeypatch):
    monkeypatch.setenv("SF_ACCESS_TOKEN", bare_org.token_for(founding.INTEGRATION_USER))
    said = setup("--dry-run")
    assert said.code == 2
    assert "'Modify Metadata Through Metadata API Functions' and 'Customize Application'" in said.err


def test_what_the_org_refuses_is_named_with_its_file(setup, bare_org, project):
    fields = project / OPPORTUNITY / "fields"
    for name in ("Bad__c", "Worse__c"):
        text = f"<fullName>{name}</fullName><label>Bad</label><type>Hologram</type>"
        (fields / f"{name}.field-meta.xml").write_text(f"{HEAD}<CustomField {XMLNS}>{text}</CustomField>")
    said = setup()
    assert said.code == 2
    assert f"{OPPORTUNITY}/fields/Bad__c.field-meta.xml" in said.err
    assert f"{OPPORTUNITY}/fields/Worse__c.field-meta.xml" in said.err
    assert bare_org.org.schema.get("Order_Form__c") is None


def test_a_file_that_is_no_xml_is_named_before_anything_is_asked(setup, project):
    (project / OPPORTUNITY / "fields/Bad__c.field-meta.xml").write_text("<CustomField>")
    said = setup()
    assert said.code == 2
    assert "Bad__c.field-meta.xml: It cannot be read as metadata" in said.err


def test_an_answer_that_is_lost_is_no_reason_to_worry(setup, bare_org, number):
    bare_org.faults.add("drop", path="deployRequest$", when="after")
    said = setup()
    assert said.code == 75
    assert "Whether the org took the deployment is not known." in said.err
    assert "it compares first" in said.err
    assert f"{number} the same." in setup().out


@pytest.mark.parametrize("what", ["drop", "html", "SERVER_UNAVAILABLE", "INVALID_CROSS_REFERENCE_KEY"])
def test_a_network_that_fails_while_it_waits_is_waited_for(setup, bare_org, what):
    bare_org.faults.add(what, path="deployRequest/0Af", times=2)
    assert "Everything is in place." in setup().out


@pytest.mark.usefixtures("setup")
def test_stopped_in_the_middle_it_says_what_is_in_place(bare_org, project):
    bare_org.faults.add("stall", path="deployRequest/0Af", seconds=30)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sfsync", "setup"]
    with subprocess.Popen(command, env=env, cwd=project, stdout=subprocess.PIPE, text=True) as started:
        deadline = time.monotonic() + 30
        while bare_org.faults.planned and time.monotonic() < deadline:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        said, _ = started.communicate(timeout=90)
    assert (started.returncode, "Everything is in place." in said) == (0, True)


# -------------------------------------------------------------------- taking away


def test_taking_away_says_first_what_would_be_lost(setup, bare_org):
    setup()
    deal = bare_org.insert("Opportunity", {"Name": "A", "StageName": "Prospecting", "CloseDate": "2026-12-31"})
    bare_org.insert("Order_Form__c", {"Opportunity__c": deal, "Key__c": f"{deal}:1", "Version__c": 1})
    [held] = bare_org.org.get_all("PermissionSet", Name="Order_Form_Reader")
    bare_org.insert("PermissionSetAssignment", {"PermissionSetId": held["Id"], "AssigneeId": bare_org.user_id})
    said = setup("--remove")
    assert "rows of Order_Form__c: 1\n" in said.out
    assert "values of Opportunity.Order_Form_Message__c: they cannot be counted from here" in said.out
    assert "values of Opportunity.Order_Form_Status__c" not in said.out
    assert f"Order Form Reader, which is taken from {bare_org.username}" in said.out
    assert "The order forms stay among the Files" in said.out
    assert "Nothing was taken away." in said.out
    assert bare_org.org.schema.get("Order_Form__c")


def test_taken_away_is_all_of_ours_and_nothing_else(setup, bare_org):
    setup()
    by_hand(bare_org, "Mine__c", "Mine")
    [held] = bare_org.org.get_all("PermissionSet", Name="Order_Form_Worker")
    bare_org.insert("PermissionSetAssignment", {"PermissionSetId": held["Id"], "AssigneeId": bare_org.user_id})
    assert setup("--remove", "--yes").code == 0
    opportunity = bare_org.org.schema.get("Opportunity")
    assert [f.name for f in opportunity.fields.values() if f.custom] == ["Mine__c"]
    assert bare_org.org.schema.get("Order_Form__c") is None
    assert [row["Name"] for row in bare_org.org.get_all("PermissionSet")] == [founding.READER]
    assert "There is nothing of sfsync's in this org." in setup("--remove").out


def test_yes_alone_means_nothing(setup):
    assert "--yes belongs to --remove." in setup("--yes").err


# -------------------------------------------------------------------------- a key


def test_a_key_is_made_for_the_workers_login_and_never_overwritten(setup, bare_org, project):
    said = setup("--make-key")
    assert said.code == 0
    assert "PRIVATE KEY" not in said.out
    assert (project / "key.pem").stat().st_mode & 0o777 == 0o600
    bare_org.add_certificate((project / "certificate.pem").read_text())
    environ = {
        "SF_LOGIN_URL": bare_org.instance_url,
        "SF_CLIENT_ID": bare_org.client_id,
        "SF_USERNAME": founding.INTEGRATION_USER,
        "SF_PRIVATE_KEY_FILE": str(project / "key.pem"),
    }
    assert log_in(Credentials.from_environ(environ), schedule.utc_now).instance_url == bare_org.instance_url
    assert "There is one already, and it is not overwritten." in setup("--make-key").err


def test_only_one_of_the_two_files_is_enough_to_stop(setup, project):
    Path(project / "certificate.pem").write_text("mine")
    assert setup("--make-key").code == 2
    assert not (project / "key.pem").exists()
