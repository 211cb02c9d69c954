"""Who holds which record: how a write waits for another one, and gives up.

SQLite lets one transaction follow the other, so no two ever meet. What Salesforce's transactions do to each other is
modelled above it: a write that meets a record that is held is undone, waits, and is tried again from the start.

Sources: Salesforce Help, "Record Locking" (a write waits 10 seconds); field reports of parallel uploads by one user,
which lock the user's ContentFolder and end in UNABLE_TO_LOCK_ROW.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import TypeVar

from sfsync.pocketorg.errors import ApiError

Result = TypeVar("Result")

#: seconds that a write waits for a record before it fails
WAIT = 10.0


def unable_to_lock() -> ApiError:
    """What a write hears that waited in vain."""
    return ApiError(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])


class Busy(Exception):
    """The write meets a record that is held. It must be undone and tried again; never reaches a client."""

    def __init__(self, record_id: str) -> None:
        super().__init__(record_id)
        self.record_id = record_id


class TakesLong(Busy):
    """The write takes its time: hold the record that long, then try again."""


@dataclass(slots=True, eq=False)
class Turn:
    """One call with its writes: what it holds, and what it has waited for in vain."""

    until: float  #: when its patience ends, on the monotonic clock
    holds: set[str] = field(default_factory=set)
    files: dict[str, int] = field(default_factory=dict)  #: how many it adds, by the folder to which they go


class Locks:
    """The records that somebody holds now. May be changed from any thread."""

    def __init__(self) -> None:
        self.wait: float = WAIT  #: seconds
        self.slow_uploads: float = 0.0  #: seconds that each call with a new file holds the user's folder
        self.slow_files: float = 0.0  #: so many more for each file in it
        self._held: dict[str, float] = {}  #: until when, on the monotonic clock
        self._changed = threading.Condition()
        self._here = threading.local()

    # ---------------------------------------------------------- from outside

    def hold(self, record_id: str, seconds: float = inf) -> None:
        """Let another transaction hold this record; for ever means longer than anybody waits."""
        with self._changed:
            self._held[record_id] = time.monotonic() + seconds

    def release(self, record_id: str) -> None:
        with self._changed:
            self._held.pop(record_id, None)
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._held.clear()
            self._changed.notify_all()
        self.wait, self.slow_uploads, self.slow_files = WAIT, 0.0, 0.0

    def held(self) -> list[str]:
        """The records that are held now."""
        with self._changed:
            return [record_id for record_id, until in self._held.items() if until > time.monotonic()]

    # ---------------------------------------------------- from inside a write

    def check(self, record_ids: Iterable[str | None]) -> None:
        """Ask for the records that a write needs. Raises Busy, or UNABLE_TO_LOCK_ROW where waiting is no use."""
        if not self._held:
            return
        turn = self._turn()
        for record_id in record_ids:
            until = self._held.get(record_id or "", 0.0)
            if until > time.monotonic() and record_id not in turn.holds:
                if until == inf or time.monotonic() >= turn.until:
                    raise unable_to_lock()
                raise Busy(record_id or "")

    def upload(self, user_id: str) -> None:
        """Ask for the folder of a user who adds a file."""
        folder = folder_of(user_id)
        self.check([folder])
        turn = self._turn()
        if self.slow_uploads and folder not in turn.holds:
            raise TakesLong(folder)
        turn.files[folder] = turn.files.get(folder, 0) + 1

    # --------------------------------------------------------- around a write

    def patiently(self, attempt: Callable[[], Result]) -> Result:
        """Make the attempt, and again whenever a record that it met may have become free."""
        with self._taking_turn() as turn:
            while True:
                turn.files.clear()
                try:
                    result = attempt()
                except TakesLong as slow:
                    self._take_time(slow.record_id, turn)
                except Busy as busy:
                    self._await(busy.record_id, turn)
                else:
                    self._store(turn)
                    return result

    @contextmanager
    def _taking_turn(self) -> Iterator[Turn]:
        turn = self._here.turn = Turn(time.monotonic() + self.wait)
        try:
            yield turn
        finally:
            self._here.turn = None
            for record_id in turn.holds:
                self.release(record_id)

    def _turn(self) -> Turn:
        """The turn of this thread; the org's own writes have none, and no patience."""
        return getattr(self._here, "turn", None) or Turn(0.0)

    def _take_time(self, record_id: str, turn: Turn) -> None:
        with self._changed:
            if self._held.get(record_id, 0.0) > time.monotonic():
                return  # somebody was faster
            self._held[record_id] = time.monotonic() + self.slow_uploads + WAIT  # released at the end of the turn
            turn.holds.add(record_id)
        time.sleep(self.slow_uploads)

    def _store(self, turn: Turn) -> None:
        """Let each new file take its time, in which its folder is held."""
        seconds = self.slow_files * sum(turn.files.values())
        if seconds:
            with self._changed:
                self._held |= dict.fromkeys(turn.files, time.monotonic() + seconds)
                turn.holds |= turn.files.keys()
            time.sleep(seconds)

    def _await(self, record_id: str, turn: Turn) -> None:
        with self._changed:
            until = min(self._held.get(record_id, 0.0), turn.until)
            self._changed.wait(max(until - time.monotonic(), 0.0))


def folder_of(user_id: str) -> str:
    """The name of the lock on a user's own folder, to which each new file goes."""
    return f"ContentFolder of {user_id}"
