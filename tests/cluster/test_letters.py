"""Batches and outcomes arrive as they were sent, and nothing of a stranger's message gets further than the door."""

import json
from contextlib import suppress
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.cluster import letters
from sfsync.cluster.letters import ForeignError
from sfsync.errors import AnswerLost, LoginRefused, Outage, SetupError, TryAgainLater
from sfsync.records import Batch
from sfsync.report import Outcome, Report

IDS = st.integers(0, 99_999_999).map(lambda n: f"006{n:012d}AAA")
KEYS = st.uuids().map(lambda each: each.hex)
MOMENTS = st.datetimes(timezones=st.just(UTC))
COUNTS = st.integers(0, 10_000)
BATCHES = st.builds(
    Batch,
    id=KEYS,
    failures=st.dictionaries(IDS, st.integers(0, 99), max_size=5),
    left=st.lists(IDS, max_size=3).map(tuple),
)
ERRORS = st.sampled_from([None, Outage("down"), SetupError("no field", where="org"), TryAgainLater("later")])
REPORTS = st.builds(
    Report,
    made=COUNTS,
    waiting=COUNTS,
    restored=COUNTS,
    failed=COUNTS,
    later=COUNTS,
    paused=st.booleans(),
    error=ERRORS,
)
OUTCOMES = st.builds(
    Outcome,
    batch=KEYS,
    report=REPORTS,
    settled=st.dictionaries(IDS, MOMENTS, max_size=3),
    attached=st.dictionaries(IDS, MOMENTS, max_size=3),
    failing=st.sets(IDS, max_size=3),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def travelled(letter):
    return json.loads(json.dumps(letter))


@given(BATCHES)
def test_a_batch_arrives_as_it_was_sent(batch):
    assert letters.batch(travelled(letters.of_batch(batch))) == batch


@given(OUTCOMES)
def test_an_outcome_arrives_as_it_was_sent_and_of_its_error_what_a_log_may_say(outcome):
    found = letters.outcome(travelled(letters.of_outcome(outcome)))
    sent, arrived = outcome.report.error, found.report.error
    assert type(arrived) is type(sent)
    assert sent is None or arrived.in_log == sent.in_log
    found.report.error = outcome.report.error
    assert found == outcome


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [(AnswerLost("?"), Outage), (LoginRefused("?"), SetupError), (TryAgainLater("?"), TryAgainLater)],
)
def test_who_acts_next_survives_the_journey(sent, arrives):
    found = letters.outcome(travelled(letters.of_outcome(Outcome(batch="0" * 32, report=Report(error=sent)))))
    assert type(found.report.error) is arrives


def test_what_an_error_quotes_of_a_customer_does_not_travel():
    error = TryAgainLater("Name: Jane Doe", logged="Name: too long")
    assert "Jane" not in json.dumps(letters.of_outcome(Outcome(batch="0" * 32, report=Report(error=error))))


@given(JSON, st.sampled_from([letters.batch, letters.outcome]))
def test_a_message_that_is_none_of_ours_is_refused(stranger, read):
    with pytest.raises(ForeignError) as refused:
        read(travelled(stranger))
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def broken(letter):
    """The same with one part of it made wrong, or left out."""
    wrong = st.sampled_from([None, "CANARY", -1, 1.5, [], ["CANARY"], {"CANARY": "CANARY"}, "0" * 31])
    parts = st.sampled_from(sorted(letter))
    return st.tuples(parts, wrong).map(lambda change: {**letter, change[0]: change[1]}) | parts.map(
        lambda left_out: {name: value for name, value in letter.items() if name != left_out}
    )


@given(st.data())
def test_a_letter_with_one_wrong_part_is_refused_or_harmless_and_never_quoted(data):
    sort = data.draw(
        st.sampled_from([(BATCHES, letters.of_batch, letters.batch), (OUTCOMES, letters.of_outcome, letters.outcome)])
    )
    letter = data.draw(broken(travelled(sort[1](data.draw(sort[0])))))
    with suppress(ForeignError):
        sort[2](letter)
        return
    with pytest.raises(ForeignError) as refused:
        sort[2](letter)
    assert "CANARY" not in repr(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x" * 32},
        {"failures": {"006000000000001' OR Name LIKE '%": 0}},
        {"failures": {"006000000000001AAA": True}},
        {"failures": {"006000000000001AAA": -1}},
        {"left": {"not an id": True}},
        {"failures": ["006000000000001AAA"]},
    ],
)
def test_a_batch_with_a_part_that_ours_never_have_is_refused(change):
    with pytest.raises(ForeignError):
        letters.batch({"id": "0" * 32, "failures": {}, "left": {}, **change})


@pytest.mark.parametrize("when", ["2026-01-01T00:00:00", "yesterday", 7])
def test_a_moment_without_its_zone_is_refused(when):
    letter = letters.of_outcome(Outcome(batch="0" * 32))
    with pytest.raises(ForeignError):
        letters.outcome({**letter, "settled": {"006000000000001AAA": when}})
