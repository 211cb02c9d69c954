"""What days a date word means."""

from datetime import UTC, date, datetime

import pytest

from sfsync.pocketorg.query import dates
from tests.pocketorg.small_org import NOW


@pytest.mark.parametrize(
    ("word", "start", "end"),
    [
        ("YESTERDAY", "2026-05-13", "2026-05-14"),
        ("TOMORROW", "2026-05-15", "2026-05-16"),
        ("THIS_WEEK", "2026-05-10", "2026-05-17"),
        ("LAST_WEEK", "2026-05-03", "2026-05-10"),
        ("NEXT_MONTH", "2026-06-01", "2026-07-01"),
        ("THIS_QUARTER", "2026-04-01", "2026-07-01"),
        ("LAST_QUARTER", "2026-01-01", "2026-04-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_90_DAYS", "2026-02-13", "2026-05-15"),
        ("NEXT_90_DAYS", "2026-05-15", "2026-08-13"),
        ("LAST_N_DAYS:3", "2026-05-11", "2026-05-15"),
        ("NEXT_N_DAYS:3", "2026-05-15", "2026-05-18"),
        ("N_DAYS_AGO:3", "2026-05-11", "2026-05-12"),
        ("LAST_N_MONTHS:2", "2026-03-01", "2026-05-01"),
        ("N_YEARS_AGO:1", "2025-01-01", "2026-01-01"),
        ("THIS_FISCAL_QUARTER", "2026-05-01", "2026-08-01"),
        ("LAST_N_FISCAL_YEARS:1", "2025-02-01", "2026-02-01"),
    ],
)
def test_a_date_word_means_these_days(word: str, start: str, end: str) -> None:
    found = dates.span(word, today=NOW.date(), fiscal_start=2)
    assert found == dates.Span(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize("word", ["THIS_DAY", "LAST_FISCAL_WEEK", "LAST_N_DAYS", "LAST_N_DAYS:999999999", "NONSENSE"])
def test_a_word_that_is_no_date_is_none(word: str) -> None:
    assert dates.span(word, today=NOW.date()) is None


def test_a_stored_instant_is_utc_with_milliseconds() -> None:
    assert dates.stored(datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC)) == "2026-05-01T07:25:37.000Z"
