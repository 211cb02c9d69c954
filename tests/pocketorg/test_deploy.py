"""Metadata that is deployed over the wire, with REST and with SOAP."""

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from wire_client import WORKER, Client

from sfsync.pocketorg import PocketOrg
from sfsync.pocketorg.metadata import package

NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def field(name: str, inside: str = "<type>Text</type><length>20</length>") -> str:
    return f"<fields><fullName>{name}</fullName><label>{name}</label>{inside}</fields>"


def on_account(*fields: str) -> dict[str, str]:
    return {"objects/Account.object": f"<CustomObject {NAMESPACE}>{''.join(fields)}</CustomObject>"}


def permission_set(name: str, *fields: str) -> dict[str, str]:
    listed = "".join(
        f"<fieldPermissions><field>{f}</field><readable>true</readable><editable>true</editable></fieldPermissions>"
        for f in fields
    )
    text = f"<PermissionSet {NAMESPACE}>{listed}<label>{name}</label></PermissionSet>"
    return {f"permissionsets/{name}.permissionset": text}


def zipped(files: dict[str, str], **named: list[str]) -> bytes:
    """A package with these files; `named` are what package.xml lists, by type."""
    types = "".join(
        f"<types>{''.join(f'<members>{m}</members>' for m in members)}<name>{kind}</name></types>"
        for kind, members in named.items()
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("package.xml", f"<Package {NAMESPACE}>{types}<version>66.0</version></Package>")
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


def deploy(client: Client, package: bytes, **options: object) -> dict:
    """Deploy over REST and give the finished DeployResult."""
    parts = {
        "json": (None, json.dumps({"deployOptions": options}), "application/json"),
        "file": ("package.zip", package, "application/zip"),
    }
    started = client("POST", "/metadata/deployRequest", files=parts)
    assert started.status_code == 201, started.text
    assert started.json()["deployResult"]["status"] == "Pending"
    url = f"/metadata/deployRequest/{started.json()['id']}?includeDetails=true"
    return client.get(url).json()["deployResult"]


def problems(result: dict) -> dict[str, str]:
    return {each["fullName"]: each["problem"] for each in result["details"]["componentFailures"]}


def test_a_field_is_there_after_its_deployment(admin: Client) -> None:
    result = deploy(admin, zipped(on_account(field("Shade__c"))))
    assert (result["status"], result["numberComponentsDeployed"]) == ("Succeeded", 1)
    account = admin.create("Account", Name="Acme", Shade__c="red")
    assert admin.read("Account", account)["Shade__c"] == "red"


def test_the_result_tells_what_was_created_and_what_only_changed(admin: Client) -> None:
    deploy(admin, zipped(on_account(field("Old__c"))))
    result = deploy(admin, zipped(on_account(field("Old__c"), field("New__c"))))
    created = {each["fullName"]: each["created"] for each in result["details"]["componentSuccesses"]}
    assert created == {"package.xml": False, "Account.Old__c": False, "Account.New__c": True}


def test_one_wrong_component_keeps_all_others_out(admin: Client) -> None:
    wrong = field("Wrong__c", "<type>Hologram</type>")
    result = deploy(admin, zipped(on_account(field("Right__c"), wrong)))
    assert (result["status"], result["success"], result["numberComponentErrors"]) == ("Failed", False, 1)
    assert "Hologram" in problems(result)["Account.Wrong__c"]
    assert admin.refused("POST", "/sobjects/Account", json={"Name": "A", "Right__c": "1"})[1] == "INVALID_FIELD"


def test_a_check_says_the_same_and_changes_nothing(admin: Client) -> None:
    result = deploy(admin, zipped(on_account(field("Only_Checked__c"))), checkOnly=True)
    assert (result["success"], result["checkOnly"]) == (True, True)
    names = {each["name"] for each in admin.get("/sobjects/Account/describe").json()["fields"]}
    assert "Only_Checked__c" not in names


def test_a_permission_set_may_speak_of_a_field_in_the_same_package(admin: Client) -> None:
    files = on_account(field("Granted__c")) | permission_set("Granting", "Account.Granted__c")
    assert deploy(admin, zipped(files))["success"]


def test_a_permission_set_that_speaks_of_nothing_fails(admin: Client) -> None:
    result = deploy(admin, zipped(permission_set("Vain", "Account.Nowhere__c")))
    assert problems(result) == {"Vain": "In field: field - no CustomField named Account.Nowhere__c found"}


def test_a_permission_set_deployed_again_keeps_its_id_and_has_the_new_fields(admin: Client) -> None:
    soql = "SELECT Id, (SELECT Field FROM FieldPerms) FROM PermissionSet WHERE Name = 'Twice'"
    deploy(admin, zipped(on_account(field("A__c"), field("B__c")) | permission_set("Twice", "Account.A__c")))
    first = admin.query(soql)
    deploy(admin, zipped(permission_set("Twice", "Account.B__c")))
    (again,) = admin.query(soql)
    assert first[0]["Id"] == again["Id"]
    assert [each["Field"] for each in again["FieldPerms"]["records"]] == ["Account.B__c"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"classes/A.cls": "class A {}"}, "not spoken by the pocket org"),
        ({"objects/Account.object": "<CustomObject"}, "not well-formed"),
        ({"objects/Account.object": "<!DOCTYPE a [<!ENTITY b 'c'>]><CustomObject>&b;</CustomObject>"}, "DOCTYPE"),
        ({"objects/Nobody.object": f"<CustomObject {NAMESPACE}>{field('A__c')}</CustomObject>"}, "no object named"),
    ],
)
def test_what_it_does_not_understand_is_a_failure_of_that_component(
    admin: Client, files: dict[str, str], said: str
) -> None:
    result = deploy(admin, zipped(files))
    assert not result["success"]
    assert said in "".join(problems(result).values())


@pytest.mark.parametrize("name", ["Plain", 'a" INTEGER); --__c', "Naïve__c", "_Under__c", "Twice___c", ""])
def test_a_name_that_no_field_can_have_is_a_failure(admin: Client, name: str) -> None:
    assert not deploy(admin, zipped(on_account(field(name.replace('"', "&quot;")))))["success"]


def test_a_formula_that_makes_no_sense_is_a_failure(admin: Client) -> None:
    formula = field("Sum__c", "<formula>Nowhere__c + 1</formula><type>Number</type><precision>18</precision>")
    assert "Field Nowhere__c does not exist" in problems(deploy(admin, zipped(on_account(formula))))["Account.Sum__c"]


def test_what_the_manifest_names_must_be_in_the_zip(admin: Client) -> None:
    result = deploy(admin, zipped({}, CustomField=["Account.Missing__c"]))
    assert "was named in package.xml, but was not found" in problems(result)["Account.Missing__c"]


def test_deleting_by_deployment_is_refused(admin: Client) -> None:
    gone = f"<Package {NAMESPACE}><types><members>Account.A__c</members><name>CustomField</name></types></Package>"
    assert not deploy(admin, zipped({"destructiveChanges.xml": gone}))["success"]
    assert deploy(admin, zipped({"destructiveChanges.xml": f"<Package {NAMESPACE}/>"}))["success"]


def test_what_is_no_zip_is_refused(admin: Client) -> None:
    parts = {"json": (None, '{"deployOptions": {}}', "application/json"), "file": ("a.zip", b"PK?", "application/zip")}
    assert admin.refused("POST", "/metadata/deployRequest", files=parts)[0] == 400
    assert admin.refused("POST", "/metadata/deployRequest", json={})[1] == "INVALID_INPUT"


def test_a_zip_that_unpacks_without_end_is_refused(admin: Client) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w", force_zip64=True) as file:
        for _ in range(package.MOST_BYTES // 2**20 + 1):
            file.write(bytes(2**20))
    parts = {"json": (None, '{"deployOptions": {}}', "application/json"), "file": ("a.zip", held.getvalue())}
    assert admin.refused("POST", "/metadata/deployRequest", files=parts)[1] == "LIMIT_EXCEEDED"


def test_the_worker_may_not_deploy(client_of: Callable[[str], Client]) -> None:
    worker = client_of(WORKER)
    parts = {"json": (None, '{"deployOptions": {}}', "application/json"), "file": ("a.zip", zipped({}))}
    assert worker.refused("POST", "/metadata/deployRequest", files=parts)[1] == "INSUFFICIENT_ACCESS"


def test_an_unknown_deployment_is_not_found(admin: Client) -> None:
    status, code, _ = admin.refused("GET", "/metadata/deployRequest/0AfPk0000009999KAA")
    assert (status, code) == (404, "INVALID_CROSS_REFERENCE_KEY")


def test_what_was_deployed_outlives_a_restart(tmp_path: Path) -> None:
    for first in (True, False):
        with PocketOrg(db=tmp_path / "org.db", seed="none") as org:
            client = Client(org, org.access_token)
            if first:
                assert deploy(client, zipped(on_account(field("Lasting__c"))))["success"]
                client.create("Account", Name="Acme", Lasting__c="yes")
            assert client.query("SELECT Lasting__c FROM Account")[0]["Lasting__c"] == "yes"
            client.session.close()


# ------------------------------------------------------------------------------ SOAP


def soap(client: Client, api: str, call: str, session: str = "") -> tuple[int, str]:
    header = f"<SessionHeader><sessionId>{escape(session)}</sessionId></SessionHeader>" if session else ""
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<e:Header>{header}</e:Header><e:Body>{call}</e:Body></e:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": '""', "Authorization": ""}
    response = client("POST", f"/services/Soap/{api}/66.0", data=envelope, headers=headers)
    return response.status_code, response.text


def test_soap_deploys_and_tells_how_it_went(org: PocketOrg, admin: Client) -> None:
    content = base64.b64encode(zipped(on_account(field("By_Soap__c")))).decode()
    deployed = (
        f"<deploy><ZipFile>{content}</ZipFile><DeployOptions><checkOnly>true</checkOnly></DeployOptions></deploy>"
    )
    status, text = soap(admin, "m", deployed, org.access_token)
    assert status == 200
    deployment = text.partition("<id>")[2][:18]
    asked = f"<checkDeployStatus><id>{deployment}</id><includeDetails>true</includeDetails></checkDeployStatus>"
    status, text = soap(admin, "m", asked, org.access_token)
    assert status == 200
    assert "<success>true</success>" in text
    assert "<fullName>Account.By_Soap__c</fullName>" in text


def test_soap_login_is_retired(admin: Client) -> None:
    status, text = soap(admin, "u", "<login><username>a</username><password>b</password></login>")
    assert status == 500
    assert "<sf:exceptionCode>INVALID_OPERATION</sf:exceptionCode>" in text
    assert "SOAP API login() is disabled by default in this org" in text


@pytest.mark.parametrize(
    ("call", "code"),
    [("<describeMetadata/>", "INVALID_SESSION_ID"), ("", "INVALID_OPERATION"), ("<!-- -->", "INVALID_OPERATION")],
)
def test_soap_without_a_session_or_a_call_is_a_fault(admin: Client, call: str, code: str) -> None:
    status, text = soap(admin, "m", call)
    assert status == 500
    assert f"<faultcode>sf:{code}</faultcode>" in text


def test_soap_says_what_it_does_not_speak(org: PocketOrg, admin: Client) -> None:
    status, text = soap(admin, "m", "<retrieve/>", org.access_token)
    assert status == 500
    assert "does not speak retrieve()" in text


def test_an_envelope_with_a_document_type_is_refused(admin: Client) -> None:
    bomb = b'<!DOCTYPE e [<!ENTITY a "aaaa">]><e>&a;</e>'
    response = admin("POST", "/services/Soap/m/66.0", data=bomb, headers={"Authorization": ""})
    assert (response.status_code, "DOCTYPE is not allowed" in response.text) == (500, True)


# ---------------------------------------------------------- pages, and custom settings


def list_view(column: str) -> str:
    name = "<fullName>Mine</fullName><filterScope>Everything</filterScope><label>Mine</label>"
    return f"<listViews><columns>NAME</columns><columns>{column}</columns>{name}</listViews>"


def pages(field_name: str) -> dict[str, str]:
    """A layout, a report type, a report and its folder that speak of a field of Account."""
    item = f"<layoutItems><field>{field_name}</field></layoutItems>"
    columns = f"<columns><field>{field_name}</field><table>Account</table></columns>"
    kind = "<baseObject>Account</baseObject><category>accounts</category><label>Ours</label>"
    report = f"<columns><field>Account.{field_name}</field></columns><format>Tabular</format><name>R</name>"
    return {
        "layouts/Account-Account Layout.layout": (
            f"<Layout {NAMESPACE}><layoutSections><layoutColumns>{item}</layoutColumns></layoutSections></Layout>"
        ),
        "reportTypes/Ours.reportType": f"<ReportType {NAMESPACE}>{kind}<sections>{columns}</sections></ReportType>",
        "reports/Sales-meta.xml": f"<ReportFolder {NAMESPACE}><name>Sales</name></ReportFolder>",
        "reports/Sales/R.report": f"<Report {NAMESPACE}>{report}<reportType>Ours__c</reportType></Report>",
    }


def test_pages_are_deployed_with_the_fields_that_they_show(admin: Client) -> None:
    files = on_account(field("Shown__c"), list_view("Shown__c")) | pages("Shown__c")
    named = {"Report": ["Sales", "Sales/R"], "Layout": ["Account-Account Layout"], "ListView": ["Account.Mine"]}
    first, again = (deploy(admin, zipped(files, **named)) for _ in range(2))
    assert first["success"], problems(first)
    created = [{m["fullName"]: m["created"] for m in r["details"]["componentSuccesses"]} for r in (first, again)]
    assert [each["Sales/R"] for each in created] == [True, False]


def test_pages_that_show_a_field_that_is_not_there_fail(admin: Client) -> None:
    result = deploy(admin, zipped(on_account(list_view("Never__c")) | pages("Never__c")))
    said = "In field: field - no CustomField named Account.Never__c found"
    names = ("Account.Mine", "Account-Account Layout", "Ours", "Sales/R")
    assert problems(result) == dict.fromkeys(names, said)


def test_a_hierarchy_custom_setting_has_a_row_for_the_org(org: PocketOrg, admin: Client) -> None:
    setting = "<customSettingsType>Hierarchy</customSettingsType><label>Switches</label>"
    flag = field("On__c", "<defaultValue>false</defaultValue><type>Checkbox</type>")
    text = f"<CustomObject {NAMESPACE}>{setting}{flag}</CustomObject>"
    result = deploy(admin, zipped({"objects/Switches__c.object": text}))
    assert result["success"], problems(result)
    admin.create("Switches__c", SetupOwnerId=org.org_id, On__c=True)
    assert admin.get("/sobjects/Switches__c/describe").json()["customSetting"] is True
    assert admin.query("SELECT On__c FROM Switches__c")[0]["On__c"] is True
