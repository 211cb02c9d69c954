"""Whatever the clocks say and however long a transaction takes, no edit goes unnoticed."""

import pytest

from tests.model.watch import AHEAD, LONGEST, Watch, missed


@pytest.mark.parametrize("ahead", range(-AHEAD, AHEAD + 1))
def test_no_edit_is_missed_however_far_the_clock_may_stand_off(ahead):
    assert not missed(Watch(), ahead)


def test_a_cursor_misses_what_commits_late():
    assert missed(Watch(overlap=None))


def test_an_overlap_as_long_as_the_longest_transaction_is_too_short_for_a_clock_that_is_ahead():
    assert missed(Watch(overlap=LONGEST - 1))
    assert missed(Watch(overlap=LONGEST + 1))


def test_two_edits_in_one_second_need_a_memory_that_waits_for_the_second_to_pass():
    assert missed(Watch(fresh=AHEAD))
