"""Trouble on demand: what goes wrong between a client and an org, for tests of the client."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from random import Random
from typing import Literal

from sfsync.pocketorg.locks import Locks

When = Literal["before", "after"]

#: the texts that Salesforce sends with the codes that one most often wants
_KNOWN = {
    "INVALID_SESSION_ID": (401, "Session expired or invalid"),
    "REQUEST_LIMIT_EXCEEDED": (403, "TotalRequests Limit exceeded."),
    "UNABLE_TO_LOCK_ROW": (400, "unable to obtain exclusive access to this record"),
    "QUERY_TIMEOUT": (400, "Your query request was running for too long."),
    "SERVER_UNAVAILABLE": (503, "Server too busy"),
    "UNKNOWN_EXCEPTION": (500, "An unexpected error occurred. Please include this ErrorId if you contact support"),
}
_OUTAGE = (
    "<html><head><title>Down for maintenance</title></head><body><h1>We are down for maintenance.</h1></body></html>"
)


@dataclass(kw_only=True, slots=True)
class Fault:
    """One kind of trouble.

    `what`: an error code (answered in JSON), an HTTP status (in HTML), "html" (the page of an outage), "drop" (the
    connection is reset), "truncate" (it ends in the middle of the answer) or "stall" (the answer comes late).
    """

    what: str | int
    path: re.Pattern[str]
    body: re.Pattern[bytes]
    method: str = ""
    times: int = 1
    when: When = "before"  #: before the org did anything, or after it committed
    seconds: float = 0.0  #: how long a stall lasts

    def fits(self, method: str, path: str, when: When, body: bytes) -> bool:
        if self.times <= 0 or self.when != when or self.method not in {"", method}:
            return False
        return bool(self.path.search(path) and self.body.search(body))

    def answer(self) -> tuple[int, str, str]:
        """Status, content type and body, for faults that answer at all."""
        if self.what == "html":
            return 503, "text/html;charset=UTF-8", _OUTAGE
        if isinstance(self.what, int):
            return self.what, "text/html;charset=UTF-8", f"<html><body><h1>{self.what}</h1></body></html>"
        status, text = _KNOWN.get(self.what, (400, self.what))
        return status, "", text


class Clock:
    """The org's time: that of the machine, or ahead of it, or standing still."""

    def __init__(self, source: Callable[[], datetime]) -> None:
        self._source = source
        self._ahead = timedelta()
        self._frozen: datetime | None = None

    def __call__(self) -> datetime:
        return self._frozen or self._source() + self._ahead

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def freeze(self, at: datetime | None = None) -> None:
        """Stand still, now or at a moment with a zone."""
        self._frozen = at or self()

    def advance(self, by: timedelta) -> None:
        """Go ahead, also where it stands still; a negative time goes back."""
        if self._frozen is not None:
            self._frozen += by
        else:
            self._ahead += by

    def run(self) -> None:
        """Tell the machine's time again."""
        self._ahead, self._frozen = timedelta(), None


class Faults:
    """The troubles that a pocket org has now. All of it may be changed from another thread while the org runs."""

    def __init__(self, random: Random | None = None) -> None:
        self.latency: float = 0.0  #: seconds before each answer
        self.jitter: float = 0.0  #: up to so many seconds more
        self.refuse_files_in_graphs = False
        self.locks = Locks()
        self._random = random or Random()  # noqa: S311 - no secret
        self._planned: list[Fault] = []
        self._guard = threading.Lock()

    def add(
        self,
        what: str | int,
        *,
        path: str = "",
        body: str = "",
        method: str = "",
        times: int = 1,
        when: When = "before",
        seconds: float = 0.0,
    ) -> None:
        """Plan a fault for the next `times` requests whose path and body match these regular expressions."""
        fault = Fault(
            what=what,
            path=re.compile(path),
            body=re.compile(body.encode()),
            method=method,
            times=times,
            when=when,
            seconds=seconds,
        )
        with self._guard:
            self._planned.append(fault)

    def lock(self, record_id: str, seconds: float = inf) -> None:
        """Let another transaction hold this record (18-character Id), so that writes to it and its children wait.

        They fail with UNABLE_TO_LOCK_ROW after `lock_wait` seconds; at once where no time is given.
        """
        self.locks.hold(record_id, seconds)

    def unlock(self, record_id: str) -> None:
        self.locks.release(record_id)

    @property
    def lock_wait(self) -> float:
        """Seconds that a write waits for a record that another transaction holds."""
        return self.locks.wait

    @lock_wait.setter
    def lock_wait(self, seconds: float) -> None:
        self.locks.wait = seconds

    @property
    def slow_uploads(self) -> float:
        """Seconds that each call with a new file takes, in which no other call of the same user can add one."""
        return self.locks.slow_uploads

    @slow_uploads.setter
    def slow_uploads(self, seconds: float) -> None:
        self.locks.slow_uploads = seconds

    @property
    def slow_files(self) -> float:
        """Seconds that each new file takes besides, in which no other call of the same user can add one."""
        return self.locks.slow_files

    @slow_files.setter
    def slow_files(self, seconds: float) -> None:
        self.locks.slow_files = seconds

    def delay(self) -> float:
        """Seconds to wait before the next answer."""
        return self.latency + self._random.random() * self.jitter

    @property
    def planned(self) -> list[Fault]:
        """The faults that are still to come."""
        with self._guard:
            return [fault for fault in self._planned if fault.times > 0]

    def clear(self) -> None:
        """Nothing is wrong any more."""
        with self._guard:
            self._planned.clear()
        self.locks.clear()
        self.latency, self.jitter, self.refuse_files_in_graphs = 0.0, 0.0, False

    def take(self, method: str, path: str, when: When, body: bytes = b"") -> Fault | None:
        """Use up the first planned fault that fits this request."""
        with self._guard:
            fault = next((f for f in self._planned if f.fits(method, path, when, body)), None)
            if fault:
                fault.times -= 1
            return fault
