"""Files and the records among which they lie."""

import base64
import hashlib
import json

import pytest
from wire_client import file


def version(client, version_id):
    fields = (
        "Title, ContentDocumentId, VersionNumber, IsLatest, FileType, FileExtension, ContentSize, Checksum, OwnerId"
    )
    soql = f"SELECT {fields}, FirstPublishLocationId, VersionData FROM ContentVersion WHERE Id = '{version_id}'"
    return client.query(soql)[0]


def links(client, document_id):
    soql = f"SELECT LinkedEntityId, ShareType FROM ContentDocumentLink WHERE ContentDocumentId = '{document_id}'"
    return {row["LinkedEntityId"]: row["ShareType"] for row in client.query(soql)}


def test_a_file_lies_among_the_records_files_at_once(org, admin, deal):
    found = version(admin, admin.create("ContentVersion", **file(content=b"bytes", FirstPublishLocationId=deal)))
    assert (found["VersionNumber"], found["IsLatest"], found["ContentSize"]) == ("1", True, 5)
    assert (found["FileType"], found["FileExtension"]) == ("PDF", "pdf")
    assert found["Checksum"] == hashlib.md5(b"bytes").hexdigest()
    assert links(admin, found["ContentDocumentId"]) == {org.user_id: "I", deal: "V"}
    (shown,) = admin.query(
        f"SELECT Title, LatestPublishedVersionId FROM ContentDocument WHERE Id = '{found['ContentDocumentId']}'"
    )
    assert (shown["Title"], shown["LatestPublishedVersionId"][:3]) == ("Form", "068")


def test_the_bytes_come_back_as_they_went_in(admin):
    content = bytes(range(256))
    path = version(admin, admin.create("ContentVersion", **file(content=content)))["VersionData"]
    response = admin.get(path)
    assert (response.content, response.headers["Content-Type"]) == (content, "application/octetstream")


def test_a_new_version_joins_the_same_document(admin, deal):
    first = admin.create("ContentVersion", **file(FirstPublishLocationId=deal))
    document = version(admin, first)["ContentDocumentId"]
    second = admin.create("ContentVersion", **file("Form v2", b"longer bytes", ContentDocumentId=document))
    assert (version(admin, first)["IsLatest"], version(admin, second)["IsLatest"]) == (False, True)
    assert version(admin, second)["VersionNumber"] == "2"
    (shown,) = admin.query(
        f"SELECT Title, LatestPublishedVersionId, ContentSize FROM ContentDocument WHERE Id = '{document}'"
    )
    assert (shown["Title"], shown["LatestPublishedVersionId"], shown["ContentSize"]) == ("Form v2", second, 12)
    assert len(links(admin, document)) == 2


def test_where_a_file_was_first_published_is_not_changed(admin, deal):
    record = admin.create("ContentVersion", **file(FirstPublishLocationId=deal))
    refusal = admin.refused("PATCH", f"/sobjects/ContentVersion/{record}", json={"FirstPublishLocationId": deal})
    assert refusal[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_deleted_document_takes_versions_and_links_along_and_no_new_version(admin, deal):
    first = admin.create("ContentVersion", **file(FirstPublishLocationId=deal))
    document = version(admin, first)["ContentDocumentId"]
    assert admin("DELETE", f"/sobjects/ContentDocument/{document}").status_code == 204
    assert admin.query(f"SELECT Id FROM ContentVersion WHERE Id = '{first}'") == []
    assert admin.query(f"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '{deal}'") == []
    refusal = admin.refused("POST", "/sobjects/ContentVersion", json=file(ContentDocumentId=document))
    assert refusal == (404, "ENTITY_IS_DELETED", "entity is deleted")


def test_a_file_is_linked_to_a_record_once(admin, deal):
    document = version(admin, admin.create("ContentVersion", **file()))["ContentDocumentId"]
    body = {"ContentDocumentId": document, "LinkedEntityId": deal, "ShareType": "V"}
    admin.create("ContentDocumentLink", **body)
    assert admin.refused("POST", "/sobjects/ContentDocumentLink", json=body) == (
        400,
        "DUPLICATE_VALUE",
        f"Document with ID: {document} is already linked with the entity with ID: {deal}",
    )


def test_a_file_without_a_title_is_named_after_its_path(admin):
    values = file() | {"Title": None, "PathOnClient": "C:\\forms\\Offer 7.docx"}
    found = version(admin, admin.create("ContentVersion", **values))
    assert (found["Title"], found["FileType"]) == ("Offer 7", "WORD_X")


@pytest.mark.parametrize("missing", ["PathOnClient", "VersionData"])
def test_a_file_needs_a_path_and_bytes(admin, missing):
    refusal = admin.refused("POST", "/sobjects/ContentVersion", json=file() | {missing: None})
    assert refusal == (400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{missing}]")


def test_what_is_no_base64_is_refused(admin):
    refusal = admin.refused("POST", "/sobjects/ContentVersion", json=file() | {"VersionData": "not base64!"})
    assert refusal[1] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("json_first", [True, False])
def test_a_multipart_upload_may_come_in_either_order(admin, json_first):
    document = ("entity_content", ("", json.dumps({"PathOnClient": "big.bin", "Title": "Big"}), "application/json"))
    binary = ("VersionData", ("big.bin", b"\x00\xff" * 1000, "application/octet-stream"))
    parts = [document, binary] if json_first else [binary, document]
    response = admin("POST", "/sobjects/ContentVersion", files=parts)
    assert response.status_code == 201, response.text
    assert version(admin, response.json()["id"])["ContentSize"] == 2000


def test_a_multipart_collection_names_its_parts(admin):
    records = [
        {
            "attributes": {
                "type": "ContentVersion",
                "binaryPartName": f"part{n}",
                "binaryPartNameAlias": "VersionData",
            },
            "PathOnClient": f"{n}.txt",
        }
        for n in range(2)
    ]
    parts = [("collection", ("", json.dumps({"allOrNone": False, "records": records}), "application/json"))]
    parts += [(f"part{n}", (f"{n}.txt", b"x" * (n + 1), "text/plain")) for n in range(2)]
    results = admin("POST", "/composite/sobjects", files=parts).json()
    assert [version(admin, r["id"])["ContentSize"] for r in results] == [1, 2]


def test_an_org_takes_only_so_many_files_a_day(org, admin):
    used = admin.get("/limits").json()["ContentPublicationLimit"]
    org.file_limit = used["Max"] - used["Remaining"]
    try:
        refusal = admin.refused("POST", "/sobjects/ContentVersion", json=file())
        assert refusal[2] == "ContentPublication Limit exceeded."
    finally:
        org.file_limit = 200_000


def test_a_version_is_never_deleted_alone(admin):
    record = admin.create("ContentVersion", **file())
    assert admin.refused("DELETE", f"/sobjects/ContentVersion/{record}")[0] == 400


def test_ringing_the_bell_needs_the_permission_and_the_right_words(org, admin, worker, deal):
    (kind,) = admin.query("SELECT Id FROM CustomNotificationType")
    bell = {
        "customNotifTypeId": kind["Id"],
        "recipientIds": [org.user_id],
        "title": "Ready",
        "body": "b",
        "targetId": deal,
    }
    path = "/actions/standard/customNotificationAction"
    response = worker("POST", path, json={"inputs": [bell, bell | {"title": "x" * 251}]})
    assert [r["isSuccess"] for r in response.json()] == [True, False]
    assert (org.notifications[-1].title, org.notifications[-1].target_id) == ("Ready", deal)
    rep = org.token_for("dana.reyes@pocketorg.example")
    refusal = admin.refused("POST", path, json={"inputs": [bell]}, headers={"Authorization": f"Bearer {rep}"})
    assert refusal[:2] == (403, "INSUFFICIENT_ACCESS")


def test_base64_is_taken_as_it_is_sent_by_others(admin):
    line = base64.b64encode(b"a" * 60).decode()
    assert version(admin, admin.create("ContentVersion", **file() | {"VersionData": line}))["ContentSize"] == 60


def test_a_query_that_names_no_file_finds_only_ones_own(admin, worker, deal):
    made = admin.create("ContentVersion", **file("Theirs"), FirstPublishLocationId=deal)
    document = admin.read("ContentVersion", made)["ContentDocumentId"]
    worker.create("ContentVersion", **file("Mine"))
    titles = "SELECT Title FROM {} WHERE Title IN ('Theirs', 'Mine')"
    assert [row["Title"] for row in worker.query(titles.format("ContentDocument"))] == ["Mine"]
    assert [row["Title"] for row in worker.query(titles.format("ContentVersion"))] == ["Mine"]
    assert worker.query(f"SELECT Title FROM ContentDocument WHERE Id = '{document}'") != []
    assert worker.query(f"SELECT Title FROM ContentVersion WHERE ContentDocumentId = '{document}'") != []
    assert {row["Title"] for row in admin.query(titles.format("ContentVersion"))} == {"Theirs", "Mine"}
