"""The session under simple-salesforce: timeouts, one login, no write repeated blindly, no token sent elsewhere."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sfsync.errors import AnswerLost, LookAgain, SetupError, TryAgainLater
from sfsync.salesforce.codes import classify
from sfsync.salesforce.login import AccessToken
from sfsync.salesforce.session import LOGIN_PAUSE, PLACEHOLDER, Session
from tests.conftest import connected

PING = "query?q=SELECT+Id+FROM+User"


@pytest.fixture
def api(bare_org):
    api = connected(bare_org)
    api.call("GET", PING)
    return api


def accounts(org) -> int:
    return len(org.org.get_all("Account"))


@pytest.fixture
def admin_api(bare_org):
    """The admin's own session, who may create accounts."""
    return connected_as(bare_org, bare_org.access_token)


def connected_as(org, token):
    api = connected(org)
    api.session._log_in = lambda: AccessToken(token, org.instance_url)
    return api


def test_a_read_is_repeated_after_an_outage(bare_org, api):
    bare_org.faults.add("html", times=3)
    assert api.call("GET", PING)


@pytest.mark.parametrize("trouble", ["html", "drop", 500, 502, 429])
def test_a_read_that_keeps_failing_is_tried_again_later(bare_org, api, trouble):
    bare_org.faults.add(trouble, times=10)
    with pytest.raises(TryAgainLater):
        api.call("GET", PING)


@pytest.mark.parametrize("trouble", ["html", "drop", 500])
def test_a_write_whose_answer_was_lost_happens_once_and_is_said_to_be_lost(bare_org, admin_api, trouble):
    bare_org.faults.add(trouble, method="POST", path="sobjects/Account", when="after", times=5)
    with pytest.raises(AnswerLost):
        admin_api.call("POST", "sobjects/Account", {"Name": "Once"})
    assert accounts(bare_org) == 1


def test_a_hanging_org_is_left_after_the_timeout(bare_org, api):
    bare_org.faults.add("stall", seconds=3, times=1)
    with pytest.raises(TryAgainLater):
        api.session.request("POST", f"https://{PLACEHOLDER}/services/data/v62.0/{PING}", timeout=(1, 0.2), reads=False)


def test_a_revoked_session_costs_one_login_and_keeps_the_headers(bare_org, admin_api):
    logins = []

    def log_in():
        logins.append(1)
        return AccessToken(bare_org.token_for(bare_org.username), bare_org.instance_url)

    admin_api.session._log_in = log_in
    admin_api.call("POST", "sobjects/Account", {"Name": "Acme"})
    record_id = bare_org.org.get_all("Account")[0]["Id"]
    bare_org.faults.add("INVALID_SESSION_ID", path="sobjects", times=1)
    url = f"https://{PLACEHOLDER}/services/data/v62.0/sobjects/Account/{record_id}"
    unmodified = {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}
    answer = admin_api.session.request("PATCH", url, json={"Name": "Stale"}, headers=unmodified)
    assert answer.status_code == requests.codes.precondition_failed
    assert len(logins) == 2


def test_a_session_that_stays_refused_ends_after_one_new_login(bare_org, api):
    bare_org.faults.add("INVALID_SESSION_ID", path="query", times=50)
    with pytest.raises(TryAgainLater, match="INVALID_SESSION_ID"):
        api.call("GET", PING)


def test_many_threads_that_see_one_expiry_log_in_once(bare_org):
    logins = []

    def log_in():
        logins.append(1)
        return AccessToken(f"token {len(logins)}", bare_org.instance_url)

    session = Session(log_in, now=lambda: datetime.now(UTC))
    old = session._current(None)
    threads = [threading.Thread(target=session._current, args=(old,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(logins) == 2


def test_a_refused_login_is_not_tried_again_at_once():
    clock = [datetime(2026, 11, 23, tzinfo=UTC)]
    tries = []

    def log_in():
        tries.append(1)
        raise SetupError("refused")

    session = Session(log_in, now=lambda: clock[0])
    for _ in range(5):
        with pytest.raises(SetupError):
            session._current(None)
    assert len(tries) == 1
    clock[0] += LOGIN_PAUSE + timedelta(seconds=1)
    with pytest.raises(SetupError):
        session._current(None)
    assert len(tries) == 2


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://127.0.0.1/x", f"https://{PLACEHOLDER}.evil.example/"]
)
def test_the_token_goes_to_no_other_host(api, url):
    with pytest.raises(ValueError, match="not a call to the org"):
        api.session.request("GET", url)


def test_a_tenth_of_the_daily_calls_is_left_to_people(bare_org, api):
    bare_org.api_limit = 100
    for _ in range(89):
        api.call("GET", PING)
    with pytest.raises(TryAgainLater, match="90 %"):
        api.call("GET", PING)


def test_the_orgs_limit_is_tried_again_later(bare_org, api):
    bare_org.faults.add("REQUEST_LIMIT_EXCEEDED")
    with pytest.raises(TryAgainLater, match="limit of API calls"):
        api.call("GET", PING)


def test_the_orgs_clock_is_followed_where_ours_is_wrong(bare_org):
    api = connected(bare_org)
    api.session._now = lambda: datetime.now(UTC) - timedelta(hours=1)
    api.call("GET", PING)
    assert abs(api.session.now() - datetime.now(UTC)) < timedelta(seconds=3)


def test_what_others_changed_is_looked_at_again(admin_api):
    created = admin_api.call("POST", "sobjects/Account", {"Name": "Acme"})
    admin_api.call("DELETE", f"sobjects/Account/{created['id']}")
    with pytest.raises(LookAgain):
        admin_api.call("PATCH", f"sobjects/Account/{created['id']}", {"Name": "Gone"})


def test_an_unknown_refusal_is_quoted():
    error = classify("BRAND_NEW_CODE", "What is this?")
    assert isinstance(error, SetupError)
    assert "BRAND_NEW_CODE: What is this?" in str(error)
