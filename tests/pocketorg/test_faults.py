"""Trouble on demand."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic

import pytest
import requests
from wire_client import WORKER, Client, file

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


def test_an_answer_can_break_off_after_the_commit(org, admin):
    org.faults.add("truncate", path="/sobjects/Account", when="after")
    with pytest.raises(requests.RequestException):
        admin.create("Account", Name="Half an answer")
    assert len(admin.query("SELECT Id FROM Account WHERE Name = 'Half an answer'")) == 1


def test_a_write_waits_for_a_record_that_is_soon_free(org, admin, deal):
    org.faults.lock(deal, seconds=0.05)
    admin.update("Opportunity", deal, NextStep="waited")
    assert admin.read("Opportunity", deal)["NextStep"] == "waited"


def test_a_write_that_waited_in_vain_fails_alone(org, admin, deal):
    org.faults.lock(deal, seconds=60)
    org.faults.lock_wait = 0.05
    records = [
        {"attributes": {"type": "Opportunity"}, "Id": deal, "NextStep": "x"},
        {"attributes": {"type": "Account"}, "Name": "Unlocked", "Id": admin.create("Account", Name="Free")},
    ]
    answers = admin("PATCH", "/composite/sobjects", json={"records": records}).json()
    assert [answer["success"] for answer in answers] == [False, True]
    assert answers[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def uploads(org, usernames, **limits):
    """What became of files that these users add at the same time, while each upload takes its time."""
    for name, value in limits.items():
        setattr(org.faults, name, value)
    clients = [Client(org, org.token_for(username)) for username in usernames]
    gate = Barrier(len(clients))

    def send(client):
        with client.session:
            gate.wait()
            response = client("POST", "/sobjects/ContentVersion", json=file("At once"))
        return "done" if response.ok else response.json()[0]["errorCode"]

    with ThreadPoolExecutor() as pool:
        return sorted(pool.map(send, clients))


def test_of_two_uploads_by_one_user_the_second_waits(org):
    assert uploads(org, [org.username] * 2, slow_uploads=0.1) == ["done", "done"]


def test_an_upload_that_waits_too_long_for_the_users_folder_cannot_lock_it(org, admin):
    before = admin.query("SELECT COUNT(Id) n FROM ContentVersion")[0]["n"]
    assert uploads(org, [org.username] * 2, slow_uploads=1.0, lock_wait=0.1) == ["UNABLE_TO_LOCK_ROW", "done"]
    assert admin.query("SELECT COUNT(Id) n FROM ContentVersion")[0]["n"] == before + 1


def test_uploads_of_different_users_do_not_meet(org):
    assert uploads(org, [org.username, WORKER], slow_uploads=0.5, lock_wait=0.1) == ["done", "done"]


def test_each_file_of_a_call_takes_its_time(org, admin):
    org.faults.slow_files = 0.1
    began = monotonic()
    records = [{"attributes": {"type": "ContentVersion"}, **file(f"File {n}")} for n in range(3)]
    assert all(each["success"] for each in admin("POST", "/composite/sobjects", json={"records": records}).json())
    assert 0.3 <= monotonic() - began < 2


def test_nobody_reads_half_a_graph(org, admin, deal):
    """Files and rows of one form are counted together while forms are added; the two numbers never differ."""
    lists = "(SELECT Id FROM Order_Forms__r), (SELECT Id FROM ContentDocumentLinks)"
    soql = f"SELECT {lists} FROM Opportunity WHERE Id = '{deal}'"

    def nodes(number):
        row = {"Opportunity__c": deal, "Key__c": f"{deal}:{number}", "Version__c": number}
        bodies = {"ContentVersion": file(FirstPublishLocationId=deal), "Order_Form__c": row}
        root = "/services/data/v66.0/sobjects"
        return [{"method": "POST", "url": f"{root}/{n}", "referenceId": n[:5], "body": b} for n, b in bodies.items()]

    reader = Client(org, org.token_for(org.username))
    with ThreadPoolExecutor(1) as pool, reader.session:
        graphs = [{"graphId": str(n), "compositeRequest": nodes(n)} for n in range(40)]
        answer = pool.submit(admin, "POST", "/composite/graph", json={"graphs": graphs})
        while not answer.done():
            (found,) = reader.query(soql)
            sizes = {(each or {}).get("totalSize", 0) for key, each in found.items() if key != "attributes"}
            assert len(sizes) == 1
    assert reader.query(soql)[0]["Order_Forms__r"]["totalSize"] == 40
