"""Signs of life for the platform: a ping after each good pass, and a file that `sfsync healthcheck` looks at.

Neither holds any data: the ping is a bare GET, the file a timestamp.
"""

import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests

from sfsync.errors import SetupError

log = logging.getLogger(__name__)

_URL, _FILE = "SFSYNC_HEARTBEAT_URL", "SFSYNC_HEARTBEAT_FILE"
_PING_EVERY = timedelta(minutes=1)
_TIMEOUT = (3, 5)


class Heartbeat:
    """Never raises once it is made: whoever watches over the worker must not be able to stop it."""

    def __init__(self, environ: Mapping[str, str], now: Callable[[], datetime]) -> None:
        """Raises SetupError for a URL that is not https."""
        self._url, self._file, self._now = _checked(environ.get(_URL, "")), path(environ), now
        self._pinged: datetime | None = None

    def lives(self) -> None:
        """The worker has come to the end of a pass, whatever became of it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)  # nobody's link is written through
        with suppress(OSError), os.fdopen(os.open(self._file, flags, 0o600), "w", encoding="ascii") as file:
            file.write(self._now().isoformat())

    def is_well(self) -> None:
        """The pass was good: say so to whoever waits for it, at most once a minute."""
        now = self._now()
        if not self._url or (self._pinged and abs(now - self._pinged) < _PING_EVERY):
            return
        self._pinged = now
        try:
            requests.get(self._url, timeout=_TIMEOUT, allow_redirects=False, auth=_nobody)
        except requests.RequestException as error:
            log.warning("the heartbeat did not get through (%s)", type(error).__name__)


def path(environ: Mapping[str, str]) -> Path:
    """Where the file of this user's worker lies; several on one machine need a name each."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(environ.get(_FILE) or _temporary(environ) / f"sfsync-{user}.heartbeat")


def _temporary(environ: Mapping[str, str]) -> Path:
    """Python looks for a folder in which it can write, and finds none where the disk is full."""
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return Path(environ.get("TMPDIR") or Path(os.sep) / "tmp")


def silent_for(file: Path, now: datetime) -> timedelta | None:
    """How long ago the worker last gave a sign of life; None where there is none that can be read."""
    try:
        return now - datetime.fromisoformat(file.read_text("ascii"))
    except (OSError, ValueError, TypeError):
        return None


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An `auth` of our own keeps requests from taking one out of a netrc file."""
    return request


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme != "https" or not parts.hostname):
        raise SetupError(
            "It is not an https address.", where=_URL, remedy="Write it like https://hc-ping.com/your-uuid."
        )
    return url
