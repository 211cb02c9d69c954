"""Single records and queries over HTTP, as Salesforce answers them."""

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from wire_client import METADATA, WORKER

from sfsync.pocketorg import PocketOrg
from sfsync.pocketorg.founding import READER
from sfsync.pocketorg.schema import ValidationRule


def test_the_versions_are_listed_without_a_login(org):
    versions = requests.get(f"{org.instance_url}/services/data", timeout=5).json()
    assert versions[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert versions[-1] == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}


def test_the_resources_of_a_version_name_who_is_logged_in(org, admin):
    assert admin.get("/").json()["identity"] == f"{org.instance_url}/id/{org.org_id}/{org.user_id}"


def test_a_version_that_does_not_exist_is_not_found(admin):
    assert admin.refused("GET", "/services/data/v99.0/sobjects")[:2] == (404, "NOT_FOUND")


def test_what_the_org_does_not_speak_is_refused_and_logged(admin, caplog):
    assert admin.refused("GET", "/chatter/feeds")[:2] == (404, "NOT_FOUND")
    assert "does not speak GET /services/data/v66.0/chatter/feeds" in caplog.text


def test_a_wrong_method_is_told_the_right_ones(admin):
    assert admin.refused("PUT", "/query") == (
        405,
        "METHOD_NOT_ALLOWED",
        "HTTP Method 'PUT' not allowed. Allowed are GET",
    )


def test_a_record_is_created_read_changed_and_deleted(admin):
    response = admin("POST", "/sobjects/account/", json={"name": "  Acme  ", "BillingCity": "Berlin", "Phone": ""})
    record_id = response.json()["id"]
    assert response.json() == {"id": record_id, "success": True, "errors": []}
    assert response.headers["Location"] == f"/services/data/v66.0/sobjects/Account/{record_id}"
    admin.update("Account", record_id[:15], NumberOfEmployees=12)
    record = admin.read("Account", record_id)
    assert record["attributes"] == {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{record_id}"}
    assert (record["Name"], record["Phone"], record["NumberOfEmployees"]) == ("Acme", None, 12)
    assert record["BillingAddress"]["city"] == "Berlin"
    assert admin("DELETE", f"/sobjects/Account/{record_id}").status_code == 204
    assert admin.get(f"/sobjects/Account/{record_id}").status_code == 404
    assert admin.refused("DELETE", f"/sobjects/Account/{record_id}") == (404, "ENTITY_IS_DELETED", "entity is deleted")


def test_only_the_fields_that_are_asked_for_are_read(admin, deal):
    record = admin.get(f"/sobjects/Opportunity/{deal}", params={"fields": "name,StageName"}).json()
    assert list(record) == ["attributes", "Name", "StageName"]


def test_numbers_are_written_as_java_writes_doubles(admin):
    record = admin.create("Account", Name="Big", AnnualRevenue=12345678)
    text = admin.get(f"/sobjects/Account/{record}?fields=AnnualRevenue,NumberOfEmployees").text
    assert '"AnnualRevenue":1.2345678E7' in text
    admin.update("Account", record, AnnualRevenue=1234567)
    assert '"AnnualRevenue":1234567.0' in admin.get(f"/sobjects/Account/{record}?fields=AnnualRevenue").text


@pytest.mark.parametrize(
    ("sobject", "values", "refusal"),
    [
        ("Account", {}, (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]")),
        ("Account", {"Name": None}, (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]")),
        (
            "Opportunity",
            {},
            (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name, StageName, CloseDate]"),
        ),
        ("Account", {"Pet__c": "Dog"}, (400, "INVALID_FIELD", "No such column 'Pet__c' on sobject of type Account")),
        (
            "Account",
            {"Name": "A", "CreatedDate": "2026-01-01T00:00:00Z"},
            (
                400,
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                (
                    "Unable to create/update fields: CreatedDate. Please check the security settings of this field "
                    "and verify that it is read/write for your profile or permission set."
                ),
            ),
        ),
        (
            "Account",
            {"Name": "x" * 256},
            (400, "STRING_TOO_LONG", f"Account Name: data value too large: {'x' * 256} (max length=255)"),
        ),
        (
            "Account",
            {"Name": "A", "NumberOfEmployees": "many"},
            (
                400,
                "JSON_PARSER_ERROR",
                (
                    "Cannot deserialize instance of int from VALUE_STRING value many "
                    "or request may be missing a required field at [line:1, column:1]"
                ),
            ),
        ),
        (
            "Account",
            {"Name": "A", "ParentId": "x"},
            (400, "MALFORMED_ID", "Parent Account ID: id value of incorrect type: x"),
        ),
        (
            "Account",
            {"Name": "A", "ParentId": "001000000000000AAA"},
            (400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
        ),
        ("Contact", {"LastName": "A", "Email": "a"}, (400, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: a")),
        ("PlayingCard__c", {"Name": "A"}, (404, "NOT_FOUND", "The requested resource does not exist")),
    ],
)
def test_a_bad_create_is_refused_in_salesforces_words(admin, sobject, values, refusal):
    assert admin.refused("POST", f"/sobjects/{sobject}", json=values) == refusal


def test_a_restricted_picklist_takes_only_its_values(admin, deal):
    refusal = admin.refused("PATCH", f"/sobjects/Opportunity/{deal}", json={"Order_Form_Status__c": "Amazing"})
    assert refusal[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert refusal[2].endswith(": bad value for restricted picklist field: Amazing")


def test_a_number_with_too_many_digits_is_refused(admin, deal):
    refusal = admin.refused("PATCH", f"/sobjects/Opportunity/{deal}", json={"Order_Form_Version__c": 1e7})
    assert refusal[1] == "NUMBER_OUTSIDE_VALID_RANGE"


def test_a_unique_key_is_refused_naming_the_record_that_has_it(admin, deal):
    first = admin.create("Order_Form__c", Opportunity__c=deal, Key__c="twice", Version__c=1)
    body = {"Opportunity__c": deal, "Key__c": "twice", "Version__c": 1}
    assert admin.refused("POST", "/sobjects/Order_Form__c", json=body) == (
        400,
        "DUPLICATE_VALUE",
        f"duplicate value found: Key__c duplicates value on record with id: {first}",
    )


def test_an_upsert_creates_first_and_updates_then(admin, deal):
    path = "/sobjects/Order_Form__c/Key__c/up%2Fsert"
    created = admin("PATCH", path, json={"Opportunity__c": deal, "Version__c": 1})
    assert (created.status_code, created.json()["created"]) == (201, True)
    updated = admin("PATCH", path, json={"Version__c": 2})
    assert (updated.status_code, updated.json()) == (200, created.json() | {"created": False})
    assert admin.get(path).json()["Version__c"] == 2
    assert admin.get(path).json()["Key__c"] == "up/sert"


def test_a_malformed_id_is_told_apart_from_an_unknown_one(admin):
    assert admin.refused("PATCH", "/sobjects/Account/001B000001Lp1G2IA1", json={})[:2] == (400, "MALFORMED_ID")
    assert admin.refused("PATCH", "/sobjects/Account/001000000000000AAA", json={})[:2] == (404, "NOT_FOUND")


def test_deleting_a_master_deletes_its_details(admin, deal):
    row = admin.create("Order_Form__c", Opportunity__c=deal, Key__c="cascade", Version__c=1)
    admin("DELETE", f"/sobjects/Opportunity/{deal}")
    assert admin.query(f"SELECT Id FROM Order_Form__c WHERE Id = '{row}'") == []
    (kept,) = admin.get("/queryAll", params={"q": f"SELECT IsDeleted FROM Order_Form__c WHERE Id = '{row}'"}).json()[
        "records"
    ]
    assert kept["IsDeleted"] is True


def test_a_write_stamps_the_record(admin, clock, deal):
    before = admin.read("Opportunity", deal)
    clock.advance(seconds=90)
    admin.update("Opportunity", deal, NextStep="Call")
    after = admin.read("Opportunity", deal)
    assert after["CreatedDate"] == before["CreatedDate"]
    assert before["SystemModstamp"] < after["SystemModstamp"] == after["LastModifiedDate"]


def test_if_unmodified_since_guards_an_update(admin, clock, deal):
    stale = format_datetime(clock() - timedelta(seconds=5), usegmt=True)
    refusal = admin.refused(
        "PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"}, headers={"If-Unmodified-Since": stale}
    )
    assert refusal[0] == 412
    fresh = admin.get(f"/sobjects/Opportunity/{deal}").headers["Last-Modified"]
    response = admin(
        "PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"}, headers={"If-Unmodified-Since": fresh}
    )
    assert response.status_code == 204


def test_a_validation_rule_speaks_with_the_admins_words(org, admin, deal):
    opportunity = org.org.schema.get("Opportunity")
    rule = ValidationRule(
        name="No_Way_Back",
        formula='AND(ISCHANGED(StageName), ISPICKVAL(PRIORVALUE(StageName), "Prospecting"), ISBLANK(NextStep))',
        message="Say what comes next.",
        error_field="NextStep",
    )
    opportunity.rules.append(rule)
    try:
        response = admin("PATCH", f"/sobjects/Opportunity/{deal}", json={"StageName": "Qualification"})
        assert response.json() == [
            {
                "message": "Say what comes next.",
                "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                "fields": ["NextStep"],
            }
        ]
        assert admin.read("Opportunity", deal)["StageName"] == "Prospecting"
        admin.update("Opportunity", deal, StageName="Qualification", NextStep="Call")
    finally:
        opportunity.rules.remove(rule)


def test_every_answer_says_how_many_requests_are_left(org, admin):
    first = admin.get("/limits").headers["Sforce-Limit-Info"]
    second = admin.get("/limits").headers["Sforce-Limit-Info"]
    used = [int(text.removeprefix("api-usage=").partition("/")[0]) for text in (first, second)]
    assert used[1] == used[0] + 1
    assert (org.calls[-1].method, org.calls[-1].path, org.calls[-1].status) == ("GET", "/limits", 200)


def test_an_exhausted_limit_refuses_everything(org, admin):
    org.api_limit = 1
    try:
        assert admin.refused("GET", "/sobjects") == (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    finally:
        org.api_limit = 100_000


def test_pages_follow_each_other_through_the_locator(admin):
    options = {"params": {"q": "SELECT Id FROM OpportunityHistory"}, "headers": {"Sforce-Query-Options": "batchSize=5"}}
    page = admin.get("/query", **options).json()
    assert page["done"] is (page["totalSize"] <= 200)
    assert admin.refused("GET", "/query/0r8xx-2000")[1] == "INVALID_QUERY_LOCATOR"


def test_a_cursor_belongs_to_whoever_asked(org, admin, client_of):
    for _ in range(201):
        org.insert("Group", {"Name": "Many", "Type": "Regular"})
    options = {"params": {"q": "SELECT Id FROM Group"}, "headers": {"Sforce-Query-Options": "batchSize=200"}}
    following = admin.get("/query", **options).json()["nextRecordsUrl"]
    assert client_of(WORKER).refused("GET", following)[:2] == (400, "INVALID_QUERY_LOCATOR")
    assert admin.get(following).json()["done"]


def test_a_malformed_body_is_a_parser_error(admin):
    assert admin.refused("POST", "/sobjects/Account", data=b'{"Name":')[:2] == (400, "JSON_PARSER_ERROR")


def test_a_profile_without_permission_sees_no_custom_fields(client_of, admin, deal):
    worker = client_of(WORKER)
    assert worker.query(f"SELECT Order_Form_Status__c FROM Opportunity WHERE Id = '{deal}'")
    assignments = admin.query(
        f"SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment WHERE Assignee.Username = '{WORKER}'"
    )
    for assignment in assignments:
        admin("DELETE", f"/sobjects/PermissionSetAssignment/{assignment['Id']}")
    assert worker.refused("GET", f"/sobjects/Opportunity/{deal}")[:2] == (404, "NOT_FOUND")
    for assignment in assignments:
        admin.create(
            "PermissionSetAssignment",
            AssigneeId=assignment["AssigneeId"],
            PermissionSetId=assignment["PermissionSetId"],
        )
    assert worker.query(f"SELECT Order_Form_Status__c FROM Opportunity WHERE Id = '{deal}'")


def test_a_field_without_edit_permission_is_not_written_and_one_that_is_hidden_does_not_exist(worker, admin, deal):
    refusal = worker.refused("PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"})
    assert refusal[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    fields = "Id, AssigneeId, PermissionSetId"
    [wide] = admin.query(f"SELECT {fields} FROM PermissionSetAssignment WHERE PermissionSet.Name = '{READER}'")
    admin("DELETE", f"/sobjects/PermissionSetAssignment/{wide['Id']}")
    refusal = worker.refused("PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"})
    assert refusal[1:] == ("INVALID_FIELD", "No such column 'NextStep' on sobject of type Opportunity")
    again = {name: wide[name] for name in ("AssigneeId", "PermissionSetId")}
    admin.create("PermissionSetAssignment", **again)


def test_metadata_comes_onto_an_org_that_was_there_before(tmp_path: Path):
    with PocketOrg(db=tmp_path / "org.db", seed="none") as bare:
        assert bare.org.schema.get("Order_Form__c") is None
    for _ in range(2):
        with PocketOrg(db=tmp_path / "org.db", seed="none", metadata=[METADATA]) as dressed:
            assert len(dressed.org.get_all("PermissionSet")) == 4
            assert len(dressed.org.get_all("PermissionSetAssignment")) == 2


def test_an_org_in_a_file_survives_a_restart(tmp_path: Path):
    with PocketOrg(db=tmp_path / "org.db", seed="none") as first:
        secret, org_id = first.client_secret, first.org_id
        record_id = first.insert("Account", {"Name": "Kept"})
    with PocketOrg(db=tmp_path / "org.db", seed="none") as second:
        assert (second.client_secret, second.org_id) == (secret, org_id)
        assert second.org.get_all("Account")[0]["Id"] == record_id


class _Plainly(HTTPAdapter):
    """Sends https requests over http."""

    def send(self, request, **options):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


def test_simple_salesforce_works_unchanged(org):
    with requests.Session() as session:
        session.mount(org.instance_url.replace("http", "https"), _Plainly())
        instance = org.instance_url.removeprefix("http://")
        salesforce = Salesforce(instance=instance, session_id=org.access_token, session=session, version="66.0")
        record = salesforce.Account.create({"Name": "Simple"})["id"]
        assert salesforce.Account.update(record, {"Name": "Simpler"}) == 204
        assert salesforce.Account.get(record)["Name"] == "Simpler"
        assert salesforce.query_all(f"SELECT Name FROM Account WHERE Id = '{record}'")["totalSize"] == 1
        assert salesforce.Opportunity.describe()["name"] == "Opportunity"
        assert {each["name"] for each in salesforce.describe()["sobjects"]} >= {"Account", "Order_Form__c"}
        assert salesforce.limits()["DailyApiRequests"]["Max"] == org.api_limit
        assert salesforce.Account.delete(record) == 204
