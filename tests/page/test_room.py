"""The room that serves the page: who gets a session from it, and who does not."""

import pytest
import requests

from sfsync.pocketorg.server import PocketOrg
from tests.page.conftest import METADATA, REP


@pytest.fixture(scope="module")
def org():
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield running


@pytest.fixture
def http():
    with requests.Session() as session:
        yield session


@pytest.fixture
def enter(org, http):
    """Open a session as the page does, for this user."""

    def enter(username=REP, **headers):
        own = {"Origin": org.instance_url, "Sec-Fetch-Site": "same-origin"}
        return http.post(f"{org.instance_url}/page/session", json={"username": username}, headers=own | headers)

    return enter


def bearer(session):
    return {"Authorization": f"Bearer {session['token']}"}


def add_file(org, name, content):
    deal = org.org.get_all("Opportunity")[0]["Id"]
    values = {"Title": "File", "PathOnClient": name, "VersionData": content, "FirstPublishLocationId": deal}
    return org.insert("ContentVersion", values)


def test_the_page_gets_a_session_of_the_user_it_asks_for(org, http, enter):
    session = enter().json()
    answer = http.get(f"{org.instance_url}/services/oauth2/userinfo", headers=bearer(session))
    assert answer.json()["preferred_username"] == REP


def test_the_people_are_listed_without_those_who_only_use_the_api(enter):
    names = [user["Username"] for user in enter().json()["users"]]
    assert names == [REP, "admin@pocketorg.example"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
@pytest.mark.parametrize("path", ["/", "/page/app.js", "/006000000000001", "/lightning/o/Opportunity/list"])
def test_a_foreign_name_for_this_machine_gets_no_page(org, http, host, path):
    assert http.get(org.instance_url + path, headers={"Host": host}).status_code in {400, 421}


def test_a_foreign_name_for_this_machine_gets_no_session(enter):
    answer = enter(Host="evil.example", Origin="http://evil.example")
    assert (answer.status_code, "token" in answer.text) == (421, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_origin_gets_no_session(enter, headers):
    answer = enter(**headers)
    assert (answer.status_code, "token" in answer.text) == (403, False)


def test_no_other_origin_is_ever_let_in_by_cors(org, http, enter):
    for answer in (enter(), http.get(org.instance_url), http.options(f"{org.instance_url}/page/session")):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_no_other_page_may_frame_it(org, http):
    headers = http.get(org.instance_url).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_what_the_page_asks_for_does_not_count_against_the_limit(org, http, enter):
    session, before = enter().json(), len(org.calls)
    path = f"{org.instance_url}/services/data/v62.0/query?q=SELECT+Id+FROM+Account"
    org.api_limit = 0
    assert http.get(path, headers=bearer(session)).status_code == 200
    org.api_limit = 15_000
    assert len(org.calls) == before


def test_a_pdf_opens_in_the_browser_of_the_user_whose_session_it_is(org, http, enter):
    version, session = add_file(org, "Form.pdf", b"%PDF-1.7 form"), enter().json()
    path = f"{org.instance_url}/page/files/{session['user']}/{version}/Form%20%C3%A4.pdf"
    answer = http.get(path)
    assert (answer.content, answer.headers["Content-Type"]) == (b"%PDF-1.7 form", "application/pdf")
    assert answer.headers["Content-Disposition"] == "inline; filename*=UTF-8''Form%20%C3%A4.pdf"
    http.cookies.clear()
    assert http.get(path).status_code == 403


def test_a_file_that_could_run_as_a_page_is_only_downloaded(org, http, enter):
    version, session = add_file(org, "Evil.html", b"<script>1</script>"), enter().json()
    for name in ("Evil.html", "Evil.svg", "Evil"):
        answer = http.get(f"{org.instance_url}/page/files/{session['user']}/{version}/{name}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_the_cookie_of_one_user_opens_no_link_of_another(org, http, enter):
    version, session = add_file(org, "Form.pdf", b"%PDF"), enter().json()
    assert http.get(f"{org.instance_url}/page/files/{org.user_id}/{version}/Form.pdf").status_code == 403
    assert http.get(f"{org.instance_url}/page/files/{session['user']}/nonsense/Form.pdf").status_code == 403


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fserver.py", "%2e%2e%2Fserver.js", "__init__.py", "..%5Cx.js"])
def test_only_the_page_s_own_files_are_served(org, http, name):
    assert http.get(f"{org.instance_url}/page/{name}").status_code == 404


def test_the_bell_is_for_whoever_is_logged_in(org, http):
    assert http.get(f"{org.instance_url}/page/notices").status_code == 401
    assert http.get(f"{org.instance_url}/page/notices", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"username": 7}', b'{"username": [1]}'])
def test_nonsense_gets_a_session_of_the_first_user_and_no_error(org, http, body):
    headers = {"Origin": org.instance_url}
    answer = http.post(f"{org.instance_url}/page/session", data=body, headers=headers)
    assert answer.json()["users"][0]["Id"] == answer.json()["user"]
