"""The pocket org's answers have the shape of recorded answers of real orgs, key for key."""

import json
from pathlib import Path
from typing import Any

import pytest
from wire_client import file

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "salesforce" / "recorded" / "rest" / "sf-functions-python"

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not beside this checkout")


def recorded(name: str) -> tuple[int, Any, set[str]]:
    """Status, body and names of the headers of a recorded answer."""
    response = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["response"]
    body = json.loads(response["body"]) if response.get("body") else None
    return response["status"], body, set(response["headers"])


def shape(value: Any) -> Any:
    """A value without what differs from org to org: keys and types stay, texts and numbers go."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


def check(response: Any, name: str) -> None:
    status, body, headers = recorded(name)
    assert response.status_code == status
    assert shape(response.json() if response.content else None) == shape(body)
    assert {name.title() for name in response.headers} >= headers & {
        "Location",
        "Sforce-Limit-Info",
        "Content-Type",
        "Cache-Control",
    }


def errors(name: str) -> list[str]:
    return [error["errorCode"] for error in recorded(name)[1]]


def test_a_create_looks_like_the_recorded_one(admin):
    check(admin("POST", "/sobjects/Account", json={"Name": "Acme"}), "create")
    check(admin("POST", "/sobjects/ContentVersion", json=file()), "create-binary-data")


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("create-invalid-field", "POST", "/sobjects/Account", {"FavoritePet__c": "Dog"}),
        ("create-required-field-missing", "POST", "/sobjects/Account", {}),
        ("create-unknown-object", "POST", "/sobjects/PlayingCard__c", {"Name": "Ace of Spades"}),
        ("update-malformed-id", "PATCH", "/sobjects/Account/001B000001Lp1G2IA1", {"Name": "x"}),
        ("query-malformed-soql", "GET", "/query?q=SELEKT+Name+FROM+Account", None),
        ("query-unknown-column", "GET", "/query?q=SELECT+Bacon__c+FROM+Account+LIMIT+2", None),
    ],
)
def test_a_refusal_looks_like_the_recorded_one(admin, name, method, path, body):
    response = admin(method, path, json=body)
    check(response, name)
    assert [error["errorCode"] for error in response.json()] == errors(name)


def test_a_write_without_an_answer_has_none(admin, deal):
    check(admin("PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"}), "update")
    check(admin("DELETE", f"/sobjects/Opportunity/{deal}"), "delete")
    check(admin("DELETE", f"/sobjects/Opportunity/{deal}"), "delete-already-deleted")


@pytest.mark.parametrize(
    ("name", "status"), [("composite-graph-create", "Ready"), ("composite-graph-single-create-error", "Amazing")]
)
def test_a_graph_looks_like_the_recorded_one(admin, name, status):
    body = {"Name": "G", "StageName": "Prospecting", "CloseDate": "2026-06-30", "Order_Form_Status__c": status}
    node = {"method": "POST", "url": "/services/data/v66.0/sobjects/Opportunity", "referenceId": "r", "body": body}
    check(admin("POST", "/composite/graph", json={"graphs": [{"graphId": "g", "compositeRequest": [node]}]}), name)
