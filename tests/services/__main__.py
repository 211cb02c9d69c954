"""`python -m tests.services start|stop|status`. `start` installs what is missing, where there is Debian's apt-get."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.services import HOME, NotUpError, RabbitMQ, Redis, shared
from tests.services.processes import end, write_private
from tests.services.servers import program_of

ENV = HOME / "env"
INSTALL = """set -e
policy=/usr/sbin/policy-rc.d  # by it Debian asks whether an installed service may start at once
if [ ! -e $policy ]; then
    trap "rm -f $policy" EXIT
    printf '#!/bin/sh\\nexit 101\\n' >$policy
    chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install -o DPkg::Lock::Timeout=300 --quiet --yes --no-install-recommends "$@"
if command -v systemctl >/dev/null; then systemctl disable --quiet "$@" || true; fi
"""


def main(verb: str) -> int:
    try:
        with one_at_a_time():
            return {"start": start, "stop": stop, "status": status}[verb]()
    except NotUpError as error:
        return tell(str(error), 1)


def start() -> int:
    if shared():
        return tell("Redis and RabbitMQ run already.")
    install()
    sweep()
    servers = Redis(directory=HOME / "redis"), RabbitMQ(directory=HOME / "rabbitmq")
    try:
        for each in servers:
            each.launch()
        for each in servers:
            each.wait()
    except NotUpError:
        for each in servers:
            each.kill()
        raise
    redis, rabbitmq = servers
    write_private(ENV, f"export SFSYNC_TEST_REDIS_URL={redis.url}\nexport SFSYNC_TEST_RABBITMQ_URL={rabbitmq.url}\n")
    return tell(
        f"Redis answers on 127.0.0.1:{redis.port}, RabbitMQ on 127.0.0.1:{rabbitmq.port}; "
        f"their URLs are in {ENV}, their logs beside it."
    )


def stop() -> int:
    """Also ends the private ones that a test run left behind when it was killed."""
    running = any(HOME.glob("*/pids"))
    sweep()
    return tell("Redis and RabbitMQ are stopped." if running else "Neither Redis nor RabbitMQ ran.")


def status() -> int:
    if found := shared():
        return tell(f"Redis answers on 127.0.0.1:{found[0].port}, RabbitMQ on 127.0.0.1:{found[1].port}.")
    return tell("They do not both run: `make services` starts them.", 1)


def sweep() -> None:
    """End whatever runs from here, and remove its files."""
    ENV.unlink(missing_ok=True)
    for each in HOME.iterdir():
        if each.is_dir():
            end(each)
            shutil.rmtree(each)


def install() -> None:
    missing = [each.package for each in (Redis, RabbitMQ) if not program_of(each)]
    if not missing:
        return
    root = [] if os.geteuid() == 0 else ["sudo"]
    if not all(map(shutil.which, ["apt-get", *root])):
        raise NotUpError(f"Please install {' and '.join(missing)}: there is no {' '.join(['apt-get', *root])} here.")
    if subprocess.run([*root, "sh", "-c", INSTALL, "sh", *missing], stdin=subprocess.DEVNULL, check=False).returncode:
        raise NotUpError(f"apt-get could not install {' and '.join(missing)}; see above.")
    tell(f"Installed {' and '.join(missing)}. The machine's own service of that name is neither started nor enabled.")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    HOME.mkdir(mode=0o700, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tell(message: str, code: int = 0) -> int:
    (sys.stderr if code else sys.stdout).write(f"{message}\n")
    return code


if __name__ == "__main__":
    if sys.argv[1:] not in (["start"], ["stop"], ["status"]):
        sys.exit("usage: python -m tests.services start|stop|status")
    sys.exit(main(sys.argv[1]))
