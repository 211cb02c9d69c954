"""Secrets from the environment, and a refused login that says what to do."""

import base64
import json
from datetime import UTC, datetime

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sfsync import schedule
from sfsync.errors import SetupError, TryAgainLater
from sfsync.salesforce import login
from sfsync.salesforce.connect import connect
from sfsync.salesforce.login import AccessToken, Credentials, log_in
from tests.conftest import environ

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def with_key(org, **more) -> dict[str, str]:
    return {
        "SF_LOGIN_URL": org.instance_url,
        "SF_CLIENT_ID": org.client_id,
        "SF_USERNAME": org.username,
        "SF_PRIVATE_KEY": PEM,
        **more,
    }


def logged_in(variables) -> AccessToken:
    return log_in(Credentials.from_environ(variables), schedule.utc_now)


def test_client_credentials_log_in(bare_org):
    assert logged_in(environ(bare_org)).instance_url == bare_org.instance_url


def test_a_certificate_logs_in(bare_org):
    bare_org.add_certificate(PUBLIC.decode())
    assert logged_in(with_key(bare_org)).value


def test_the_key_may_be_base64_as_on_heroku(bare_org):
    bare_org.add_certificate(PUBLIC.decode())
    assert logged_in(with_key(bare_org, SF_PRIVATE_KEY=base64.b64encode(PEM.encode()).decode())).value


def test_the_key_may_stand_in_a_file(bare_org, tmp_path):
    bare_org.add_certificate(PUBLIC.decode())
    (tmp_path / "key.pem").write_text(PEM)
    (tmp_path / "key.pem").chmod(0o600)
    variables = with_key(bare_org, SF_PRIVATE_KEY="", SF_PRIVATE_KEY_FILE=str(tmp_path / "key.pem"))
    assert logged_in(variables).value


def test_a_certificate_that_was_not_uploaded_is_refused_with_a_remedy(bare_org):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    bare_org.add_certificate(other.public_bytes(serialization.Encoding.PEM, spki).decode())
    with pytest.raises(SetupError, match="refuses the login by JWT bearer"):
        logged_in(with_key(bare_org))


def test_a_wrong_secret_is_refused_with_a_remedy(bare_org):
    with pytest.raises(SetupError) as caught:
        logged_in({**environ(bare_org), "SF_CLIENT_SECRET": "wrong"})
    assert "SF_CLIENT_SECRET" in str(caught.value)


def test_a_login_page_that_is_none_says_so(bare_org):
    with pytest.raises(SetupError, match=r"no Salesforce login page|refuses the login"):
        log_in(
            Credentials(login_url=f"{bare_org.instance_url}/nowhere", client_id="x", client_secret="y"),
            lambda: datetime.now(UTC),
        )


def test_an_org_that_is_down_is_tried_again_later():
    with pytest.raises(TryAgainLater, match="cannot be reached"):
        logged_in({"SF_LOGIN_URL": "http://127.0.0.1:9", "SF_CLIENT_ID": "x", "SF_CLIENT_SECRET": "y"})


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "SF_CLIENT_ID: It is not set."),
        ({"SF_USERNAME": "a", "SF_PASSWORD": "b"}, "Username and password are not supported: Salesforce ends"),
        ({"SF_CLIENT_ID": "a"}, "There is neither a key nor a secret."),
        ({"SF_CLIENT_ID": "a", "SF_PRIVATE_KEY": PEM}, "SF_USERNAME: It is not set."),
        ({"SF_CLIENT_ID": "a", "SF_PRIVATE_KEY": PEM, "SF_CLIENT_SECRET": "b"}, "Both a private key and a client"),
        ({"SF_CLIENT_ID": "a", "SF_PRIVATE_KEY": "hello"}, "SF_PRIVATE_KEY: This is not an RSA private key."),
        ({"SF_CLIENT_ID": "a", "SF_PRIVATE_KEY_FILE": "/nowhere"}, "SF_PRIVATE_KEY_FILE=/nowhere: The private key"),
        ({"SF_LOGIN_URL": "http://acme.my.salesforce.com"}, "'http://acme.my.salesforce.com' is not an https address."),
        ({"SF_LOGIN_URL": "ftp://x"}, "is not an https address"),
    ],
)
def test_the_environment_names_the_variable_to_set(variables, said):
    with pytest.raises(SetupError) as caught:
        Credentials.from_environ(variables)
    assert said in str(caught.value)


def test_secrets_stay_out_of_every_repr(bare_org):
    credentials = Credentials.from_environ(with_key(bare_org, SF_LOGIN_URL="https://login.salesforce.com"))
    token = AccessToken("00Dxx!SECRET", "https://acme.my.salesforce.com")
    assert "PRIVATE" not in repr(credentials)
    assert "SECRET" not in repr(token)


def test_connecting_does_not_log_in_yet():
    variables = {"SF_LOGIN_URL": "http://127.0.0.1:9", "SF_CLIENT_ID": "x", "SF_CLIENT_SECRET": "y"}
    assert connect(variables, schedule.utc_now).session.calls == 0


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_on_the_machine_may_read_is_refused(tmp_path, mode):
    key = tmp_path / "key.pem"
    key.write_text(PEM)
    key.chmod(mode)
    with pytest.raises(SetupError, match=r"Others on this machine may read the private key\. chmod 600"):
        Credentials.from_environ({"SF_CLIENT_ID": "a", "SF_USERNAME": "b", "SF_PRIVATE_KEY_FILE": str(key)})


@pytest.mark.parametrize(
    "instance", ["http://acme.example", "http://127.0.0.1:8080", "ftp://acme.example", "", 7, None, "//acme.example"]
)
def test_a_login_page_that_sends_the_token_elsewhere_in_the_clear_is_refused(instance):
    credentials = Credentials(login_url="https://acme.my.salesforce.com", client_id="a", client_secret="b")
    answer = requests.Response()
    answer.status_code = 200
    answer._content = json.dumps({"access_token": "secret", "instance_url": instance}).encode()
    with pytest.raises(SetupError, match="That is no Salesforce login page") as caught:
        login._token(answer, credentials, "acme.my.salesforce.com")
    assert "secret" not in str(caught.value)
