"""Durations in words and business hours."""

from datetime import UTC, datetime, timedelta

import pytest

from sfsync.schedule import ALWAYS, business_hours, duration


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("15 seconds", timedelta(seconds=15)),
        ("1 minute", timedelta(minutes=1)),
        ("2 Hours", timedelta(hours=2)),
        ("30 days", timedelta(days=30)),
    ],
)
def test_a_duration_is_read_as_people_say_it(text, means):
    assert duration(text) == means


@pytest.mark.parametrize("text", ["", "soon", "0 seconds", "5", "5 fortnights", "-3 seconds"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), True),  # Monday 8:00 in Berlin
        (datetime(2026, 11, 23, 6, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), False),  # 18:00
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), False),  # Sunday
        (datetime(2026, 7, 20, 6, 0, tzinfo=UTC), True),  # Monday 8:00 in summer time
    ],
)
def test_business_hours_are_local_time(moment, inside):
    assert (moment in business_hours("Mon-Fri 8:00-18:00 Europe/Berlin")) is inside


def test_a_week_may_begin_on_sunday():
    hours = business_hours("Sun-Thu 9:00-17:00 Asia/Dubai")
    assert hours.days == {6, 0, 1, 2, 3}


def test_without_business_hours_it_is_always_time():
    assert datetime(2026, 11, 22, 3, 0, tzinfo=UTC) in ALWAYS


@pytest.mark.parametrize("text", ["Mon-Fry 8:00-18:00", "Mon-Fri 8:00-25:00", "Mon-Fri 8:00-18:00 Mars/Base", "9 to 5"])
def test_what_are_no_business_hours_is_refused(text):
    with pytest.raises(ValueError, match=r"is not|are not"):
        business_hours(text)
