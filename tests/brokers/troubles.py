"""The broker is down, dies, forgets or hangs: the clock keeps watching, and nothing is lost.

Two files have these tests, one for each broker, so that they run side by side.
"""

import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.brokers import queues
from tests.brokers.machines import DRAIN, in_the_middle, placed
from tests.cluster.orgs import forms, move
from tests.services import RabbitMQ
from tests.services.processes import pids_of, signal_to

TOLD = "The broker cannot be reached"


@contextmanager
def broken(folder, broker, **more):
    """A place on a broker that this test may break; it has no queues of an earlier test."""
    name = f"own-{folder.name[-20:]}"
    with placed(folder, broker.url, SFSYNC_INSTALLATION=name, **more) as (place, deals):
        yield place, place.orgs["main"], deals["main"], f"sfsync.{name}.work"


def settled(broker):
    if isinstance(broker, RabbitMQ):
        broker.settle()


def test_down_at_the_start_it_is_told_once_and_all_is_made_when_it_comes(own_broker, tmp_path):
    own_broker.kill()
    with broken(tmp_path, own_broker) as (place, org, deals, _):
        clock, work = place.start("clock"), place.start("work")
        move(org, deals)
        place.until(lambda: TOLD in clock.said and TOLD in work.said)
        looked = len(org.calls)
        place.until(lambda: len(org.calls) > looked + 2)
        own_broker.start()
        place.until_served(org, deals)
        for machine in (clock, work):
            assert machine.said.count("It is tried again each second") == 1
            assert machine.said.count("the broker answers again") == 1
            assert machine.said.count(TOLD) <= 2
            assert "Traceback" not in machine.said


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
def test_killed_while_a_batch_waits_in_it_the_forms_come_when_it_is_back(own_broker, tmp_path, forgets):
    with broken(tmp_path, own_broker) as (place, org, deals, queue):
        place.start("clock")
        move(org, deals)
        place.until(lambda: queues.length(own_broker.url, queue) == 1)
        settled(own_broker)
        own_broker.kill()
        if forgets:
            for each in own_broker.directory.iterdir():
                if each.is_dir():
                    shutil.rmtree(each)
        own_broker.start()
        place.start("work")
        place.until_served(org, deals, patience=60 if forgets else 20)


def test_killed_while_a_worker_uploads_each_form_is_made_once(own_broker, tmp_path):
    with broken(tmp_path, own_broker, deals=40) as (place, org, deals, _):
        place.start("clock")
        work = place.start("work", "--verbose")
        move(org, deals[:1])
        place.until_served(org, deals[:1])
        in_the_middle(place, org, deals[1:], [work])
        settled(own_broker)
        own_broker.kill()
        org.faults.slow_uploads = 0.0
        own_broker.start()
        place.until_served(org, deals)
        place.until_quiet(2.0)
        place.until_served(org, deals)


@contextmanager
def hanging(broker):
    for pid in pids_of(broker.directory):
        signal_to(pid, broker.directory, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids_of(broker.directory):
            signal_to(pid, broker.directory, signal.SIGCONT)


def test_down_or_hanging_sigterm_still_ends_everything_with_0_in_time(own_broker, tmp_path):
    with broken(tmp_path, own_broker) as (place, org, deals, _):
        idle = [place.start("clock"), place.start("work")]
        busy = [place.start("clock"), place.start("work")]
        move(org, deals[:5])
        place.until_served(org, deals[:5])
        with hanging(own_broker):
            move(org, deals[5:])
            looked = len(org.calls)
            place.until(lambda: len(org.calls) > looked + 2)
            ended(place, idle)
        own_broker.kill()
        place.until(lambda: all(TOLD in each.said for each in busy))
        ended(place, busy)
        assert "Traceback" not in place.said


def ended(place, machines):
    with ThreadPoolExecutor() as pool:
        ends = list(pool.map(lambda each: each.ended(), machines))
    assert [code for code, _ in ends] == [0] * len(machines), place.said
    assert max(seconds for _, seconds in ends) < DRAIN


def test_a_worker_that_is_told_to_stop_amid_a_batch_leaves_the_rest_to_another(own_broker, tmp_path):
    with broken(tmp_path, own_broker, deals=60) as (place, org, deals, _):
        place.start("clock")
        work = place.start("work", "--verbose")
        move(org, deals[:1])
        place.until_served(org, deals[:1])
        in_the_middle(place, org, deals[1:], [work])
        ended(place, [work])
        org.faults.slow_uploads = 0.0
        assert len(forms(org)) < len(deals)
        place.start("work")
        place.until_served(org, deals)
