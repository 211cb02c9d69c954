"""Redis as a broker, and as what limits are held in."""

from typing import Any

import redis
from dramatiq import Message
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from redis.backoff import NoBackoff
from redis.retry import Retry

from sfsync.cluster.ears import Ears, is_ours

#: milliseconds after which a worker that says nothing counts as dead. The machines' own clocks tell the time: where
#: they stand further apart, work is done twice
_DEAD = 10_000
#: of a million commands, how many also look for what dead workers left behind
_MAINTENANCE = 200_000
#: seconds, twice for each command
_PATIENCE = 3.0
_NUMBER = "redis_message_id"


class Client(redis.Redis):
    """One that does not answer in time is away, like one that nobody reaches: Dramatiq only knows the second kind."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except redis.TimeoutError as error:
            raise redis.ConnectionError(type(error).__name__) from None


def client(url: str) -> Client:
    """One that never waits for long. Raises ValueError."""
    return Client.from_url(  # type: ignore[return-value]
        url,
        socket_timeout=_PATIENCE,
        socket_connect_timeout=_PATIENCE,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 1),
    )


class Redis(Ears, RedisBroker):
    """Dramatiq's, with patience for a broker that hangs, and an end to what it cannot read."""

    def __init__(self, url: str) -> None:
        super().__init__(
            client=client(url),
            middleware=[],
            namespace="sfsync",
            heartbeat_timeout=_DEAD,
            maintenance_chance=_MAINTENANCE,
        )

    @property
    def consumer_class(self) -> type[Consumer]:
        return _Reader

    def knock(self) -> None:
        self.client.ping()


class _Reader(_RedisConsumer):
    def __next__(self) -> Any:
        message = super().__next__()  # type: ignore[no-untyped-call]
        if message is not None and not isinstance(message.options.get(_NUMBER), str):
            message.options[_NUMBER] = ""
            message.fail()
        return message

    def nack(self, message: Any) -> None:
        """Set it aside; what bears no number, or a wrong one, is found among all that is in hand."""
        super().nack(message)  # type: ignore[no-untyped-call]
        broker, queue = self.broker, self.queue_name
        for number in broker.client.smembers(f"{broker.namespace}:__acks__.{broker.broker_id}.{queue}"):
            data = broker.client.hget(f"{broker.namespace}:{queue}.msgs", number)
            if data is None:
                continue
            found = Message.decode(data)
            if not is_ours(found, queue) or found.options.get(_NUMBER) != number.decode():
                broker.do_nack(queue, number)
