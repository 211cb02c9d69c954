"""Redis and RabbitMQ for tests and benchmarks, from Debian's packages. Needs nothing but Python.

They listen on free ports of 127.0.0.1 alone, ask for a password that is made anew at each start, keep all their files
under `.services/`, and leave alone whatever Redis or RabbitMQ the machine runs itself.

`shared()` are the two that `make services` has started. Whoever wants to kill one starts a private one, which is gone
afterwards with its files: `with Redis(lasting=True) as redis: ...; redis.kill(); ...; redis.start()`.
"""

from tests.services.servers import HOME, NotUpError, RabbitMQ, Redis
from tests.services.wire import answers

__all__ = ["HOME", "NotUpError", "RabbitMQ", "Redis", "answers", "shared"]


def shared() -> tuple[Redis, RabbitMQ] | None:
    """The two that `make services` has started, where both answer."""
    redis, rabbitmq = Redis.found(HOME / "redis"), RabbitMQ.found(HOME / "rabbitmq")
    return (redis, rabbitmq) if redis and rabbitmq and answers(redis.url) and answers(rabbitmq.url) else None
