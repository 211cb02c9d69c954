"""`sf`, Salesforce's own command line, unmodified: what the manual of this project tells an admin to type, and more."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clients import HERE, Run, installed

from sfsync.pocketorg import PocketOrg

pytestmark = pytest.mark.conformance

SOURCE = HERE.parents[1] / "config" / "salesforce"

Sf = Callable[..., Any]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our metadata's project, where `sf` may leave its files."""
    return shutil.copytree(SOURCE, tmp_path_factory.mktemp("project") / "salesforce")


@pytest.fixture(scope="module")
def sf(org: PocketOrg, run: Run, project: Path) -> Sf:
    """Runs `sf … --json` after a login and gives its result."""
    program = installed("node_modules", ".bin", "sf")
    way_in = ("--instance-url", org.instance_url, "--no-prompt", "--alias", "pocket", "--set-default")
    run(program, "org", "login", "access-token", *way_in, SF_ACCESS_TOKEN=org.access_token)

    def sf(command: str, *arguments: str | Path, **options: Any) -> Any:
        printed = run(program, *command.split(), *arguments, "--json", cwd=project, **options)
        answer = json.loads(printed)
        return answer if options.get("fails") else answer["result"]

    return sf


def test_it_logs_in_and_knows_the_org(sf: Sf, org: PocketOrg) -> None:
    shown = sf("org display")
    assert (shown["id"], shown["username"], shown["connectedStatus"]) == (org.org_id, org.username, "Connected")


@pytest.mark.usefixtures("sf")
@pytest.mark.parametrize(
    ("soql", "columns"),
    [
        ("SELECT Id, Account.Owner.Name FROM Opportunity LIMIT 1", ["ID", "ACCOUNT.OWNER.NAME"]),
        ("SELECT StageName, COUNT(Id) n FROM Opportunity GROUP BY StageName", ["STAGENAME", "N"]),
        ("SELECT Name, (SELECT Amount FROM Opportunities) FROM Account", ["NAME", "OPPORTUNITIES.AMOUNT"]),
    ],
)
def test_a_query_is_drawn_as_a_table_with_its_columns(run: Run, project: Path, soql: str, columns: list[str]) -> None:
    printed = run(installed("node_modules", ".bin", "sf"), "data", "query", "-q", soql, cwd=project, NO_COLOR="1")
    header = next(line for line in printed.splitlines() if columns[0] in line)
    assert [cell.strip() for cell in header.strip("│ ").split("│")] == columns


def test_a_record_is_created_changed_read_and_deleted(sf: Sf) -> None:
    record_id = sf("data create record -s Account", "-v", "Name='Cli Corp' Phone=1")["id"]
    sf("data update record -s Account", "-i", record_id, "-v", "Phone=2")
    assert sf("data get record -s Account", "-w", "Name='Cli Corp'")["Phone"] == "2"
    sf("data delete record -s Account", "-i", record_id)
    assert sf("data query", "-q", f"SELECT Id FROM Account WHERE Id = '{record_id}'")["totalSize"] == 0


def test_csv_is_upserted_in_bulk(sf: Sf, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("Id,Name,Phone\n,Bulk Corp,1\n,Bulk Sons,2\n")
    done = sf("data upsert bulk -s Account -i Id -w 2", "-f", file)
    assert done["jobInfo"]["state"] == "JobComplete"
    assert done["jobInfo"]["numberRecordsProcessed"] == 2
    out = tmp_path / "out.csv"
    sf("data export bulk -w 2", "-q", "SELECT Name FROM Account WHERE Name LIKE 'Bulk %'", "--output-file", out)
    assert sorted(csv.reader(out.read_text().splitlines())) == [["Bulk Corp"], ["Bulk Sons"], ["Name"]]


def test_a_bulk_job_with_an_unknown_column_fails(sf: Sf, tmp_path: Path) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text("Name,Nonsense\nA,B\n")
    assert "Field name not found : Nonsense" in str(sf("data import bulk -s Account -w 2", "-f", file, fails=True))


def test_a_tree_of_records_is_exported_and_imported_again(sf: Sf, tmp_path: Path) -> None:
    soql = "SELECT Name, (SELECT Name, StageName, CloseDate FROM Opportunities) FROM Account LIMIT 1"
    sf("data export tree", "-q", soql, "-d", tmp_path)
    planted = sf("data import tree", "-f", next(tmp_path.glob("*.json")))
    assert [each["type"] for each in planted][:2] == ["Account", "Opportunity"]


def test_objects_are_described_and_listed(sf: Sf) -> None:
    assert sf("sobject describe -s Opportunity")["keyPrefix"] == "006"
    assert "Opportunity" in sf("sobject list")


def test_limits_are_shown(sf: Sf) -> None:
    assert {"DailyApiRequests", "DailyBulkApiBatches"} <= {each["name"] for each in sf("org list limits")}


@pytest.mark.usefixtures("sf")
def test_any_resource_can_be_asked_for(run: Run, project: Path) -> None:
    url = "/services/data/v66.0/sobjects/Organization/describe"
    printed = run(installed("node_modules", ".bin", "sf"), "api", "request", "rest", url, cwd=project)
    assert json.loads(printed)["name"] == "Organization"


def test_a_file_is_uploaded(sf: Sf, tmp_path: Path) -> None:
    (tmp_path / "form.pdf").write_bytes(b"%PDF-1.7 form")
    assert sf("data create file", "-f", tmp_path / "form.pdf")["FileExtension"] == "pdf"


def test_metadata_that_is_wrong_is_not_deployed(sf: Sf, project: Path) -> None:
    field = project / "force-app/main/default/objects/Opportunity/fields/Broken__c.field-meta.xml"
    field.write_text(
        '<CustomField xmlns="http://soap.sforce.com/2006/04/metadata"><fullName>Broken__c</fullName>'
        "<label>Broken</label><type>Hologram</type></CustomField>"
    )
    answer = sf("project deploy start", "-d", field, fails=True)
    field.unlink()
    (failure,) = answer["result"]["details"]["componentFailures"]
    assert failure["fullName"] == "Opportunity.Broken__c"
    assert "Hologram" in failure["problem"]


def test_a_dry_run_changes_nothing(sf: Sf, org: PocketOrg) -> None:
    done = sf("project deploy start --dry-run", "-d", "force-app")
    assert (done["success"], done["checkOnly"], done["numberComponentErrors"]) == (True, True, 0)
    assert org.org.schema.get("Order_Form__c") is None


@pytest.mark.parametrize("over_rest", ["false", "true"], ids=["over SOAP", "over REST"])
def test_our_metadata_is_deployed(sf: Sf, org: PocketOrg, over_rest: str) -> None:
    done = sf("project deploy start", "-d", "force-app", SF_ORG_METADATA_REST_DEPLOY=over_rest)
    assert (done["success"], done["status"]) == (True, "Succeeded")
    assert done["numberComponentsDeployed"] == len(list(SOURCE.rglob("*-meta.xml")))
    fields = [each["name"] for each in sf("sobject describe -s Order_Form__c")["fields"]]
    assert "Made_From__c" in fields
    assert org.org.get_all("PermissionSet", Name="Order_Form_Worker")
    assert "Order_Form" in {row["DeveloperName"] for row in org.org.get_all("CustomNotificationType")}


def test_a_permission_set_is_assigned(sf: Sf) -> None:
    sf("org assign permset -n Order_Form_Reader")
    soql = "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Order_Form_Reader'"
    assert sf("data query", "-q", soql)["totalSize"] >= 1


def test_what_was_deployed_comes_back(sf: Sf, project: Path) -> None:
    done = sf("project retrieve start -m CustomObject:Order_Form_Settings__c -m Report:Order_Forms/Turnaround")
    assert done["success"]
    names = {each["fullName"] for each in done["files"]}
    assert {"Order_Form_Settings__c.Paused__c", "Order_Forms/Turnaround"} <= names
    here = project / "force-app/main/default/objects/Order_Form_Settings__c/fields/Paused__c.field-meta.xml"
    assert "<inlineHelpText>Tick it" in here.read_text()


@pytest.mark.usefixtures("sf")
def test_sfsync_setup_uses_the_login_of_sf(run: Run, org: PocketOrg) -> None:
    sfsync = HERE.parents[1] / ".venv" / "bin" / "sfsync"
    settings = HERE.parents[1] / "config" / "sfsync.yaml"
    said = run(sfsync, "setup", "--config", settings, "--target-org", "pocket", "--dry-run")
    assert said.startswith(f"Pocket Org (Developer Edition), {org.instance_url}")
    # what `sf` has deployed before is what `setup` would deploy
    assert f"{len(list(SOURCE.rglob('*-meta.xml')))} the same." in said
