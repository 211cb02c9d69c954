"""Redis and RabbitMQ as `make services` starts them."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.services import HOME, NotUpError, RabbitMQ, Redis, answers
from tests.services.processes import end, pids_of
from tests.services.wire import ask_redis

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}  # 127.0.0.1 and ::1, as the kernel writes them
LISTENS = "0A"


def addresses(pid: int) -> set[str]:
    """The addresses on which a process listens."""
    files = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()]
    sockets = {number for name in files for number in re.findall(r"socket:\[(\d+)\]", name)}
    tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == LISTENS and row[9] in sockets}


def test_both_let_in_who_knows_the_password(broker_url):
    assert answers(broker_url)


def test_neither_lets_in_who_does_not(services):
    redis, rabbitmq = services
    wrong = [replace(each, password="wrong") for each in services]
    strangers = [*wrong, replace(redis, password=""), replace(rabbitmq, user="guest", password="guest")]
    with ThreadPoolExecutor() as pool:  # RabbitMQ keeps a stranger waiting for 3 seconds
        assert not any(pool.map(answers, [each.url for each in strangers]))


def test_nothing_of_them_listens_beyond_this_machine(services):
    for server in services:
        heard = set.union(*(addresses(pid) for pid in pids_of(server.directory)))
        assert heard
        assert heard <= LOOPBACK


def test_their_urls_are_written_where_only_their_owner_reads_them(services):
    redis, rabbitmq = services
    env = HOME / "env"
    assert env.read_text() == (
        f"export SFSYNC_TEST_REDIS_URL={redis.url}\nexport SFSYNC_TEST_RABBITMQ_URL={rabbitmq.url}\n"
    )
    assert env.stat().st_mode & 0o777 == 0o600
    assert HOME.stat().st_mode & 0o777 == 0o700


def test_started_twice_they_say_that_they_run(services):
    before = [pids_of(server.directory) for server in services]
    said = subprocess.run(
        [sys.executable, "-m", "tests.services", "start"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == "Redis and RabbitMQ run already.\n"
    assert [pids_of(server.directory) for server in services] == before


def test_each_test_gets_an_empty_redis(redis_url, services):
    redis, _ = services
    assert ask_redis(redis_url, "DBSIZE") == ":0"
    ask_redis(redis_url, "SET colour blue")
    assert ask_redis(redis.database(0), "EXISTS colour") == ":0"


def test_each_test_gets_a_virtual_host_that_is_gone_afterwards(services):
    _, rabbitmq = services
    url = rabbitmq.add_vhost("for-this-test")
    assert answers(url)
    rabbitmq.delete_vhost("for-this-test")
    assert not answers(url)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_after_its_end_a_broker_comes_back_at_the_same_address(own_broker, how):
    getattr(own_broker, how)()
    assert not own_broker.alive
    assert not answers(own_broker.url)
    own_broker.start()
    assert answers(own_broker.url)


def test_a_lasting_redis_that_was_killed_has_what_it_was_told(own_redis):
    ask_redis(own_redis.url, "SET colour blue")
    own_redis.kill()
    own_redis.start()
    assert ask_redis(own_redis.url, "GET colour") == "blue"


def test_a_rabbitmq_that_was_killed_has_the_messages_that_it_confirmed(own_rabbitmq):
    pika = pytest.importorskip("pika")
    where = pika.URLParameters(own_rabbitmq.url)
    with pika.BlockingConnection(where) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("letters", durable=True)
        channel.basic_publish("", "letters", b"hello", pika.BasicProperties(delivery_mode=2))
    own_rabbitmq.settle()
    own_rabbitmq.kill()
    own_rabbitmq.start()
    with pika.BlockingConnection(where) as connection:
        assert connection.channel().basic_get("letters", auto_ack=True)[2] == b"hello"


def test_a_broker_that_cannot_start_says_why_at_once(services, tmp_path):
    taken, _ = services
    with pytest.raises(NotUpError, match=r"(?s)redis-server ended by itself.*Address already in use"):
        Redis(directory=tmp_path / "redis", port=taken.port).start()


def test_a_process_that_only_has_an_old_number_is_left_alone(tmp_path):
    (tmp_path / "pids").write_text(str(os.getpid()))
    server = RabbitMQ(directory=tmp_path)
    assert not server.alive
    end(tmp_path)
    assert pids_of(tmp_path) == []
