"""RabbitMQ is down, dies, forgets or hangs."""

import pytest

from tests.brokers.troubles import *  # noqa: F403 (the tests)


@pytest.fixture
def own_broker(own_rabbitmq):
    return own_rabbitmq
