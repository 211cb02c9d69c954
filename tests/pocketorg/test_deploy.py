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
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("package.xml", f"<Package {NAMESPACE}>{members(**named)}<version>66.0</version></Package>")
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


def members(**named: list[str]) -> str:
    """The <types> of a manifest."""
    return "".join(
        f"<types>{''.join(f'<members>{m}</members>' for m in listed)}<name>{kind}</name></types>"
        for kind, listed in named.items()
    )


def destructive(when: str = "", **named: list[str]) -> dict[str, str]:
    """The file that takes these components away, by type."""
    return {f"destructiveChanges{when}.xml": f"<Package {NAMESPACE}>{members(**named)}</Package>"}


def test_a_field_that_is_taken_away_goes_with_its_values_and_permissions(org: PocketOrg, admin: Client) -> None:
    deploy(admin, zipped(on_account(field("A__c"), field("B__c")) | permission_set("Some", "Account.A__c")))
    account = admin.create("Account", Name="Acme", A__c="1", B__c="2")
    assert deploy(admin, zipped(destructive(CustomField=["Account.A__c"])))["success"]
    read = admin.read("Account", account)
    assert (read["B__c"], "A__c" in read) == ("2", False)
    assert not org.org.get_all("FieldPermissions", Field="Account.A__c")
    deploy(admin, zipped(on_account(field("A__c"))))
    assert admin.read("Account", account)["A__c"] is None


def test_an_object_that_is_taken_away_goes_with_its_rows(admin: Client) -> None:
    name = "<nameField><label>N</label><type>Text</type></nameField>"
    thing = f"<label>Thing</label>{name}<pluralLabel>Things</pluralLabel><sharingModel>ReadWrite</sharingModel>"
    files = {"objects/Thing__c.object": f"<CustomObject {NAMESPACE}>{thing}</CustomObject>"}
    deploy(admin, zipped(files))
    admin.create("Thing__c", Name="one")
    assert deploy(admin, zipped(destructive("Post", CustomObject=["Thing__c"])))["success"]
    assert admin.refused("GET", "/query?q=SELECT Id FROM Thing__c")[1] == "INVALID_TYPE"
    deploy(admin, zipped(files))
    assert admin.query("SELECT Id FROM Thing__c") == []


def test_a_field_that_a_formula_needs_stays(admin: Client) -> None:
    total = field("Twice__c", "<formula>Once__c * 2</formula><type>Number</type><precision>9</precision>")
    once = field("Once__c", "<type>Number</type><precision>9</precision>")
    deploy(admin, zipped(on_account(once, total)))
    result = deploy(admin, zipped(destructive(CustomField=["Account.Once__c"])))
    assert "referenced elsewhere in salesforce.com: Account.Twice__c" in problems(result)["Account.Once__c"]
    assert deploy(admin, zipped(destructive(CustomField=["Account.Once__c", "Account.Twice__c"])))["success"]


def test_a_permission_set_that_somebody_has_stays(org: PocketOrg, admin: Client) -> None:
    deploy(admin, zipped(permission_set("Held")))
    [held] = org.org.get_all("PermissionSet", Name="Held")
    given = admin.create("PermissionSetAssignment", PermissionSetId=held["Id"], AssigneeId=org.user_id)
    assert not deploy(admin, zipped(destructive(PermissionSet=["Held"])))["success"]
    admin("DELETE", f"/sobjects/PermissionSetAssignment/{given}")
    assert deploy(admin, zipped(destructive(PermissionSet=["Held"])))["success"]
    assert not org.org.get_all("PermissionSet", Name="Held")


def test_taking_away_what_is_not_there_is_a_warning(admin: Client) -> None:
    result = deploy(admin, zipped(destructive(CustomField=["Account.Never__c"])))
    warned = [each for each in result["details"]["componentSuccesses"] if each.get("problemType") == "Warning"]
    assert [each["problem"] for each in warned] == ["No CustomField named: Account.Never__c found"]
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
    status, text = soap(admin, "m", "<renameMetadata/>", org.access_token)
    assert status == 500
    assert "does not speak renameMetadata()" in text


def retrieve(org: PocketOrg, client: Client, **named: list[str]) -> tuple[dict[str, str], str]:
    """The files of a retrieval, and the answer that brought them."""
    unpackaged = f"<unpackaged>{members(**named)}<version>66.0</version></unpackaged>"
    request = f"<retrieveRequest><singlePackage>true</singlePackage>{unpackaged}</retrieveRequest>"
    _, text = soap(client, "m", f"<retrieve>{request}</retrieve>", org.access_token)
    asked = f"<asyncProcessId>{text.partition('<id>')[2][:18]}</asyncProcessId><includeZip>true</includeZip>"
    status, text = soap(client, "m", f"<checkRetrieveStatus>{asked}</checkRetrieveStatus>", org.access_token)
    assert (status, "<done>true</done>" in text) == (200, True)
    content = base64.b64decode(text.partition("<zipFile>")[2].partition("<")[0])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}, text


def test_what_was_deployed_can_be_retrieved_and_deployed_again(org: PocketOrg, admin: Client) -> None:
    folder = {"reports/Ours-meta.xml": f"<ReportFolder {NAMESPACE}><name>Ours</name></ReportFolder>"}
    files = on_account(field("Kept__c"), list_view("Kept__c")) | folder | permission_set("Some")
    deploy(admin, zipped(files))
    wanted = {"CustomField": ["Account.Kept__c"], "ListView": ["Account.Mine"], "Report": ["Ours"]}
    found, _ = retrieve(org, admin, **wanted, PermissionSet=["Some"])
    assert set(found) == {"package.xml", *files}
    assert "<fullName>Kept__c</fullName>" in found["objects/Account.object"]
    assert found.pop("package.xml").count("<members>") == 4
    assert deploy(admin, zipped(found))["success"]


def test_retrieving_what_is_not_there_is_said(org: PocketOrg, admin: Client) -> None:
    files, said = retrieve(org, admin, CustomField=["Account.Never__c"])
    assert list(files) == ["package.xml"]
    assert "Entity of type 'CustomField' named 'Account.Never__c' cannot be found" in said


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
