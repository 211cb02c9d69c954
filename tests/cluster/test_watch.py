"""What is handed out, what comes back, and what is sent again."""

from datetime import timedelta
from itertools import chain

import pytest

from sfsync.report import Outcome
from sfsync.watch import DOUBTED, LEASE, Watch
from tests.cluster.orgs import move


@pytest.fixture
def watch(one, clock):
    found = Watch(one, clock=clock)
    found.look(sweep=False)
    return found


def came_back(watch, one, batch, ids=None, **more):
    """A batch of which these records came to their end."""
    read_at = one.org.now() + timedelta(seconds=30)
    return watch.learn(
        Outcome(batch=batch.id, settled=dict.fromkeys(batch.failures if ids is None else ids, read_at), **more)
    )


def rest(watch, most=None):
    """All that is handed out now, batch by batch."""
    return [sorted(batch.failures) for batch in iter(lambda: watch.next(most), None)]


def test_all_that_moved_is_handed_out_once(watch, deals):
    assert sorted(chain(*rest(watch, 5))) == sorted(deals)
    watch.look(sweep=True)
    assert watch.next() is None


def test_there_is_no_need_to_look_while_some_wait_or_a_full_batch_is_on_its_way(watch, one, monkeypatch):
    monkeypatch.setattr("sfsync.watch.BATCH", 5)
    assert not watch.busy
    batches = [watch.next(5)]
    assert watch.busy
    batches += [watch.next(5), watch.next(5)]
    assert watch.waiting == 0
    busy = []
    for batch in batches:
        busy.append(watch.busy)
        came_back(watch, one, batch)
    assert [*busy, watch.busy] == [True, True, False, False]


def test_what_came_to_its_end_is_not_handed_out_again_before_it_moves(watch, one, deals, org):
    came_back(watch, one, watch.next())
    watch.look(sweep=False)
    assert watch.next() is None
    move(org, deals[:1])
    watch.look(sweep=False)
    assert rest(watch) == [deals[:1]]


def test_what_did_not_come_to_its_end_waits_again_and_comes_first(watch, one):
    batch = watch.next(5)
    ended, *others = batch.failures
    came_back(watch, one, batch, [ended])
    assert list(watch.next(4).failures) == others


def test_what_moves_while_it_is_on_its_way_waits_until_its_batch_is_back_and_is_then_served_again(
    watch, one, deals, org
):
    batch = watch.next()
    move(org, deals[5:7])
    watch.look(sweep=False)
    assert watch.waiting == 2
    assert watch.next() is None
    came_back(watch, one, batch)
    assert rest(watch) == [sorted(deals[5:7])]


def test_what_fails_goes_after_all_others_in_ever_smaller_batches(watch, one, deals):
    first = watch.next(12)
    came_back(watch, one, first, [], failing=set(deals[:8]))
    watch.look(sweep=False)
    assert [len(batch) for batch in rest(watch, 12)] == [4, 3, 3, 2]


def test_a_batch_that_never_went_out_waits_again(watch, deals):
    watch.lose(watch.next().id)
    assert rest(watch) == [sorted(deals)]


def test_a_batch_of_which_nothing_is_heard_is_sent_again_in_smaller_ones(watch, clock):
    watch.next(12)
    clock.now += LEASE - 1
    assert watch.lose_the_silent() == 0
    clock.now += 1
    assert watch.lose_the_silent() == 1
    assert [len(batch) for batch in rest(watch, 12)] == [3, 3, 3, 3]


def test_each_silence_is_waited_for_twice_as_long_until_something_comes_back(watch, one, clock):
    watch.next()
    clock.now += LEASE
    assert watch.lose_the_silent() == 1
    batch = watch.next()
    clock.now += 2 * LEASE - 1
    assert watch.lose_the_silent() == 0
    came_back(watch, one, batch, [])
    watch.next()
    clock.now += LEASE
    assert watch.lose_the_silent() == 1


def test_a_lost_batch_is_sent_again_although_others_come_back_all_the_time(watch, one, clock):
    lost = watch.next(2)
    for _ in range(5):
        clock.now += LEASE / 5
        came_back(watch, one, watch.next(2), [])
    assert watch.lose_the_silent() == 1
    watch.look(sweep=False)
    assert set(lost.failures) <= set(chain(*rest(watch)))


def test_a_batch_waits_as_long_as_those_before_it_come_back(watch, one, clock):
    first, _ = watch.next(2), watch.next(2)
    clock.now += LEASE - 1
    came_back(watch, one, first)
    clock.now += LEASE - 1
    assert watch.lose_the_silent() == 0


def test_after_the_broker_was_away_a_batch_is_waited_for_only_a_little_and_goes_whole(watch, clock, deals):
    watch.next()
    watch.doubt()
    clock.now += DOUBTED
    assert watch.lose_the_silent() == 1
    assert rest(watch, 12) == [sorted(deals)]


def test_an_outcome_that_nobody_asked_for_changes_nothing_on_its_way(watch, one, clock):
    watch.next()
    clock.now += LEASE - 1
    assert not watch.learn(Outcome(batch="f" * 32, settled={"006000000000001AAA": one.org.now()}))
    clock.now += 1
    assert watch.lose_the_silent() == 1


def test_a_stranger_cannot_blind_the_watch_by_a_moment_in_the_future(watch, one, deals, org):
    future = one.org.now() + timedelta(days=1000)
    came_back(watch, one, watch.next())
    watch.learn(Outcome(batch="f" * 32, attached=dict.fromkeys(deals, future)))
    move(org, deals[:1])
    watch.look(sweep=False)
    assert rest(watch) == [deals[:1]]
