"""Logging in: OAuth's JWT bearer and client credentials flows, with the signature really checked.

Sources: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration", "OAuth 2.0 Client Credentials
Flow for Server-to-Server Integration", "OAuth Authorization Errors".
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sfsync.pocketorg.call import Answer
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.org import Org

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
#: how far ahead an assertion may expire: three minutes are documented, five are tolerated
_LONGEST_LIFE = timedelta(minutes=5)
_SCOPE = "api id"


class _RefusedError(Exception):
    """A login that is refused: OAuth's error and Salesforce's description of it."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.answer = Answer(status, {"error": error, "error_description": description})


class Auth:
    """One connected app and the users who may come in through it."""

    def __init__(self, org: Org, *, integration_user: str) -> None:
        self._org = org
        self._run_as = integration_user
        self.client_id = self._secret("client id", "3MVG9" + secrets.token_urlsafe(60))
        self.client_secret = self._secret("client secret", secrets.token_hex(32).upper())

    def _secret(self, key: str, fresh: str) -> str:
        """A secret that outlives a restart where the org's rows do."""
        with self._org.store.lock:
            known = self._org.store.note(key)
            if known is None:
                self._org.store.set_note(key, fresh)
            return known or fresh

    def add_certificate(self, pem: str) -> None:
        """Let the holder of this certificate's (or public key's) private key sign assertions."""
        key = _public_key(pem)
        with self._org.store.lock:
            self._org.store.set_note("certificates", json.dumps([*self._certificates(), key]))

    def _certificates(self) -> list[str]:
        return list(json.loads(self._org.store.note("certificates") or "[]"))

    # ------------------------------------------------------------------- token

    def token(self, form: Mapping[str, str], authorization: str) -> Answer:
        """Answer POST /services/oauth2/token."""
        try:
            return self._grant(form, authorization)
        except _RefusedError as refusal:
            return refusal.answer

    def _grant(self, form: Mapping[str, str], authorization: str) -> Answer:
        kind = form.get("grant_type")
        if kind == "client_credentials":
            return self._client_credentials(form, authorization)
        if kind == _JWT_BEARER:
            return self._jwt_bearer(form.get("assertion", ""))
        if kind == "password":
            # blocked by default. Source: Salesforce Help, "Block Authorization Flows to Improve Security"
            raise _RefusedError("invalid_grant", "authentication failure")
        raise _RefusedError("unsupported_grant_type", "grant type not supported")

    def _client_credentials(self, form: Mapping[str, str], authorization: str) -> Answer:
        given_id, given_secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        self._check_client(given_id)
        if not hmac.compare_digest(given_secret.encode(), self.client_secret.encode()):
            raise _RefusedError("invalid_client", "invalid client credentials")
        body = self._session(self._run_as)
        issued_at = str(int(self._org.clock().timestamp() * 1000))
        digest = hmac.digest(self.client_secret.encode(), f"{body['id']}{issued_at}".encode(), hashlib.sha256)
        return Answer(200, body | {"issued_at": issued_at, "signature": base64.b64encode(digest).decode()})

    def _check_client(self, client_id: str) -> None:
        if client_id != self.client_id:
            raise _RefusedError("invalid_client_id", "client identifier invalid")

    def _jwt_bearer(self, assertion: str) -> Answer:
        claims = self._verified(assertion)
        self._check_client(str(claims.get("iss")))
        if str(claims.get("aud")).rstrip("/") not in (*_LOGIN_HOSTS, self._org.instance_url):
            raise _RefusedError("invalid_grant", "audience validation failed")
        self._check_time(claims)
        user = self._user(str(claims.get("sub") or claims.get("prn")))
        return Answer(200, self._session(user["Id"]))

    def _verified(self, assertion: str) -> dict[str, Any]:
        """The claims, if one of our certificates belongs to the key that signed them."""
        unchecked = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False}
        for key in self._certificates():
            try:
                return jwt.decode(assertion, key, algorithms=["RS256"], options=unchecked)  # type: ignore[arg-type]
            except jwt.InvalidSignatureError:
                continue
            except jwt.InvalidTokenError:
                break
        raise _RefusedError("invalid_grant", "invalid assertion")

    def _check_time(self, claims: Mapping[str, Any]) -> None:
        now, expires = self._org.clock().timestamp(), claims.get("exp")
        if not isinstance(expires, int | float) or expires <= now:
            raise _RefusedError("invalid_grant", "expired authorization code")
        if expires > now + _LONGEST_LIFE.total_seconds():
            raise _RefusedError("invalid_grant", "invalid assertion")

    def _user(self, username: str) -> Row:
        with self._org.store.lock:
            user = next((u for u in self._org.store.find("User") if u["Username"].lower() == username.lower()), None)
        if user is None:
            raise _RefusedError("invalid_grant", "user hasn't approved this consumer")
        if not user["IsActive"]:
            raise _RefusedError("invalid_grant", "inactive user")
        return user

    def token_for(self, username: str) -> str:
        """Log this user in without asking, for tests and demos."""
        try:
            return self._org.sessions.open(self._org.org_id, self._user(username)["Id"])
        except _RefusedError as refusal:
            raise LookupError(username) from refusal

    def _session(self, user_id: str) -> dict[str, Any]:
        return {
            "access_token": self._org.sessions.open(self._org.org_id, user_id),
            "scope": _SCOPE,
            "instance_url": self._org.instance_url,
            "id": self._identity(user_id),
            "token_type": "Bearer",
        }

    def _identity(self, user_id: str) -> str:
        return f"{self._org.instance_url}/id/{self._org.org_id}/{user_id}"

    # --------------------------------------------------------------- afterwards

    def revoke(self, token: str) -> Answer:
        """Answer POST /services/oauth2/revoke."""
        if self._org.sessions.close(token):
            return Answer(200, raw=b"")
        return _RefusedError("unsupported_token_type", "this token type is not supported").answer

    def userinfo(self, token: str, user_id: str | None) -> Answer:
        """Answer GET /services/oauth2/userinfo, and the identity URL, which names the user too."""
        own = self._org.sessions.user_of(token)
        if own is None:
            return Answer(403, raw=b"Bad_OAuth_Token", headers={"Content-Type": "text/html;charset=UTF-8"})
        with self._org.store.lock:
            user = self._org.store.get("User", user_id or own)
        return Answer(200, self._card(user)) if user else Answer(404, raw=b"Not Found")

    def _card(self, user: Row) -> dict[str, Any]:
        """What both answers say of a user; clients read one or the other spelling of each key."""
        names = {"name": user["Name"], "display_name": user["Name"], "email": user["Email"]}
        return {
            "id": self._identity(user["Id"]),
            "sub": self._identity(user["Id"]),
            "asserted_user": True,
            "user_id": user["Id"],
            "organization_id": self._org.org_id,
            "username": user["Username"],
            "preferred_username": user["Username"],
            **names,
            "nickname": user.get("CommunityNickname"),
            "given_name": user["FirstName"],
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "timezone": user["TimeZoneSidKey"],
            "locale": user["LocaleSidKey"],
            "language": user["LanguageLocaleKey"],
            "user_type": "STANDARD",
            "active": bool(user["IsActive"]),
            "urls": self._urls(),
        }

    def _urls(self) -> dict[str, str]:
        data = f"{self._org.instance_url}/services/data/v{{version}}/"
        return {"rest": data, "sobjects": f"{data}sobjects/", "query": f"{data}query/"}


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(coded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _public_key(pem: str) -> str:
    """The public key in a PEM certificate, or the PEM public key itself."""
    if "BEGIN CERTIFICATE" not in pem:
        serialization.load_pem_public_key(pem.encode())
        return pem
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
