"""Both Bulk APIs, trees of records, and what else tools ask for."""

import csv
import gzip
import json
from typing import Any

import pytest
from wire_client import WORKER, Client


def ingest(client: Client, data: str, **job: str) -> dict[str, Any]:
    """Open a job, upload the data, and give the job when it is done."""
    opened = client("POST", "/jobs/ingest", json={"object": "Account", "contentType": "CSV", **job}).json()
    assert opened["state"] == "Open"
    url = f"/jobs/ingest/{opened['id']}"
    sent = client("PUT", "/" + opened["contentUrl"], data=data.encode(), headers={"Content-Type": "text/csv"})
    assert sent.status_code == 201, sent.text
    assert client("PATCH", url, json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    return client.get(url).json()


def lines(client: Client, job: dict[str, Any], results: str) -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(f"/jobs/ingest/{job['id']}/{results}").text.splitlines()))


def names(client: Client, like: str) -> list[str]:
    return [each["Name"] for each in client.query(f"SELECT Name FROM Account WHERE Name LIKE '{like}' ORDER BY Name")]


def test_each_line_of_an_ingest_job_stands_for_itself(admin: Client) -> None:
    job = ingest(admin, "Name,Phone\nLine 1,1\n,2\nLine 3,\n", operation="insert")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 3, 1)
    assert [each["Name"] for each in lines(admin, job, "successfulResults")] == ["Line 1", "Line 3"]
    (failed,) = lines(admin, job, "failedResults")
    assert failed["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert names(admin, "Line %") == ["Line 1", "Line 3"]
    assert lines(admin, job, "unprocessedrecords") == []


def test_an_empty_value_is_left_alone_and_n_a_empties_a_field(admin: Client) -> None:
    ids = [admin.create("Account", Name="Sparse", Phone="1") for _ in range(2)]
    ingest(admin, f"Id,Phone\n{ids[0]},\n{ids[1]},#N/A\n", operation="update")
    assert [admin.read("Account", each)["Phone"] for each in ids] == ["1", None]


def test_a_parent_is_named_by_its_external_id(admin: Client) -> None:
    admin.create("Contact", LastName="Boss", Email="boss@acme.example")
    job = ingest(admin, "LastName,ReportsTo.Email\nClerk,boss@acme.example\n", object="Contact", operation="insert")
    assert job["numberRecordsFailed"] == 0, lines(admin, job, "failedResults")
    assert admin.query("SELECT ReportsTo.LastName FROM Contact WHERE LastName = 'Clerk'")[0]["ReportsTo"]


def test_records_are_upserted_and_deleted_in_bulk(admin: Client) -> None:
    key = {"object": "Contact", "operation": "upsert", "externalIdFieldName": "Email"}
    job = ingest(admin, "Email,LastName\nup@acme.example,One\nup@acme.example,Two\n", **key)
    created, changed = lines(admin, job, "successfulResults")
    assert (created["sf__Created"], changed["sf__Created"]) == ("true", "false")
    assert created["sf__Id"] == changed["sf__Id"]
    ingest(admin, f"Id\n{created['sf__Id']}\n", object="Contact", operation="delete")
    assert admin.query("SELECT Id FROM Contact WHERE Email = 'up@acme.example'") == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("Name,Nonsense\nA,B\n", "Field name not found : Nonsense"),
        ("Name,Phone\nA\n", "number of columns"),
        ('Name\n"open\n', "CSV"),
        ("Name\r\nA\r\n", "LineEnding is invalid"),
    ],
)
def test_a_file_that_is_wrong_fails_the_job_and_writes_nothing(admin: Client, data: str, said: str) -> None:
    before = names(admin, "%")
    job = ingest(admin, data, operation="insert")
    assert job["state"] == "Failed"
    assert said in job["errorMessage"]
    assert names(admin, "%") == before
    assert admin.get(f"/jobs/ingest/{job['id']}/unprocessedrecords").text == data


@pytest.mark.parametrize(
    "wrong",
    [
        {"object": "Account", "operation": "explode"},
        {"object": "Nobody", "operation": "insert"},
        {"object": "Account", "operation": "upsert"},
        {"object": "Account", "operation": "insert", "contentType": "XML"},
        {"object": "Account", "operation": "insert", "columnDelimiter": "DASH"},
        {"object": ["Account"], "operation": {}, "columnDelimiter": [1]},
    ],
)
def test_a_job_that_cannot_be_is_refused(admin: Client, wrong: dict[str, str]) -> None:
    assert admin.refused("POST", "/jobs/ingest", json=wrong)[:2] == (400, "INVALIDJOB")


def test_a_job_goes_through_its_states_only_forward(admin: Client) -> None:
    job = ingest(admin, "Name\nForward\n", operation="insert")
    url = f"/jobs/ingest/{job['id']}"
    assert admin.refused("PATCH", url, json={"state": "UploadComplete"})[1] == "INVALIDJOBSTATE"
    assert admin.refused("PUT", f"{url}/batches", data=b"x", headers={"Content-Type": "text/csv"})[0] == 400
    assert admin("DELETE", url).status_code == 204
    assert admin.refused("GET", url)[0] == 404


def test_an_aborted_job_writes_nothing(admin: Client) -> None:
    job = admin("POST", "/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    url = f"/jobs/ingest/{job['id']}"
    admin("PUT", f"{url}/batches", data=b"Name\nAborted\n", headers={"Content-Type": "text/csv"})
    assert admin("PATCH", url, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert names(admin, "Aborted") == []


def test_a_query_job_gives_its_rows_page_by_page(admin: Client) -> None:
    for number in range(3):
        admin.create("Account", Name=f"Page {number}")
    soql = "SELECT Name, Owner.Name, CreatedDate, IsDeleted FROM Account WHERE Name LIKE 'Page %' ORDER BY Name"
    job = admin("POST", "/jobs/query", json={"operation": "query", "query": soql}).json()
    first = admin.get(f"/jobs/query/{job['id']}/results?maxRecords=2")
    assert first.headers["Sforce-NumberOfRecords"] == "2"
    header, row, _ = first.text.splitlines()
    assert header == '"Name","Owner.Name","CreatedDate","IsDeleted"'
    assert row == '"Page 0","Ada Admin","2026-05-04T09:30:00.000Z","false"'
    last = admin.get(f"/jobs/query/{job['id']}/results?locator={first.headers['Sforce-Locator']}")
    assert (len(last.text.splitlines()), last.headers["Sforce-Locator"]) == (2, "null")


@pytest.mark.parametrize(
    "soql", ["SELECT Nonsense FROM Account", "SELECT", "SELECT Id, (SELECT Id FROM Contacts) FROM Account"]
)
def test_a_query_job_that_cannot_run_is_refused(admin: Client, soql: str) -> None:
    assert admin.refused("POST", "/jobs/query", json={"operation": "query", "query": soql})[0] == 400


def test_bulk_asks_for_the_same_permissions(client_of: Any) -> None:
    worker = client_of(WORKER)
    job = ingest(worker, "Name\nForbidden\n", operation="insert")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (1, 1)


# --------------------------------------------------------------- the first Bulk API


def async_call(client: Client, method: str, path: str, data: str | None = None, kind: str = "application/xml") -> str:
    token = client.session.headers["Authorization"].split()[1]
    headers = {"X-SFDC-Session": token, "Authorization": "", "Content-Type": kind}
    response = client(method, f"/services/async/66.0{path}", data=data, headers=headers)
    assert response.status_code < 300, response.text
    return response.text


JOB = (
    '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><operation>{0}</operation><object>Account</object>'
)
JOB += "<contentType>CSV</contentType></jobInfo>"


def inner(text: str, tag: str) -> str:
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]


def test_the_first_bulk_api_speaks_xml(admin: Client) -> None:
    job = inner(async_call(admin, "POST", "/job", JOB.format("insert")), "id")
    batch = async_call(admin, "POST", f"/job/{job}/batch", "Name\nElder\n", "text/csv")
    assert inner(batch, "state") == "Queued"
    url = f"/job/{job}/batch/{inner(batch, 'id')}"
    assert inner(async_call(admin, "GET", url), "state") == "Completed"
    result = async_call(admin, "GET", f"{url}/result").splitlines()
    assert result[0] == '"Id","Success","Created","Error"'
    assert result[1].endswith('"true","true",""')
    assert async_call(admin, "GET", f"{url}/request") == "Name\nElder\n"
    closed = async_call(admin, "POST", f"/job/{job}", "<jobInfo><state>Closed</state></jobInfo>")
    assert inner(closed, "numberRecordsProcessed") == "1"


def test_a_query_that_finds_nothing_says_so(admin: Client) -> None:
    job = inner(async_call(admin, "POST", "/job", JOB.format("query")), "id")
    asked = "SELECT Id FROM Account WHERE Name = 'nobody'"
    url = f"/job/{job}/batch/{inner(async_call(admin, 'POST', f'/job/{job}/batch', asked, 'text/csv'), 'id')}"
    result = inner(async_call(admin, "GET", f"{url}/result"), "result")
    assert async_call(admin, "GET", f"{url}/result/{result}") == "Records not found for this query"


def test_a_batch_that_is_wrong_fails_alone(admin: Client) -> None:
    job = inner(async_call(admin, "POST", "/job", JOB.format("insert")), "id")
    batch = async_call(admin, "POST", f"/job/{job}/batch", "Nonsense\nA\n", "text/csv")
    status = async_call(admin, "GET", f"/job/{job}/batch/{inner(batch, 'id')}")
    assert (inner(status, "state"), "Nonsense" in inner(status, "stateMessage")) == ("Failed", True)


def test_the_first_bulk_api_without_a_session_refuses_in_its_own_words(admin: Client) -> None:
    response = admin("POST", "/services/async/66.0/job", data=JOB.format("insert"), headers={"Authorization": ""})
    assert response.status_code == 400
    assert "<exceptionCode>InvalidSessionId</exceptionCode>" in response.text


# ------------------------------------------------------------------- trees of records


def leaf(kind: str, reference: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": kind, "referenceId": reference}, **values}


def test_a_tree_is_planted_with_its_children(admin: Client) -> None:
    contacts = {"records": [leaf("Contact", "c", LastName="Leaf")]}
    answer = admin(
        "POST", "/composite/tree/Account", json={"records": [leaf("Account", "a", Name="Tree", Contacts=contacts)]}
    )
    assert answer.status_code == 201
    assert [each["referenceId"] for each in answer.json()["results"]] == ["a", "c"]
    assert admin.query("SELECT Account.Name FROM Contact WHERE LastName = 'Leaf'")[0]["Account"]["Name"] == "Tree"


def test_one_bad_leaf_fells_the_whole_tree(admin: Client) -> None:
    contacts = {"records": [leaf("Contact", "c", FirstName="no last name")]}
    body = {"records": [leaf("Account", "a", Name="Felled", Contacts=contacts)]}
    answer = admin("POST", "/composite/tree/Account", json=body)
    assert answer.status_code == 400
    (result,) = answer.json()["results"]
    assert (result["referenceId"], result["errors"][0]["statusCode"]) == ("c", "REQUIRED_FIELD_MISSING")
    assert names(admin, "Felled") == []


@pytest.mark.parametrize(
    "records",
    [
        [leaf("Account", "a", Name="A"), leaf("Account", "a", Name="B")],
        [{"attributes": {"type": "Account"}, "Name": "no reference"}],
        [leaf("Contact", "a", LastName="wrong root")],
        [leaf("Account", "a", Name="A", Nonsense={"records": []})],
        [leaf("Account", str(n), Name="too many") for n in range(201)],
        "nothing of the kind",
        [1],
    ],
)
def test_a_tree_that_cannot_stand_is_refused(admin: Client, records: Any) -> None:
    assert admin.refused("POST", "/composite/tree/Account", json={"records": records})[0] == 400


# ------------------------------------------------------------------------ and the rest


@pytest.mark.parametrize(
    ("soql", "expected"),
    [
        ("SELECT Id, Account.Owner.Name FROM Opportunity", ["Id", ["Account", [["Owner", ["Name"]]]]]),
        ("SELECT o.Name FROM Opportunity o", ["Name"]),
        ("SELECT COUNT(Id) n, MAX(Amount) FROM Opportunity", ["n", "expr0"]),
        ("SELECT (SELECT Name FROM Opportunities) FROM Account", [["Opportunities", ["Name"]]]),
    ],
)
def test_the_columns_of_a_query_are_told(admin: Client, soql: str, expected: list[Any]) -> None:
    def shape(column: dict[str, Any]) -> Any:
        below = [shape(each) for each in column["joinColumns"]]
        return [column["columnName"], below] if below else column["columnName"]

    described = admin.get("/query", params={"q": soql, "columns": "true"}).json()
    assert [shape(each) for each in described["columnMetadata"]] == expected


def test_changed_and_deleted_records_are_listed(admin: Client) -> None:
    kept, gone = (admin.create("Account", Name=name) for name in ("Kept", "Gone"))
    admin("DELETE", f"/sobjects/Account/{gone}")
    span = {"start": "2026-05-04T09:00:00+00:00", "end": "2026-05-04T10:00:00+00:00"}
    assert kept in admin.get("/sobjects/Account/updated", params=span).json()["ids"]
    deleted = admin.get("/sobjects/Account/deleted", params=span).json()["deletedRecords"]
    assert {"id": gone, "deletedDate": "2026-05-04T09:30:00.000+0000"} in deleted


def test_the_tooling_api_knows_users_and_no_classes(admin: Client) -> None:
    assert admin.get("/tooling/query", params={"q": "SELECT Id FROM User"}).json()["totalSize"]
    assert admin.refused("GET", "/tooling/query", params={"q": "SELECT Id FROM ApexClass"})[1] == "INVALID_TYPE"


def test_bodies_may_be_gzipped(admin: Client) -> None:
    body = gzip.compress(json.dumps({"Name": "Squeezed"}).encode())
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert admin("POST", "/sobjects/Account", data=body, headers=packed).status_code == 201
    assert admin.refused("POST", "/sobjects/Account", data=b"no gzip", headers=packed)[0] == 400
    assert admin.get("/sobjects/Account/describe").headers["Content-Encoding"] == "gzip"
