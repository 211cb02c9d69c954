"""The digest's day, its span and its words, without any org."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync import digest
from sfsync.digest import Figures
from sfsync.settings import Settings

FORM = {"name": "Standard", "stage": "Won", "template": "a.xml"}
WEEKDAYS = "Mon-Fri 8:00-18:00 Europe/Berlin"


def settings(**more):
    told = {"at": "17:30", "chatter_group": "Sales Ops"}
    base = {"company": {"name": "Acme"}, "order_forms": [FORM], "business_hours": WEEKDAYS, "digest": told}
    return Settings.model_validate(base | more)


def figures(**more):
    base = {"made": 3, "took": (4.0, 6.0, 4800.0), "waiting": 2, "failed": 0, "not_right": 1, "paused": False}
    return Figures(**(base | more))


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def test_it_is_due_from_its_time_on_in_the_zone_of_the_settings():
    assert digest.span(at("2026-11-23T17:29:59+01:00"), settings()) is None
    assert digest.span(at("2026-11-23T17:30:00+01:00"), settings()).day.isoformat() == "2026-11-23"
    assert digest.span(at("2026-11-23T17:30:00+01:00"), settings(time_zone="America/New_York")) is None
    assert digest.span(at("2026-11-24T00:00:00+01:00"), settings()) is None


def test_days_without_business_hours_have_none_and_without_hours_each_day_has_one():
    saturday = at("2026-11-21T18:00:00+01:00")
    assert digest.span(saturday, settings()) is None
    assert digest.span(saturday, settings(business_hours="Mon-Sun 0:00-24:00 Europe/Berlin"))


def test_without_the_setting_there_is_none():
    assert digest.span(at("2026-11-23T18:00:00+01:00"), settings(digest=None)) is None


def test_it_begins_where_the_last_one_ended_or_on_the_business_day_before_and_a_week_ago_at_most():
    monday, last = at("2026-11-23T17:30:00+01:00"), at("2026-11-19T17:30:00+01:00")
    assert digest.span(monday, settings()).since == at("2026-11-20T17:30:00+01:00")
    assert digest.span(monday, settings(), last).since == last
    assert digest.span(monday, settings(), last - timedelta(days=90)).since == monday - timedelta(days=7)
    assert digest.span(monday, settings(), monday + timedelta(hours=1)).since == monday


@given(start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)), days=st.integers(2, 12))  # noqa: DTZ001 (a zone follows)
def test_digests_that_are_posted_each_day_leave_no_moment_out_and_tell_none_twice(start, days):
    now, last, spans = start.replace(tzinfo=UTC), None, {}
    for hour in range(days * 24):
        over = digest.span(now + timedelta(hours=hour), settings(), last)
        if over and over.day not in spans:
            spans[over.day], last = over, over.until
    told = list(spans.values())
    assert all(before.until == after.since for before, after in itertools.pairwise(told))
    assert all(over.since < over.until for over in told)


def test_the_words_follow_locale_and_settings():
    over = digest.span(at("2026-11-23T17:30:00+01:00"), settings())
    german = {"digest_title": "Auftragsformulare, {day}", "digest_made": "Gemacht seit {since}: {number}"}
    title, text = digest.words(figures(made=12345), over, settings(locale="de_DE", messages=german))
    assert title == "Auftragsformulare, Montag, 23. November 2026"
    assert text.splitlines()[0] == "Gemacht seit Fr., 20. Nov., 17:30: 12.345"


def test_what_is_not_known_or_did_not_happen_is_left_out():
    over = digest.span(at("2026-11-23T17:30:00+01:00"), settings())
    _, text = digest.words(figures(made=0, took=(), not_right=None), over, settings())
    assert text.splitlines()[1:] == ["Waiting for information: 2", "Failed: 0"]
    _, text = digest.words(figures(paused=True), over, settings())
    assert text.splitlines()[1:] == [
        "Seconds from request to file: median 6, slowest 4,800",
        "Waiting for information: 2",
        "Failed: 0",
        "Marked as not right since then: 1",
        "Paused: nothing is made until Paused is unticked.",
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"at": "5 pm", "bell": "a@b"}, "'5 pm' is not a time of day. Write it like 17:30."),
        ({"at": "25:00", "bell": "a@b"}, "'25:00' is not a time of day."),
        ({"at": "24:00", "bell": "a@b"}, "'24:00' is not a time of day."),
        ({"at": "17:30"}, "write one of them."),
        ({"at": "17:30", "bell": "a@b", "chatter_group": "Sales Ops"}, "write one of them."),
    ],
)
def test_a_digest_that_cannot_be_meant_is_refused(told, said):
    with pytest.raises(ValueError, match="digest") as refused:
        settings(digest=told)
    assert said in str(refused.value)
