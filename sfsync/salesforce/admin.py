"""Whoever sets an org up: an access token from the environment, or from Salesforce's own command line.

The worker's login is not used: its user may change no metadata, and must not.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sfsync.errors import SetupError
from sfsync.salesforce.api import Api
from sfsync.salesforce.login import AccessToken, login_url
from sfsync.salesforce.session import Session

_TOKEN, _URL = "SF_ACCESS_TOKEN", "SF_INSTANCE_URL"
_HOW = (
    "Log in with Salesforce's command line (sf org login web --alias my-org) and name it: --target-org my-org. Or set "
    f"{_TOKEN} and {_URL}."
)
#: what `sf org display` shows of a token since 2026
_HIDDEN = "[REDACTED]"
_SECONDS = 120


def connect(environ: Mapping[str, str], now: Callable[[], datetime], target_org: str = "") -> Api:
    """The API of the org as its admin. Raises SetupError that says how to log in."""
    token = _from_sf(target_org) if target_org else _from_environ(environ)
    tokens = iter([token])

    def log_in() -> AccessToken:
        for fresh in tokens:
            return fresh
        raise SetupError("The access token is not valid any more.", remedy=_HOW)

    return Api(Session(log_in, now=now))


def _from_environ(environ: Mapping[str, str]) -> AccessToken:
    if not environ.get(_TOKEN):
        raise SetupError("Which org, and who are you there?", remedy=_HOW)
    if not environ.get(_URL):
        raise SetupError("It is not set.", where=_URL, remedy="Set it to the address of your org's My Domain.")
    return AccessToken(environ[_TOKEN].strip(), login_url(environ[_URL], where=_URL))


def _from_sf(target_org: str) -> AccessToken:
    program = shutil.which("sf")
    if program is None:
        raise SetupError(
            "Salesforce's command line is not installed: there is no sf.",
            where="--target-org",
            remedy=f"Install it (npm install --global @salesforce/cli), or set {_TOKEN} and {_URL}.",
        )
    org = _ask(program, "org", "display", target_org)
    token = str(org.get("accessToken") or _HIDDEN)
    if token.startswith(_HIDDEN):
        token = str(_ask(program, "org", "auth", "show-access-token", target_org)["accessToken"])
    return AccessToken(token, login_url(str(org["instanceUrl"]), where="--target-org"))


def _ask(program: str, *words: str) -> dict[str, Any]:
    *command, target_org = words
    done = subprocess.run(  # noqa: S603 (the admin's own sf, and no shell)
        [program, *command, "--target-org", target_org, "--json"],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {"message": done.stderr.strip() or "it says nothing"}
    if done.returncode or "result" not in answer:
        raise SetupError(
            f"sf does not know this org: {answer.get('message')}",
            where=f"--target-org {target_org}",
            remedy=f"Log in again: sf org login web --alias {target_org}",
        )
    result: dict[str, Any] = answer["result"]
    return result
