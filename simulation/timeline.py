"""Time that only moves when everybody waits: events in their order, and code that sleeps between them."""

import heapq
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

Action = Callable[[], None]


class Killed(BaseException):
    """The process ends here, as by kill -9: no code of ours may catch it."""


class Timeline:
    """What happens when. One thing happens at a time, and equal times keep the order in which they were planned."""

    def __init__(self, start: datetime) -> None:
        self.seconds = 0.0
        self._start = start
        self._events: list[tuple[float, int, Action]] = []
        self._order = count()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=self.seconds)

    def after(self, seconds: float, action: Action) -> None:
        """Plan something for so many seconds from now."""
        heapq.heappush(self._events, (self.seconds + seconds, next(self._order), action))

    def run(self, until: float) -> None:
        """Let everything happen that is planned for before `until`, in seconds from the start."""
        while self._events and self._events[0][0] < until:
            self.seconds, _, action = heapq.heappop(self._events)
            action()
        self.seconds = until


class Actor:
    """Code that takes time. It has a thread of its own, but runs only while everybody else waits."""

    def __init__(self, timeline: Timeline, body: Callable[["Actor"], None]) -> None:
        self._timeline, self._body = timeline, body
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self.ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def start(self, after: float) -> None:
        self._timeline.after(after, self._resume)

    def sleep(self, seconds: float) -> None:
        """Called by the code itself: let the others go on for so long."""
        self._timeline.after(seconds, self._resume)
        self._wait()

    def end(self) -> None:
        """Called from outside, when nothing more is to happen."""
        self.ended = True
        self._resume()
        self._thread.join()

    def _resume(self) -> None:
        if not self._thread.is_alive():
            return
        self._go.release()
        self._done.acquire()
        if self._error:
            raise self._error

    def _wait(self) -> None:
        self._done.release()
        self._go.acquire()
        if self.ended:
            raise Killed

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self.ended:
                self._body(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 (handed to whoever runs the timeline)
            self._error = error
        self._done.release()
