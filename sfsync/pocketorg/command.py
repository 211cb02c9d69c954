"""A pocket org alone, until somebody stops it."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from sfsync.pocketorg.server import PocketOrg

log = logging.getLogger(__name__)


def serve(
    *,
    port: int,
    db: str,
    seed: str | int,
    metadata: Sequence[Path],
    features: Sequence[str] = (),
    certificate: Path | None = None,
    env: Path | None = None,
) -> int:
    """Listen until Ctrl-C or SIGTERM. Once ready, one line of JSON on standard output says how to get in.

    `env` is a file that is written for a shell to read: the same, as environment variables.

    `certificate`, a PEM file, is trusted for logins by JWT bearer. Raises OSError or ValueError where it is none.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    pem = certificate.read_text("ascii") if certificate else ""
    with PocketOrg(port=port, db=db, seed=seed, metadata=metadata, features=features) as org:
        if pem:
            org.add_certificate(pem)
        if env:
            env.write_text("".join(f"export {name}={value}\n" for name, value in variables(org).items()), "ascii")
        print(json.dumps(way_in(org)), flush=True)  # noqa: T201 (what the command is for)
        log.warning("the pocket org listens on %s; stop it with Ctrl-C", org.instance_url)
        stop.wait()
    sys.stderr.flush()
    return 0


def way_in(org: PocketOrg) -> dict[str, str]:
    """Address and credentials: the admin's session, and the client of the integration user."""
    return {
        "instance_url": org.instance_url,
        "access_token": org.access_token,
        "username": org.username,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "org_id": org.org_id,
        "user_id": org.user_id,
    }


def variables(org: PocketOrg) -> dict[str, str]:
    """The integration user's client, and the admin's session, as programs look for them in their environment."""
    return {
        "SF_LOGIN_URL": org.instance_url,
        "SF_CLIENT_ID": org.client_id,
        "SF_CLIENT_SECRET": org.client_secret,
        "SF_INSTANCE_URL": org.instance_url,
        "SF_ACCESS_TOKEN": org.access_token,
    }
