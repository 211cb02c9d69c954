"""Trouble over HTTP, for those whose tests are not written in Python."""

from datetime import timedelta

import pytest
import requests
from wire_client import WORKER, Client, file

ROOT = "/__pocketorg__"


class Controls(Client):
    """The same user, at the control surface."""

    def __init__(self, org, token):
        super().__init__(org, token)
        self.root = ROOT

    def __call__(self, method, path="", **options):
        response = super().__call__(method, path, **options)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def control(org):
    controls = Controls(org, org.access_token)
    yield controls
    controls("PATCH", json={"api_limit": 100_000, "file_limit": 200_000, "storage": 2**32, "session_life": 7200})
    controls("DELETE")
    controls.session.close()


def test_only_an_administrator_may_make_trouble(org, client_of):
    other = client_of(WORKER)
    assert other.session.get(org.instance_url + ROOT, timeout=5).status_code == 401
    assert requests.get(org.instance_url + ROOT, timeout=5).status_code == 401


def test_nothing_but_what_is_known_can_be_set(org, admin, control):
    url = org.instance_url + ROOT
    for body in ('{"latencey": 1}', '{"latency": -1}', "[", '{"latency": 1e999}'):
        assert admin.session.patch(url, data=body, timeout=5).status_code == 400
    assert "known" in admin.session.get(url + "/elsewhere", timeout=5).json()
    for broken in ({"what": "html", "path": "("}, {"what": "html", "times": 0}):
        assert admin.session.post(url + "/faults", json=broken, timeout=5).status_code == 400
    assert control("GET")["faults"] == []


def test_the_next_calls_fail_as_planned_and_the_plan_can_be_read(admin, control):
    assert control("POST", "/faults", json={"what": "UNKNOWN_EXCEPTION", "path": "/limits", "times": 2})["faults"]
    assert [admin.get("/limits").status_code for _ in range(3)] == [500, 500, 200]
    assert control("GET")["faults"] == []


def test_all_limits_can_be_reached(admin, control):
    control("PATCH", json={"file_limit": 0})
    assert admin.refused("POST", "/sobjects/ContentVersion", json=file())[1] == "LIMIT_EXCEEDED"
    control("PATCH", json={"file_limit": 10_000, "storage": 0})
    assert admin.refused("POST", "/sobjects/ContentVersion", json=file())[1] == "STORAGE_LIMIT_EXCEEDED"
    control("PATCH", json={"storage": 2**32, "api_limit": 0})
    assert admin.refused("GET", "/limits")[:2] == (403, "REQUEST_LIMIT_EXCEEDED")


def test_during_maintenance_one_can_read_only(admin, control, deal):
    control("PATCH", json={"read_only": True})
    code = "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"
    assert admin.refused("PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"})[1] == code
    assert admin.refused("POST", "/sobjects/Account", json={"Name": "x"})[1] == code
    assert admin.refused("DELETE", f"/sobjects/Opportunity/{deal}")[1] == code
    answer = admin.get(f"/sobjects/Opportunity/{deal}")
    assert (answer.status_code, answer.headers["X-ReadonlyMode"]) == (200, "true")


def test_whoever_revokes_all_sessions_keeps_control(admin, control):
    control("GET")
    control("DELETE", "/sessions")
    assert admin.get("/limits").status_code == 401
    control("GET")


def test_a_session_ends_after_the_time_that_was_set(admin, clock, control):
    control("PATCH", json={"session_life": 60})
    admin.get("/limits")
    clock.advance(seconds=61)
    assert admin.get("/limits").status_code == 401


def test_the_clock_stands_still_goes_ahead_and_runs_again(org, clock, control):
    control("POST", "/clock", json={"freeze": "2030-01-01T00:00:00Z"})
    control("POST", "/clock", json={"advance": 90})
    clock.advance(seconds=5)
    assert control("GET")["clock"] == {"now": "2030-01-01T00:01:30.000Z", "frozen": True}
    found = requests.get(f"{org.instance_url}/services/data", timeout=5)
    assert found.headers["Date"] == "Tue, 01 Jan 2030 00:01:30 GMT"
    control("POST", "/clock", json={"run": True})
    assert org.clock() == clock()
    org.clock.advance(timedelta(hours=1))
    assert org.clock() == clock() + timedelta(hours=1)


def test_requests_are_counted_by_endpoint_and_client(admin, control):
    control("DELETE", "/requests")
    for _ in range(2):
        admin.get("/limits", headers={"Sforce-Call-Options": "client=ours/1"})
    admin.get("/sobjects/Account/001000000000000AAA")
    assert control("GET", "/requests") == {
        "total": 3,
        "counts": [
            {"method": "GET", "path": "/limits", "client": "ours/1", "status": 200, "count": 2},
            {"method": "GET", "path": "/sobjects/{name}/{id}", "client": "", "status": 404, "count": 1},
        ],
    }


def test_a_locked_record_can_be_had_and_freed(admin, control, deal):
    control("PATCH", json={"lock_wait": 0})
    assert control("POST", "/locks", json={"id": deal, "seconds": 60})["locks"] == [deal]
    assert admin.refused("PATCH", f"/sobjects/Opportunity/{deal}", json={"NextStep": "x"})[1] == "UNABLE_TO_LOCK_ROW"
    control("DELETE", "/locks")
    admin.update("Opportunity", deal, NextStep="x")
