"""Log lines: one JSON object each for machines, plain for people. Ids and numbers only, whoever writes them.

An error is named by its type and its way through the code; a line of somebody else's library is printed without what
was filled into it.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TextIO

from sfsync import traces
from sfsync.errors import SetupError, trail

log = logging.getLogger(__name__)

#: what a line may say beside its words; anything else in `extra` is dropped
FIELDS = (
    "opportunity",
    "version",
    "seconds",
    "count",
    "made",
    "waiting",
    "restored",
    "failed",
    "later",
    "oldest",
    "port",
)
#: Ids, names of orgs, error codes: a single word, so that no sentence of anybody's gets through
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_OURS = "sfsync"


class _Line(logging.Formatter):
    """What both kinds of line have in common: whose words are printed, and that no error speaks."""

    def words(self, record: logging.LogRecord) -> str:
        ours = record.name == _OURS or record.name.startswith(f"{_OURS}.")
        said = record.getMessage() if ours else _unfilled(record)
        error = record.exc_info[1] if record.exc_info else None
        return f"{said} ({trail(error)})" if error else said


def _unfilled(record: logging.LogRecord) -> str:
    """A library's words before its values come in; where they may be in already, the place in its code alone."""
    return str(record.msg) if record.args else f"{record.name}, {record.filename}:{record.lineno}"


class Plain(_Line):
    """For people: `09:21:07 INFO    acme: 3 made`."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        when = self.formatTime(record, "%H:%M:%S")
        org = f"{name}: " if (name := traces.org.get()) else ""
        return f"{when} {record.levelname:<7} {org}{self.words(record)}"


class Json(_Line):
    """For machines: one object a line, in ASCII, whose fields are known."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": when.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.words(record),
        }
        here = {"org": traces.org.get(), "call": traces.call.get(), "trace": traces.request.get()}
        given = {name: record.__dict__[name] for name in FIELDS if name in record.__dict__}
        line |= {name: value for name, value in (here | given).items() if _tells_nothing(value)}
        return json.dumps(line, separators=(",", ":"))


def _tells_nothing(value: Any) -> bool:
    """Whether it is a number, or an Id or a word of ours; an empty one is left out."""
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, int) or (isinstance(value, str) and bool(_WORD.fullmatch(value)))


class _Quiet(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """A line that cannot be written is lost: logging would print it with all its values instead."""


def begin(stream: TextIO, environ: Mapping[str, str], *, verbose: bool) -> None:
    """Log to a stream: JSON where no person looks, or as SFSYNC_LOGS says. Raises SetupError."""
    handler = _Quiet(stream)
    handler.setFormatter(_formatter(environ.get("SFSYNC_LOGS", ""), stream))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    # a tick that finds the last one still at work is skipped, as it should be
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # what is wrong with a PDF, we say ourselves
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    logging.getLogger(_OURS).setLevel(logging.DEBUG if verbose else logging.INFO)


def _formatter(wanted: str, stream: TextIO) -> logging.Formatter:
    kinds: dict[str, type[_Line]] = {"json": Json, "plain": Plain}
    if wanted and wanted not in kinds:
        raise SetupError(f"'{wanted}' is no kind of log.", where="SFSYNC_LOGS", remedy="Write json or plain.")
    return kinds[wanted or ("plain" if stream.isatty() else "json")]()


def hush() -> None:
    """What nobody caught is named like any other error, and ends the process as before."""
    sys.excepthook = lambda _kind, error, _trace: _uncaught(error)
    threading.excepthook = lambda raised: _uncaught(raised.exc_value)


def _uncaught(error: BaseException | None) -> None:
    log.critical("this is a bug of sfsync's; please report it: %s", error and trail(error))
