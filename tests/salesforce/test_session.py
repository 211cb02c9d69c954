"""The session under simple-salesforce: timeouts, one login, no write repeated blindly, no token sent elsewhere."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sfsync.errors import AnswerLost, LoginRefused, LookAgain, Outage, SetupError, TryAgainLater
from sfsync.salesforce.budget import Usage
from sfsync.salesforce.codes import classify
from sfsync.salesforce.login import AccessToken
from sfsync.salesforce.session import LOGIN_PAUSE, LOGINS_AN_HOUR, PLACEHOLDER, Session
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
    with pytest.raises(Outage, match="INVALID_SESSION_ID"):
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


def test_the_last_calls_of_the_day_are_left_to_people_but_for_one_a_minute(bare_org, api):
    bare_org.api_limit = 100
    while api.session.usage.share < 0.98:
        api.call("GET", PING)
    before = len(bare_org.calls)
    for _ in range(5):
        with pytest.raises(Outage, match=r"98% of the org's daily API calls are used; the rest is left to people\."):
            api.call("GET", PING)
    assert len(bare_org.calls) == before
    bare_org.api_limit = 1000
    api.session._now = lambda: datetime.now(UTC) + timedelta(minutes=2)
    for _ in range(5):
        api.call("GET", PING)


def test_the_orgs_limit_ends_all_calls_for_a_minute(bare_org, api):
    bare_org.faults.add("REQUEST_LIMIT_EXCEEDED")
    with pytest.raises(Outage, match="limit of API calls"):
        api.call("GET", PING)
    before = len(bare_org.calls)
    with pytest.raises(Outage, match="left to people"):
        api.call("GET", PING)
    assert len(bare_org.calls) == before
    api.session._now = lambda: datetime.now(UTC) + timedelta(minutes=2)
    assert api.call("GET", PING)
    assert api.call("GET", PING)


@pytest.mark.parametrize(("used", "rarer"), [(0, 1), (69, 1), (70, 2), (80, 4), (90, 20), (100, 20)])
def test_the_fuller_the_day_the_rarer_the_looks(used, rarer):
    assert Usage(used, 100).rarer == rarer
    assert Usage().rarer == 1


def test_an_outage_costs_three_calls_more_than_looks_and_ends_with_the_first_answer(bare_org, api):
    bare_org.faults.add("html", times=10_000)
    sent = []
    send = api.session._send
    api.session._send = lambda *given, **more: sent.append(1) or send(*given, **more)
    for _ in range(240):  # an hour of looks
        with pytest.raises(Outage):
            api.call("GET", PING)
    assert len(sent) == 240 + 3
    bare_org.faults.clear()
    api.call("GET", PING)
    bare_org.faults.add("html", times=2)
    assert api.call("GET", PING)


def test_a_write_that_could_not_even_connect_is_sent_again(bare_org, admin_api):
    admin_api.call("GET", PING)
    tries = []
    send = admin_api.session._send

    def refused_twice(*given, **more):
        tries.append(1)
        if len(tries) < 3:
            raise requests.ConnectTimeout
        return send(*given, **more)

    admin_api.session._send = refused_twice
    admin_api.call("POST", "sobjects/Account", {"Name": "Once"})
    assert accounts(bare_org) == 1


def test_an_org_that_ends_each_session_at_once_never_locks_the_user_out(bare_org, api):
    logins = []
    api.session._log_in = lambda: logins.append(1) or AccessToken("dead", bare_org.instance_url)
    api.session._token = None
    for _ in range(3600):
        with pytest.raises(Outage):
            api.call("GET", PING)
    assert len(logins) == LOGINS_AN_HOUR - 1  # one was needed to begin with


def test_a_refused_login_in_mid_work_blames_no_record(bare_org, api):
    def refuse():
        raise SetupError("user hasn't approved this consumer")

    api.session._log_in = refuse
    bare_org.faults.add("INVALID_SESSION_ID", path="query")
    with pytest.raises(LoginRefused):
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
