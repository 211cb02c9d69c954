"""What is ours to add to Dramatiq's brokers: strangers are turned away at the door, and silence is told once."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from dramatiq.broker import Broker, Consumer, MessageProxy
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ConnectionClosed

from sfsync.errors import SetupError, SfsyncError, TryAgainLater

log = logging.getLogger(__name__)

URL = "BROKER_URL"
ACTORS = frozenset({"serve", "hear"})
#: milliseconds: nothing of ours is to wait for longer before it is dealt with
_LONGEST_DELAY = 60_000
#: parts of the names of errors that mean so; and AMQP's codes ACCESS_REFUSED and NOT_ALLOWED
_REFUSALS, _REFUSED = ("Authentication", "Authorization", "AccessDenied", "NoPermission"), {403, 530}


def trouble(error: Exception) -> SfsyncError:
    """What has gone wrong with a broker, by the name of its error: the text may quote an address."""
    if isinstance(error, ConnectionClosed) and isinstance(error.message, Exception):
        error = error.message
    kind = type(error).__name__
    if any(word in kind for word in _REFUSALS) or getattr(error, "reply_code", None) in _REFUSED:
        remedy = "Copy its address again: user, password, and the name of the database or virtual host."
        return SetupError(f"The broker does not let us in ({kind}).", where=URL, remedy=remedy, code="broker")
    return TryAgainLater(f"The broker cannot be reached ({kind}).", where=URL, code="broker")


class Line:
    """Whether the broker answers: said when that changes, and not at each try."""

    def __init__(self) -> None:
        self._cut, self._guard = False, threading.Lock()
        #: called when it answers again, and may have forgotten what it was told
        self.back: Callable[[], None] = lambda: None

    def cut(self, error: Exception) -> None:
        with self._guard:
            said, self._cut = self._cut, True
        if not said:
            found = trouble(error)
            level = logging.ERROR if isinstance(found, SetupError) else logging.WARNING
            log.log(level, "%s It is tried again each second.", found.in_log)

    def sound(self, *, again: bool) -> None:
        with self._guard:
            said, self._cut = self._cut, False
        if said:
            log.info("the broker answers again")
        if again:
            self.back()


class Ears(Broker):
    """For the bases of a broker, before Dramatiq's own."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.line, self._heard = Line(), set[str]()

    def knock(self) -> None:
        """Raise whatever keeps us from hearing the broker."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """Listen to a queue."""
        try:
            self.knock()
            found = super().consume(queue_name, prefetch, timeout)
        except Exception as error:
            self.line.cut(error)
            raise
        self.line.sound(again=queue_name in self._heard)
        self._heard.add(queue_name)
        return _Door(found, queue_name, self)


def is_ours(message: Any, queue: str) -> bool:
    """Whether a message has the outside of a letter of ours. What it holds, its reader judges."""
    delayed, eta = queue.endswith(".DQ"), message.options.get("eta", 0)
    if message.actor_name not in ACTORS or message.queue_name != queue or ("eta" in message.options) != delayed:
        return False
    return isinstance(eta, int) and eta < time.time() * 1000 + _LONGEST_DELAY


class _Door(Consumer):
    """Lets in what is ours, and has the rest set aside."""

    def __init__(self, inner: Consumer, queue: str, broker: Broker) -> None:
        self._inner, self._queue, self._broker = inner, queue, broker

    def __next__(self) -> MessageProxy | None:
        message: MessageProxy | None = next(self._inner)
        if message is None or (is_ours(message, self._queue) and not message.failed):
            return message
        self._inner.nack(message)
        self._broker.emit_after("nack", message)
        return None

    def ack(self, message: MessageProxy) -> None:
        self._inner.ack(message)

    def nack(self, message: MessageProxy) -> None:
        self._inner.nack(message)

    def requeue(self, messages: Any) -> None:
        self._inner.requeue(messages)

    def close(self) -> None:
        self._inner.close()


class Here(Ears, StubBroker):
    """No broker at all: everything stays in this process."""


class Quiet(logging.Handler):
    """Dramatiq and pika quote messages and addresses; of what they say, only the pattern is kept."""

    def emit(self, record: logging.LogRecord) -> None:
        log.debug("%s: %s", record.name, str(record.msg)[:100])


def hush() -> None:
    """Say ourselves what is to be said."""
    for name in ("dramatiq", "pika"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [Quiet()], False
