"""`python -m tests.brokers`, after `make services`: seconds from a worker's kill -9 until another has done its work."""

import secrets
import sys
import tempfile
from pathlib import Path

from tests.brokers.machines import seconds_until_taken_over
from tests.services import shared


def main() -> int:
    found = shared()
    if not found:
        sys.stderr.write("Redis and RabbitMQ do not run: make services starts them.\n")
        return 1
    redis, rabbitmq = found
    ways = {
        "Redis": (redis.database(901), {}),
        "RabbitMQ, lane on Redis": (rabbitmq.add_vhost(secrets.token_hex(8)), {"REDIS_URL": redis.database(902)}),
        "RabbitMQ alone": (rabbitmq.add_vhost(secrets.token_hex(8)), {}),
    }
    for name, (url, environ) in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds = seconds_until_taken_over(Path(folder), url, **environ)
        sys.stdout.write(f"{name}: {seconds:.1f} s (of which the org's own upload: 2 s)\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
