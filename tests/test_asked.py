"""Who waits for a form, and since when."""

from datetime import UTC, datetime, timedelta

from sfsync.asked import Asked
from sfsync.events import Waiting

THEN = datetime(2026, 5, 1, 9, tzinfo=UTC)
LATER = THEN + timedelta(minutes=1)


def test_the_oldest_of_those_that_are_due_counts():
    asked = Asked()
    asked.read(["a", "b", "c"], {"a": LATER, "b": THEN})
    assert asked.waiting == Waiting(count=2, oldest=THEN)


def test_a_change_of_what_waits_already_makes_it_no_younger():
    asked = Asked()
    asked.read(["a"], {"a": THEN})
    asked.read(["a"], {"a": LATER})
    assert asked.waiting.oldest == THEN


def test_what_is_attached_or_no_longer_due_waits_no_more():
    asked = Asked()
    asked.read(["a", "b"], {"a": THEN, "b": THEN})
    asked.over("a")
    asked.read(["b"], {})
    assert asked.waiting == Waiting(count=0, oldest=None)
