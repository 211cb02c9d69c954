"""Trouble on demand."""

import pytest
import requests
from wire_client import file

from sfsync.pocketorg import PocketOrg


def test_an_error_code_comes_instead_of_the_answer_as_often_as_asked(org, admin):
    org.faults.add("UNABLE_TO_LOCK_ROW", path="/sobjects/Account$", times=2)
    for _ in range(2):
        assert admin.refused("POST", "/sobjects/Account", json={"Name": "Locked"})[1] == "UNABLE_TO_LOCK_ROW"
    admin.create("Account", Name="Free")
    assert admin.query("SELECT Id FROM Account WHERE Name = 'Locked'") == []


def test_an_outage_answers_with_a_page_of_html(org, admin):
    org.faults.add("html")
    response = admin.get("/limits")
    assert (response.status_code, response.headers["Content-Type"]) == (503, "text/html;charset=UTF-8")
    assert response.text.startswith("<html>")


def test_a_status_can_be_had_alone(org, admin):
    org.faults.add(502, method="GET")
    assert admin.get("/limits").status_code == 502


def test_a_lost_answer_is_lost_after_the_commit(org, admin):
    org.faults.add("drop", path="/sobjects/Account", when="after")
    with pytest.raises(requests.ConnectionError):
        admin.create("Account", Name="Written all the same")
    assert len(admin.query("SELECT Id FROM Account WHERE Name = 'Written all the same'")) == 1


def test_a_connection_reset_before_the_request_changes_nothing(org, admin):
    org.faults.add("drop", path="/sobjects/Account")
    with pytest.raises(requests.ConnectionError):
        admin.create("Account", Name="Never seen")
    assert admin.query("SELECT Id FROM Account WHERE Name = 'Never seen'") == []


def test_a_stalled_answer_outlasts_a_clients_patience(org, admin):
    org.faults.add("stall", path="/limits", seconds=0.5)
    with pytest.raises(requests.ReadTimeout):
        requests.get(
            f"{org.instance_url}/services/data/v66.0/limits", headers=dict(admin.session.headers), timeout=0.05
        )


def test_a_locked_record_refuses_writes_to_itself_and_its_children(org, admin, deal):
    org.faults.lock(deal)
    for path, method, body in (
        (f"/sobjects/Opportunity/{deal}", "PATCH", {"NextStep": "x"}),
        ("/sobjects/Order_Form__c", "POST", {"Opportunity__c": deal, "Key__c": "locked", "Version__c": 1}),
        ("/sobjects/ContentVersion", "POST", file(FirstPublishLocationId=deal)),
    ):
        assert admin.refused(method, path, json=body)[1] == "UNABLE_TO_LOCK_ROW"
    org.faults.unlock(deal)
    admin.update("Opportunity", deal, NextStep="x")


def test_a_lock_fails_one_graph_and_leaves_the_other(org, admin, deal):
    other = admin.create("Opportunity", Name="Other", StageName="Prospecting", CloseDate="2026-06-30")
    org.faults.lock(deal)
    listed = [
        {
            "graphId": each,
            "compositeRequest": [
                {
                    "method": "PATCH",
                    "url": f"/services/data/v66.0/sobjects/Opportunity/{each}",
                    "referenceId": "r",
                    "body": {"NextStep": "x"},
                }
            ],
        }
        for each in (deal, other)
    ]
    answers = admin("POST", "/composite/graph", json={"graphs": listed}).json()["graphs"]
    assert [answer["isSuccessful"] for answer in answers] == [False, True]


def test_revoking_all_sessions_keeps_them_revoked(org, admin):
    org.faults.add("INVALID_SESSION_ID")
    assert admin.get("/limits").status_code == 401
    assert admin.get("/limits").status_code == 401


def test_two_orgs_live_in_one_process_and_know_nothing_of_each_other(org, admin):
    with PocketOrg(seed="none") as other:
        other.faults.add("html")
        assert other.instance_url != org.instance_url
        assert admin.get("/limits").status_code == 200
        assert requests.get(f"{other.instance_url}/services/data", timeout=5).status_code == 503
