"""Real brokers for tests: those that `make services` has started, and private ones that a test may kill."""

import os
import secrets
from collections.abc import Iterator

import pytest

from tests.services import RabbitMQ, Redis, shared
from tests.services.servers import DATABASES
from tests.services.wire import ask_redis

KINDS = ["redis", "rabbitmq"]


@pytest.fixture(scope="session")
def services() -> tuple[Redis, RabbitMQ]:
    """Both, or no test. Where their URLs are in the environment, as in `make brokers`, their absence is a failure."""
    found = shared()
    if found:
        return found
    if "SFSYNC_TEST_REDIS_URL" in os.environ:
        pytest.fail("Redis and RabbitMQ do not both answer: run make services again")
    pytest.skip("Redis and RabbitMQ do not run here: run make services first")


@pytest.fixture
def redis_url(services: tuple[Redis, RabbitMQ]) -> str:
    """A database of Redis that is this test's alone, and empty."""
    redis, _ = services
    count = int(ask_redis(redis.url, "INCR tests")[1:])
    url = redis.database(1 + count % (DATABASES - 1))
    assert ask_redis(url, "FLUSHDB") == "+OK"
    return url


@pytest.fixture
def rabbitmq_url(services: tuple[Redis, RabbitMQ]) -> Iterator[str]:
    """A virtual host of RabbitMQ that is this test's alone, gone afterwards with its queues and connections."""
    _, rabbitmq = services
    name = f"test-{secrets.token_hex(8)}"
    yield rabbitmq.add_vhost(name)
    rabbitmq.delete_vhost(name)


@pytest.fixture(params=KINDS)
def broker_url(request: pytest.FixtureRequest) -> str:
    """One after the other."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="module")
def redis_of_the_file(services: tuple[Redis, RabbitMQ]) -> Iterator[Redis]:  # noqa: ARG001 (skips the test with them)
    with Redis(lasting=True) as redis:
        yield redis


@pytest.fixture(scope="module")
def rabbitmq_of_the_file(services: tuple[Redis, RabbitMQ]) -> Iterator[RabbitMQ]:  # noqa: ARG001 (same)
    with RabbitMQ() as rabbitmq:
        yield rabbitmq


@pytest.fixture
def own_redis(redis_of_the_file: Redis) -> Redis:
    """A Redis that only the tests of this file use, one after the other, and may kill. Empty, and up."""
    redis_of_the_file.start()
    assert ask_redis(redis_of_the_file.url, "FLUSHALL") == "+OK"
    return redis_of_the_file


@pytest.fixture
def own_rabbitmq(rabbitmq_of_the_file: RabbitMQ) -> RabbitMQ:
    """A RabbitMQ for the tests of this file, which may kill it. Up, with the last test's queues in it."""
    rabbitmq_of_the_file.start()
    return rabbitmq_of_the_file


@pytest.fixture(params=KINDS)
def own_broker(request: pytest.FixtureRequest) -> Redis | RabbitMQ:
    """One after the other."""
    return request.getfixturevalue(f"own_{request.param}")
