"""The lines that docs/security.md draws towards the network, and that the page names tests which exist."""

import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest
import requests

from sfsync import schedule
from sfsync.errors import SfsyncError
from sfsync.salesforce import soql
from sfsync.salesforce.login import AccessToken, Credentials, log_in
from sfsync.salesforce.session import PLACEHOLDER, Session
from tests.conftest import ROOT, connected, environ

HOSTILE = "O'Brien\\' OR Name != '\n\t\" --"


def test_a_netrc_file_changes_no_login_and_no_call(bare_org, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert connected(bare_org).call("GET", "limits")


class Elsewhere(BaseHTTPRequestHandler):
    """A host that should never hear of us."""

    heard: ClassVar[list[str]] = []

    def do_GET(self):
        self.heard.append(self.headers.get("Authorization", ""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


class Redirects(Elsewhere):
    """An org, or somebody before it, that sends us elsewhere."""

    elsewhere = ""

    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", self.elsewhere)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 (the name that http.server asks for)


@pytest.fixture
def redirecting():
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as far, HTTPServer(("127.0.0.1", 0), Redirects) as near:
        Redirects.elsewhere = f"http://127.0.0.1:{far.server_port}/"
        for server in (far, near):
            Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{near.server_port}"
        for server in (far, near):
            server.shutdown()


def test_no_redirect_is_followed_with_a_token_or_a_secret(redirecting):
    session = Session(lambda: AccessToken("secret", redirecting), now=schedule.utc_now)
    answer = session.request("GET", f"https://{PLACEHOLDER}/services/data/v62.0/limits")
    assert answer.status_code == 302
    with pytest.raises(SfsyncError):
        log_in(Credentials(login_url=redirecting, client_id="a", client_secret="b"), schedule.utc_now)
    assert Elsewhere.heard == []


def test_tls_is_verified_and_no_setting_or_variable_turns_it_off():
    assert Session(lambda: AccessToken("", ""), now=schedule.utc_now).verify is True
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "sfsync").rglob("*.py"))
    assert not re.search(r"verify\s*=\s*(False|0)|CERT_NONE|_create_unverified|disable_warnings", code)


def test_a_certificate_that_nobody_signed_is_refused():
    error = requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")

    class Untrusted(Session):
        def _send(self, *_given, **_more):
            raise error

    session = Untrusted(lambda: AccessToken("t", "https://acme.example"), now=schedule.utc_now, sleep=lambda _s: None)
    with pytest.raises(SfsyncError, match="REQUESTS_CA_BUNDLE"):
        session.request("GET", f"https://{PLACEHOLDER}/x")


def test_a_value_ends_no_soql_literal(bare_org):
    bare_org.insert("Account", {"Name": "Acme", "OwnerId": bare_org.user_id})
    bare_org.insert("Account", {"Name": HOSTILE, "OwnerId": bare_org.user_id})
    rows = connected(bare_org).query(soql.select(["Name"], "Account", soql.among("Name", [HOSTILE])))
    assert len(rows) == 1


@pytest.mark.parametrize(
    "evil", ["//evil.example/x", "../../../x", "006?x=1", "006'--", "", "0" * 16, "006\n" + "0" * 14]
)
def test_what_is_no_record_id_becomes_part_of_no_url_and_no_query(evil):
    with pytest.raises(ValueError, match="not a record Id"):
        soql.record_id(evil)
    with pytest.raises(ValueError, match="not a record Id"):
        soql.among_ids("Id", [evil])


@pytest.mark.parametrize(
    "url", ["http://acme.my.salesforce.com", "ftp://acme.example", "https://", "file:///etc/passwd"]
)
def test_no_secret_is_sent_in_the_clear(url):
    with pytest.raises(SfsyncError, match="is not an https address"):
        Credentials.from_environ({"SF_LOGIN_URL": url, "SF_CLIENT_ID": "a", "SF_CLIENT_SECRET": "b"})


def test_no_secret_stands_in_what_python_shows_of_our_objects(bare_org):
    variables = environ(bare_org)
    shown = repr(Credentials.from_environ(variables)) + repr(AccessToken("hunter2", "https://acme.example"))
    assert variables["SF_CLIENT_SECRET"] not in shown
    assert "hunter2" not in shown


def test_each_test_that_the_threat_model_names_exists():
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 25
    missing = [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")]
    assert missing == []
