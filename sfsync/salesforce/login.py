"""From secrets in the environment to an access token: JWT bearer or client credentials, nothing else."""

import base64
import binascii
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from requests.adapters import BaseAdapter

from sfsync.errors import SetupError, TryAgainLater

#: Salesforce takes at most 3 minutes (5 are tolerated); source: "OAuth 2.0 JWT Bearer Flow", Salesforce Help
_ASSERTION_SECONDS = 180
_TIMEOUT = (5, 30)
#: characters of what the org says
_SAID = 200

_REMEDIES = {
    "user hasn't approved this consumer": "In the External Client App's policies choose 'Admin approved users are "
    "pre-authorized' and add the integration user's permission set.",
    "audience validation failed": "Set SF_LOGIN_URL to https://login.salesforce.com, for a sandbox to "
    "https://test.salesforce.com, or to your My Domain.",
    "invalid assertion": "Upload the certificate that belongs to the private key to the External Client App.",
    "client identifier invalid": "Set SF_CLIENT_ID to the Consumer Key of the External Client App.",
    "invalid client credentials": "Set SF_CLIENT_SECRET to the Consumer Secret of the External Client App.",
    "no client credentials user enabled": "Enable the client credentials flow and name its Run-As user.",
}


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A session of the org. Its text is a secret and stays out of every repr."""

    value: str = field(repr=False)
    #: scheme and host that all calls go to
    instance_url: str
    #: Id of the integration user
    user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the environment says: one client, and either a private key with a user, or a client secret."""

    login_url: str
    client_id: str
    username: str = ""
    private_key: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)

    @property
    def flow(self) -> str:
        return "JWT bearer" if self.private_key else "client credentials"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Credentials":
        """Read the variables. Raises SetupError that names the one to set."""
        where_to = login_url(environ.get("SF_LOGIN_URL") or "https://login.salesforce.com")
        if environ.get("SF_PASSWORD") and not environ.get("SF_CLIENT_ID"):
            raise SetupError(
                "Username and password are not supported: Salesforce ends that login in 2027.",
                where="SF_PASSWORD",
                remedy="Use an External Client App with a certificate. docs/salesforce-setup.md leads through it.",
            )
        if not environ.get("SF_CLIENT_ID"):
            raise SetupError(
                "It is not set.",
                where="SF_CLIENT_ID",
                remedy="Set it to the Consumer Key of the External Client App: docs/salesforce-setup.md, step 3.",
            )
        key, secret = _private_key(environ), environ.get("SF_CLIENT_SECRET", "")
        if bool(key) == bool(secret):
            raise SetupError(
                "Both a private key and a client secret are set." if key else "There is neither a key nor a secret.",
                where="environment",
                remedy="Set SF_USERNAME with SF_PRIVATE_KEY (or SF_PRIVATE_KEY_FILE), or SF_CLIENT_SECRET alone.",
            )
        if key and not environ.get("SF_USERNAME"):
            raise SetupError("It is not set.", where="SF_USERNAME", remedy="Set it to the integration user's username.")
        return cls(
            login_url=where_to,
            client_id=environ["SF_CLIENT_ID"],
            username=environ.get("SF_USERNAME", ""),
            private_key=key,
            client_secret=secret,
        )


def log_in(credentials: Credentials, now: Callable[[], datetime], *, network: BaseAdapter | None = None) -> AccessToken:
    """Fetch a token. Raises SetupError when the org refuses, TryAgainLater when it cannot be reached."""
    where = urlsplit(credentials.login_url).netloc
    try:
        with requests.Session() as http:
            if network:
                http.mount("https://", network)
            http.auth = _no_auth  # else requests looks for one in a netrc file
            answer = http.post(
                f"{credentials.login_url}/services/oauth2/token",
                data=_grant(credentials, now()),
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise TryAgainLater(f"The login page cannot be reached ({type(error).__name__}).", where=where) from None
    return _token(answer, credentials, where)


def _token(answer: requests.Response, credentials: Credentials, where: str) -> AccessToken:
    if answer.status_code >= requests.codes.server_error or answer.status_code == requests.codes.too_many:
        raise TryAgainLater(f"The login page answers {answer.status_code}.", where=where)
    try:
        body = answer.json()
        if answer.ok:
            user_id = str(body.get("id") or "").rpartition("/")[2]
            return AccessToken(str(body["access_token"]), _instance(body["instance_url"], credentials), user_id)
        said = " ".join(str(body.get("error_description") or body["error"]).split())[:_SAID]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise SetupError(
            f"That is no Salesforce login page: it answers {answer.status_code} without a token.",
            where=where,
            remedy="Set SF_LOGIN_URL to your My Domain, such as https://acme.my.salesforce.com.",
        ) from None
    remedy = _REMEDIES.get(said, "docs/salesforce-setup.md leads through the External Client App.")
    raise SetupError(f"Salesforce refuses the login by {credentials.flow}: {said}.", where=where, remedy=remedy)


def _instance(url: str, credentials: Credentials) -> str:
    """The org's own host, which will be handed the token. Raises ValueError where that would travel in the clear."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and _loopback(parts.hostname or "") and credentials.login_url.startswith("http:")
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise ValueError
    return f"{parts.scheme}://{parts.netloc}"


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _grant(credentials: Credentials, now: datetime) -> dict[str, str]:
    if not credentials.private_key:
        return {
            "grant_type": "client_credentials",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
        }
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.username,
        "aud": credentials.login_url,
        "exp": int(now.timestamp()) + _ASSERTION_SECONDS,
    }
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": jwt.encode(claims, credentials.private_key, algorithm="RS256"),
    }


def login_url(url: str, where: str = "SF_LOGIN_URL") -> str:
    """Only https, except on loopback, so that no secret travels in the clear."""
    parts = urlsplit(url if "//" in url else f"https://{url}")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname))):
        raise SetupError(
            f"'{url}' is not an https address.",
            where=where,
            remedy="Write it like https://acme.my.salesforce.com.",
        )
    return f"{parts.scheme}://{parts.netloc}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _private_key(environ: Mapping[str, str]) -> str:
    where = "SF_PRIVATE_KEY"
    text = environ.get(where, "")
    if not text and (file := environ.get("SF_PRIVATE_KEY_FILE")):
        where = f"SF_PRIVATE_KEY_FILE={file}"
        try:
            open_to_others = os.name == "posix" and Path(file).stat().st_mode & 0o077
            text = Path(file).read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SetupError(f"The private key cannot be read: {error}.", where=where) from None
        if open_to_others:
            raise SetupError(
                "Others on this machine may read the private key.", where=where, remedy=f"chmod 600 {file}"
            )
    if not text:
        return ""
    pem = text.replace("\\n", "\n") if "-----BEGIN" in text else _decoded(text)
    try:
        load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SetupError(
            "This is not an RSA private key.",
            where=where,
            remedy="It must be PEM without a passphrase, or base64 of it.",
        ) from None
    return pem


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
