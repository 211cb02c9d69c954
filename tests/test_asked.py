"""Who waits for a form, and since when."""

from datetime import UTC, datetime, timedelta

from sfsync.asked import Asked
from sfsync.events import Waiting

THEN = datetime(2026, 5, 1, 9, tzinfo=UTC)
LATER = THEN + timedelta(minutes=1)


def test_the_oldest_counts_and_a_change_of_what_waits_already_makes_it_no_younger():
    asked = Asked()
    asked.noticed(["a"], THEN)
    asked.noticed(["a", "b"], LATER)
    assert asked.waiting == Waiting(count=2, oldest=THEN)


def test_what_is_over_waits_no_more():
    asked = Asked()
    asked.noticed(["a"], THEN)
    asked.over(["a", "b"])
    assert asked.waiting == Waiting(count=0, oldest=None)
