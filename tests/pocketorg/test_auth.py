"""Logging in, as Salesforce lets one in or keeps one out."""

import base64
from datetime import timedelta

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from wire_client import WORKER


def pem_of(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.fixture(scope="module")
def key(running):
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    running.add_certificate(pem_of(made))
    return made


@pytest.fixture
def ask(org):
    def ask(**form):
        return requests.post(f"{org.instance_url}/services/oauth2/token", data=form, timeout=5)

    return ask


@pytest.fixture
def bear(org, clock, key, ask):
    """Log in with an assertion; what differs from a right one is given."""

    def bear(*, signed_with=None, life=180, **claims):
        right = {"iss": org.client_id, "sub": WORKER, "aud": "https://login.salesforce.com"}
        expires = int((clock() + timedelta(seconds=life)).timestamp())
        assertion = jwt.encode(right | {"exp": expires} | claims, signed_with or key, algorithm="RS256")
        return ask(grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=assertion)

    return bear


def refusal(response):
    assert response.status_code == 400
    return response.json()["error"], response.json()["error_description"]


def test_a_signed_assertion_opens_a_session(org, bear):
    body = bear().json()
    assert set(body) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert body["access_token"].startswith(org.org_id[:15] + "!")
    assert body["instance_url"] == org.instance_url
    who = requests.get(body["id"], headers={"Authorization": f"Bearer {body['access_token']}"}, timeout=5).json()
    assert who["username"] == WORKER


def test_an_assertion_signed_by_somebody_else_is_refused(bear):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert refusal(bear(signed_with=stranger)) == ("invalid_grant", "invalid assertion")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"iss": "nobody"}, ("invalid_client_id", "client identifier invalid")),
        ({"sub": "nobody@example.com"}, ("invalid_grant", "user hasn't approved this consumer")),
        ({"aud": "https://example.com"}, ("invalid_grant", "audience validation failed")),
        ({"life": -1}, ("invalid_grant", "expired authorization code")),
        ({"life": 600}, ("invalid_grant", "invalid assertion")),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(bear, wrong, error):
    assert refusal(bear(**wrong)) == error


def test_the_orgs_own_address_is_an_audience_too(org, bear):
    assert bear(aud=org.instance_url).status_code == 200


def test_client_credentials_run_as_the_integration_user(org, ask):
    body = ask(grant_type="client_credentials", client_id=org.client_id, client_secret=org.client_secret).json()
    assert set(body) >= {"access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope"}
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    who = requests.get(f"{org.instance_url}/services/oauth2/userinfo", headers=headers, timeout=5).json()
    assert (who["preferred_username"], who["organization_id"]) == (WORKER, org.org_id)


def test_client_credentials_may_stand_in_a_basic_header_of_a_chunked_request(org):
    coded = base64.b64encode(f"{org.client_id}:{org.client_secret}".encode()).decode()
    headers = {"Authorization": f"Basic {coded}", "Content-Type": "application/x-www-form-urlencoded"}
    chunks = iter([b"grant_type=", b"client_credentials"])
    response = requests.post(f"{org.instance_url}/services/oauth2/token", data=chunks, headers=headers, timeout=5)
    assert response.status_code == 200


def test_wrong_credentials_are_refused(org, ask):
    assert refusal(ask(grant_type="client_credentials", client_id=org.client_id, client_secret="no")) == (
        "invalid_client",
        "invalid client credentials",
    )
    assert refusal(ask(grant_type="client_credentials", client_id="no"))[0] == "invalid_client_id"


def test_a_password_opens_nothing(ask):
    assert refusal(ask(grant_type="password", username="a", password="b")) == (
        "invalid_grant",
        "authentication failure",
    )
    assert refusal(ask())[0] == "unsupported_grant_type"


def test_without_a_session_there_is_no_data(org):
    for headers in ({}, {"Authorization": "Bearer 00D!no"}):
        response = requests.get(f"{org.instance_url}/services/data/v66.0/sobjects", headers=headers, timeout=5)
        assert response.status_code == 401
        assert response.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_older_clients_say_oauth_instead_of_bearer(org, admin):
    headers = {"Authorization": f"OAuth {org.access_token}"}
    assert admin.get("/limits", headers=headers).status_code == 200


def test_a_revoked_session_is_over(org, admin):
    token = org.access_token
    requests.post(f"{org.instance_url}/services/oauth2/revoke", data={"token": token}, timeout=5)
    assert admin.get("/limits", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_session_ends_after_two_idle_hours(org, admin, clock):
    token = org.access_token
    clock.advance(hours=2, seconds=1)
    assert admin.get("/limits", headers={"Authorization": f"Bearer {token}"}).status_code == 401
