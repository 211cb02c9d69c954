"""All or nothing: after a call that was undone, the org holds what it held before, to the last byte."""

import hashlib
import json

import pytest
from wire_client import file

ROOT = "/services/data/v66.0/sobjects"


def held(org):
    """A checksum over everything in the store."""
    with org.org.store.lock:
        return hashlib.sha256("\n".join(org.org.store.db.iterdump()).encode()).hexdigest()


def typed(sobject, **values):
    return {"attributes": {"type": sobject}, **values}


def step(method, path, reference, body):
    return {"method": method, "url": f"{ROOT}/{path}", "referenceId": reference, "body": body}


def nodes(deal, status="Ready"):
    """A file, a task that names it, a deal that is won, and at last a status that may be wrong."""
    return [
        step("POST", "ContentVersion", "f", file(FirstPublishLocationId=deal)),
        step("POST", "Task", "t", {"WhatId": deal, "Subject": "@{f.id}"}),
        step("PATCH", f"Opportunity/{deal}", "n", {"StageName": "Closed Won"}),
        step("PATCH", f"Opportunity/{deal}", "s", {"Order_Form_Status__c": status}),
    ]


def calls(deal):
    """What fails at its end, by name: path, method and body."""
    broken = nodes(deal, "Amazing")
    collection = {
        "allOrNone": True,
        "records": [typed("ContentVersion", **file()), typed("Account", Name="A"), typed("Account")],
    }
    inner = {"method": "POST", "url": "/services/data/v66.0/composite/sobjects", "referenceId": "c",
             "body": {"records": collection["records"][:2]}}  # fmt: skip
    return {
        "a graph": ("/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": broken}]}),
        "a composite": ("/composite", {"allOrNone": True, "compositeRequest": broken}),
        "a collection": ("/composite/sobjects", collection),
        "a collection in a composite": ("/composite", {"allOrNone": True, "compositeRequest": [inner, broken[3]]}),
        "a tree": ("/composite/tree/Account", {"records": [typed("Account", Name="A") | {"attributes": {
            "type": "Account", "referenceId": "a"}}, {"attributes": {"type": "Account", "referenceId": "b"}}]}),
        "a single write": ("/sobjects/ContentVersion", file(FirstPublishLocationId="006000000000000AAA")),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(calls("")))
def test_what_fails_as_a_whole_leaves_no_trace(org, admin, deal, name):
    before = held(org)
    path, body = calls(deal)[name]
    answer = admin("POST", path, json=body)
    assert "errorCode" in answer.text or "statusCode" in answer.text
    assert held(org) == before


def test_the_same_writes_are_done_where_nothing_is_wrong(org, admin, deal):
    before = held(org)
    (graph,) = admin(
        "POST", "/composite/graph", json={"graphs": [{"graphId": "1", "compositeRequest": nodes(deal)}]}
    ).json()["graphs"]
    assert graph["isSuccessful"], graph
    assert held(org) != before


def test_a_multipart_collection_of_files_is_all_or_nothing_too(org, admin):
    parts = {"binaryPartName": "one", "binaryPartNameAlias": "VersionData"}
    good = {"attributes": {"type": "ContentVersion"} | parts, "PathOnClient": "a.pdf"}
    document = {"allOrNone": True, "records": [good, typed("ContentVersion", PathOnClient="b.pdf")]}
    files = {"collection": ("", json.dumps(document), "application/json"), "one": ("a.pdf", b"%PDF", "application/pdf")}
    before = held(org)
    answers = admin("POST", "/composite/sobjects", files=files).json()
    assert [answer["errors"][0]["statusCode"] for answer in answers] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
    ]
    assert held(org) == before
