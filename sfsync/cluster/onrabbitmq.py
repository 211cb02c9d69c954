"""RabbitMQ as a broker."""

import threading
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dramatiq import Message
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.errors import ConnectionClosed
from pika.exceptions import AMQPError

from sfsync.cluster.ears import Ears

#: seconds, unless the address says otherwise: a broker that hangs holds nobody up for long
_PATIENCE = {"heartbeat": 10, "socket_timeout": 5, "stack_timeout": 5, "blocked_connection_timeout": 10}

_CONNECTION: Any = RabbitmqBroker.connection


class RabbitMQ(Ears, RabbitmqBroker):
    """Dramatiq's, with patience for a broker that hangs, and one connection for all who send."""

    def __init__(self, url: str) -> None:
        super().__init__(url=_patient(url), middleware=[], confirm_delivery=True)
        # Dramatiq opens a connection for each thread; small plans in the cloud allow twenty in all
        self.state: Any = SimpleNamespace()
        self._sending = threading.RLock()

    @property
    def connection(self) -> Any:
        """Try once: whoever sends would else wait for six tries."""
        try:
            return _CONNECTION.fget(self)
        except (AMQPError, OSError) as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    @connection.deleter
    def connection(self) -> None:
        _CONNECTION.fdel(self)

    def enqueue(self, message: "Message[Any]", *, delay: int | None = None) -> "Message[Any]":
        """Send a message."""
        with self._sending:
            return super().enqueue(message, delay=delay)

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:
        """Have a queue, on the server where `ensure` says so."""
        with self._sending:
            super().declare_queue(queue_name, ensure=ensure)


def _patient(url: str) -> str:
    parts = urlsplit(url)
    query = {**_PATIENCE, **dict(parse_qsl(parts.query))}
    return urlunsplit(parts._replace(query=urlencode(query)))
