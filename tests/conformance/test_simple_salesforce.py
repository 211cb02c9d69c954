"""simple-salesforce, the Python client that sfsync itself is built on, unmodified."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sfsync.pocketorg import PocketOrg

FIELD = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><fields>
<fullName>Colour__c</fullName><label>Colour</label><type>Text</type><length>20</length></fields></CustomObject>"""
MANIFEST = """<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types><members>Account.Colour__c</members>
<name>CustomField</name></types><version>66.0</version></Package>"""


class PlainHttp(requests.adapters.HTTPAdapter):
    """The client writes https:// before every host; the pocket org listens without TLS."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        assert request.url is not None
        request.url = self._base + "/" + request.url.split("/", 3)[3]
        return super().send(request, *args, **options)


@pytest.fixture
def session(org: PocketOrg) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://", PlainHttp(org.instance_url))
        yield session


@pytest.fixture
def client(org: PocketOrg, session: requests.Session) -> Salesforce:
    return Salesforce(instance_url=org.instance_url, session_id=org.access_token, session=session, version="66.0")


def test_records_are_created_read_changed_and_deleted(client: Salesforce) -> None:
    made = client.Account.create({"Name": "Anvils"})
    client.Account.update(made["id"], {"Phone": "1"})
    assert client.Account.get(made["id"])["Phone"] == "1"
    client.Account.delete(made["id"])
    assert client.query(f"SELECT Id FROM Account WHERE Id = '{made['id']}'")["totalSize"] == 0
    assert client.query_all(f"SELECT Id FROM Account WHERE Id = '{made['id']}'", include_deleted=True)["totalSize"] == 1


def test_the_first_bulk_api_tells_of_each_record(client: Salesforce) -> None:
    good, bad = client.bulk.Account.insert([{"Name": "Bulk"}, {"Phone": "1"}])
    assert (good["success"], good["created"], bad["success"]) == (True, True, False)
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    (found,) = client.bulk.Account.query(f"SELECT Name FROM Account WHERE Id = '{good['id']}'")
    assert found["Name"] == "Bulk"


def test_bulk_api_2_loads_csv_and_gives_it_back(client: Salesforce) -> None:
    (done,) = client.bulk2.Account.insert(
        records=[{"Name": "Bulk 2", "Phone": "7"}, {"Name": "", "Phone": "8"}], wait=0
    )
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 1)
    assert "REQUIRED_FIELD_MISSING" in client.bulk2.Account.get_failed_records(done["job_id"])
    (page,) = client.bulk2.Account.query("SELECT Name, Owner.Name FROM Account WHERE Phone = '7'", wait=0)
    assert page == '"Name","Owner.Name"\n"Bulk 2","Ada Admin"\n'


def test_a_bulk_query_comes_in_pages(client: Salesforce) -> None:
    pages = list(client.bulk2.Account.query("SELECT Id FROM Account", max_records=5, wait=0))
    count = client.query("SELECT COUNT() FROM Account")["totalSize"]
    assert sum(page.count("\n") - 1 for page in pages) == count
    assert len(pages) == -(-count // 5)


def test_a_package_is_deployed_over_soap(client: Salesforce, tmp_path: Path) -> None:
    started = client.deploy(str(_package(tmp_path)), sandbox=False, testLevel="NoTestRun")
    status = client.checkDeployStatus(started["asyncId"])
    assert status["state"] == "Succeeded", status
    assert "Colour__c" in [field["name"] for field in client.Account.describe()["fields"]]


def _package(folder: Path) -> Path:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("package.xml", MANIFEST)
        archive.writestr("objects/Account.object", FIELD)
    (folder / "package.zip").write_bytes(held.getvalue())
    return folder / "package.zip"


def test_a_password_does_not_log_in_any_more(session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="SOAP API login"):
        Salesforce(username="a@b.c", password="p", security_token="t", session=session)


def test_a_bulk_query_that_is_wrong_is_refused(client: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        list(client.bulk2.Account.query("SELECT Nonsense FROM Account"))
