"""One at a time, and the earliest comer first."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfsync.turns import Turns


def test_who_came_first_goes_first_however_long_others_wait() -> None:
    turns, order = Turns(), list[str]()
    first, second, third = turns.come(), turns.come(), turns.come()

    def take(name: str, place: int) -> None:
        with turns.turn(place):
            order.append(name)

    with ThreadPoolExecutor(3) as pool, turns.turn(second):
        for name, place in (("third", third), ("second again", second), ("first", first)):
            pool.submit(take, name, place)
        while len(turns._waiting) < 3:
            time.sleep(0)
    assert order == ["first", "second again", "third"]


def test_a_turn_that_nobody_earlier_wants_is_not_kept_for_them() -> None:
    turns = Turns()
    turns.come()
    with turns.turn(turns.come()):
        pass


def test_a_turn_that_ends_badly_is_free_again() -> None:
    turns = Turns()
    place = turns.come()
    with pytest.raises(ZeroDivisionError), turns.turn(place):
        1 / 0  # noqa: B018
    with turns.turn(place):
        pass


@settings(max_examples=20, deadline=None)
@given(takes=st.lists(st.integers(1, 5), min_size=2, max_size=6))
def test_never_two_at_a_time_and_everybody_comes_to_an_end(takes: list[int]) -> None:
    turns, inside, seen = Turns(), list[int](), list[int]()

    def work(times: int) -> None:
        place = turns.come()
        for _ in range(times):
            with turns.turn(place):
                inside.append(place)
                seen.append(len(inside))
                inside.remove(place)

    with ThreadPoolExecutor(len(takes)) as pool:
        list(pool.map(work, takes))
    assert seen == [1] * sum(takes)
