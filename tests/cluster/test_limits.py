"""One upload at a time per org, and so many calls a day; nothing depends on whether anybody keeps count."""

import threading
import time

import pytest
from dramatiq.rate_limits.backends import StubBackend

from sfsync.cluster import limits
from sfsync.cluster.limits import Limits
from sfsync.errors import SetupError, TryAgainLater

PATIENCE = 10


@pytest.fixture
def backend():
    return StubBackend()


def machine(backend) -> Limits:
    """One process among several that share what is counted."""
    return Limits(backend, "sfsync.here")


def uploads(machines, org, most):
    """Let all of them upload at once; gives back how many were at it at the same time, at most."""
    at_it, seen, guard = 0, [0], threading.Lock()

    def upload(one):
        nonlocal at_it
        with one.lane(org):
            with guard:
                at_it += 1
                seen.append(at_it)
            threading.Event().wait(0.02)
            with guard:
                at_it -= 1

    threads = [threading.Thread(target=upload, args=[machines[n % len(machines)]]) for n in range(most)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(seen) == 1 + most
    return max(seen)


def test_one_at_a_time_uploads_to_an_org_on_one_machine_or_several(backend):
    assert uploads([machine(backend)], "acme", 6) == 1
    assert uploads([machine(backend), machine(backend), machine(backend)], "acme", 6) == 1


def test_another_org_is_not_held_up(backend):
    with machine(backend).lane("acme"):
        began = time.monotonic()
        with machine(backend).lane("globex"):
            assert time.monotonic() - began < 1


def test_the_lane_is_free_again_after_an_upload_that_failed(backend):
    one, other = machine(backend), machine(backend)
    with pytest.raises(ZeroDivisionError), one.lane("acme"):
        raise ZeroDivisionError
    began = time.monotonic()
    with other.lane("acme"):
        assert time.monotonic() - began < 1


def test_whoever_dies_frees_the_lane_after_its_time_and_whoever_lives_keeps_it(backend, monkeypatch):
    monkeypatch.setattr(limits, "_LANE", 400)
    monkeypatch.setattr(limits, "_LIVES", 0.1)
    dead, alive = machine(backend), machine(backend)
    backend.add("sfsync.here.lane.acme", 1, ttl=400)  # by somebody who will not come back
    began = time.monotonic()
    with dead.lane("acme"):
        assert 0.2 < time.monotonic() - began < 5
        taken = threading.Event()
        waits = threading.Thread(target=lambda: alive.lane("acme").__enter__() or taken.set(), daemon=True)
        waits.start()
        assert not taken.wait(1.2)  # three times as long as a dead one's
    assert taken.wait(PATIENCE)


def test_nobody_waits_for_the_lane_for_ever(backend):
    seconds = iter(range(0, 1000, 40))
    waiting = Limits(backend, "sfsync.here", clock=lambda: float(next(seconds)))
    with machine(backend).lane("acme"), pytest.raises(TryAgainLater, match="uploads to this org"), waiting.lane("acme"):
        pytest.fail("it is taken")


def test_so_many_calls_a_day_are_allowed_to_each_org_by_all_machines_together(backend):
    one, other = machine(backend).allowance("acme", 5), machine(backend).allowance("acme", 5)
    assert [one(), other(), one(), other(), one(), other(), one()] == [True] * 5 + [False] * 2
    assert machine(backend).allowance("globex", 5)()


class Away(StubBackend):
    """A Redis that nobody reaches."""

    def add(self, *_, **__):
        raise ConnectionResetError("CANARY")

    incr = decr = incr_and_sum = add


def test_where_redis_is_away_work_goes_on_and_that_is_said_once(caplog):
    alone = machine(Away())
    allowed = alone.allowance("acme", 1)
    for _ in range(3):
        with alone.lane("acme"):
            assert allowed()
    assert [r.getMessage() for r in caplog.records] == [
        "the limits across machines are off while Redis is away (ConnectionResetError)"
    ]


def test_a_redis_that_goes_away_during_an_upload_does_not_disturb_it(backend, caplog):
    one = machine(backend)
    with one.lane("acme"):
        one._backend.decr = Away().decr
    assert "Redis is away" in caplog.text


def test_a_redis_that_hangs_is_away_after_some_seconds(caplog):
    pytest.importorskip("redis")
    from socket import socket  # noqa: PLC0415

    from sfsync.cluster import onredis  # noqa: PLC0415

    with socket() as hangs, pytest.MonkeyPatch.context() as patch:
        hangs.bind(("127.0.0.1", 0))
        hangs.listen()
        patch.setattr(onredis, "_PATIENCE", 0.1)
        url = f"redis://:CANARY@127.0.0.1:{hangs.getsockname()[1]}/0"
        found = limits.connect({"BROKER_URL": url}, "sfsync.here")
        with found.lane("acme"):
            pass
    assert "Redis is away (ConnectionError)" in caplog.text
    assert "CANARY" not in caplog.text


@pytest.mark.parametrize("environ", [{}, {"REDIS_URL": "redis://h"}, {"BROKER_URL": "amqp://h"}])
def test_without_a_broker_or_without_redis_they_hold_within_this_process(environ):
    assert isinstance(limits.connect(environ, "x")._backend, StubBackend)


@pytest.mark.parametrize("url", ["redis://host:CANARY/0", "rediss://[CANARY"])
def test_an_address_that_is_none_is_refused_and_not_repeated(url):
    pytest.importorskip("redis")
    with pytest.raises(SetupError, match="not an address of Redis") as refused:
        limits.connect({"BROKER_URL": "amqp://h", "REDIS_URL": url}, "x")
    assert "CANARY" not in str(refused.value)


def test_a_redis_that_was_away_is_not_asked_at_each_call_and_counts_again_when_it_is_back(backend, clock, caplog):
    seen = Limits(backend, "sfsync.here", clock=clock)
    allowed, really = seen.allowance("acme", 1), backend.add
    backend.add = Away().add
    assert allowed()
    backend.add = really
    assert allowed()
    assert allowed()
    clock.now += limits._BREATH
    assert [allowed(), allowed()] == [True, False]
    assert len(caplog.records) == 1
