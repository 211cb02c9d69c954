"""Who may go next, where only one may at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """One at a time; of those who wait, whoever came to the first of its turns earliest."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._comers = 0
        self._waiting: set[int] = set()
        self._taken = False

    def come(self) -> int:
        """A place in the order, for all the turns that one and the same comer takes."""
        with self._changed:
            self._comers += 1
            return self._comers

    @contextmanager
    def turn(self, place: int) -> Iterator[None]:
        """Wait for it, and have it to the end of the block."""
        with self._changed:
            self._waiting.add(place)
            self._changed.wait_for(lambda: not self._taken and place == min(self._waiting))
            self._waiting.discard(place)
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
