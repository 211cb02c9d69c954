"""How long a record that fails waits for its next turn."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sfsync.patience import Patience

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def pauses(count: int) -> list[timedelta]:
    """The pause after each of so many failures in a row."""
    patience, found = Patience(), []
    for _ in range(count):
        patience.failed("006", NOON)
        found.append(next(s for n in range(20_000) if patience.over(NOON + (s := timedelta(seconds=n)))))
    return found


def test_the_first_failure_is_tried_again_at_once_and_then_the_pauses_double():
    assert [p.total_seconds() for p in pauses(7)] == [0, 15, 30, 60, 120, 240, 480]


def test_no_pause_is_longer_than_four_hours():
    assert pauses(40)[-1] == timedelta(hours=4)


def test_a_record_that_is_well_again_begins_anew():
    patience = Patience()
    for _ in range(9):
        patience.failed("006", NOON)
    patience.forget("006")
    assert patience.times("006") == 0
    assert patience.failed("006", NOON) == 1


@given(st.lists(st.sampled_from("abc"), max_size=30), st.integers(0, 10**6))
def test_nobody_is_forgotten_and_nobody_waits_who_never_failed(failures, seconds):
    patience = Patience()
    for each in failures:
        patience.failed(each, NOON)
    over = patience.over(NOON + timedelta(seconds=seconds))
    assert set(over) <= set(failures)
    assert patience.over(NOON + timedelta(hours=4)) == sorted(set(failures))
