"""Trouble on demand: what goes wrong between a client and an org, for tests of the client."""

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sfsync.pocketorg.errors import ApiError

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
    """One kind of trouble. `what`: an error code, an HTTP status, "html", "drop" (no answer at all) or "stall"."""

    what: str | int
    path: re.Pattern[str]
    method: str = ""
    times: int = 1
    when: When = "before"  #: before the org did anything, or after it committed
    seconds: float = 0.0  #: how long a stall lasts

    def fits(self, method: str, path: str, when: When) -> bool:
        return self.times > 0 and self.when == when and self.method in {"", method} and bool(self.path.search(path))

    def answer(self) -> tuple[int, str, str]:
        """Status, content type and body, for faults that answer at all."""
        if self.what == "html":
            return 503, "text/html;charset=UTF-8", _OUTAGE
        if isinstance(self.what, int):
            return self.what, "text/html;charset=UTF-8", f"<html><body><h1>{self.what}</h1></body></html>"
        status, text = _KNOWN.get(self.what, (400, self.what))
        return status, "", text


@dataclass(slots=True)
class Locks:
    """Records that another transaction holds: any write to them, or to their children, fails."""

    held: set[str] = field(default_factory=set)

    def check(self, record_ids: Iterable[str | None]) -> None:
        if self.held and self.held.intersection(record_ids):
            status, text = _KNOWN["UNABLE_TO_LOCK_ROW"]
            raise ApiError(status, "UNABLE_TO_LOCK_ROW", text, [])


class Faults:
    """The troubles that a pocket org has now. All of it may be changed from another thread while the org runs."""

    def __init__(self) -> None:
        self.latency: float = 0.0  #: seconds before each answer
        self.refuse_files_in_graphs = False
        self.locks = Locks()
        self._planned: list[Fault] = []
        self._guard = threading.Lock()

    def add(
        self,
        what: str | int,
        *,
        path: str = "",
        method: str = "",
        times: int = 1,
        when: When = "before",
        seconds: float = 0.0,
    ) -> None:
        """Plan a fault for the next `times` requests whose path matches the regular expression `path`."""
        fault = Fault(what=what, path=re.compile(path), method=method, times=times, when=when, seconds=seconds)
        with self._guard:
            self._planned.append(fault)

    def lock(self, record_id: str) -> None:
        """Let every write to this record (18-character Id) or its children fail with UNABLE_TO_LOCK_ROW."""
        self.locks.held.add(record_id)

    def unlock(self, record_id: str) -> None:
        self.locks.held.discard(record_id)

    def clear(self) -> None:
        """Nothing is wrong any more."""
        with self._guard:
            self._planned.clear()
        self.locks.held.clear()
        self.latency, self.refuse_files_in_graphs = 0.0, False

    def take(self, method: str, path: str, when: When) -> Fault | None:
        """Use up the first planned fault that fits this request."""
        with self._guard:
            fault = next((f for f in self._planned if f.fits(method, path, when)), None)
            if fault:
                fault.times -= 1
            return fault
