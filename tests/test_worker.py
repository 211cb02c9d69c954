"""When the worker looks, when it sweeps, and that nothing but its stop ends it."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from sfsync.errors import Outage
from sfsync.settings import Settings
from sfsync.sync import Report
from sfsync.worker import SWEEP_EVERY, Ticks

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTINGS = Settings.model_validate(
    {
        "company": {"name": "Northwind"},
        "order_forms": [{"name": "Standard", "stage": "Order Form", "template": "form.xml"}],
        "business_hours": "Mon-Fri 8:00-18:00 UTC",
    }
)


class Passes:
    """What comes of each pass, and whether it was a sweep."""

    def __init__(self) -> None:
        self.sweeps: list[bool] = []
        self.report = Report()
        self.bug: Exception | None = None

    def __call__(self, *, sweep: bool) -> Report:
        self.sweeps.append(sweep)
        if self.bug:
            raise self.bug
        return self.report


class Day:
    """Ticks of 15 seconds from a given moment on."""

    def __init__(self, begins: datetime) -> None:
        self.now = begins
        self.passes = Passes()
        self.ticks = Ticks(self.passes, SETTINGS, lambda: self.now)

    def goes_by(self, duration: timedelta) -> int:
        """How many passes there are in that time."""
        before = len(self.passes.sweeps)
        for _ in range(int(duration / timedelta(seconds=15))):
            self.ticks.tick()
            self.now += timedelta(seconds=15)
        return len(self.passes.sweeps) - before


def test_it_looks_at_each_tick_in_business_hours():
    assert Day(MONDAY).goes_by(timedelta(minutes=10)) == 40


def test_it_looks_every_five_minutes_at_night():
    assert Day(MONDAY.replace(hour=20)).goes_by(timedelta(hours=1)) == 12


def test_it_looks_at_its_start_whatever_the_hour():
    assert Day(MONDAY.replace(hour=3)).goes_by(timedelta(seconds=15)) == 1


def test_it_sweeps_at_its_start_and_a_few_times_a_day():
    day = Day(MONDAY)
    day.goes_by(timedelta(hours=8))
    assert day.passes.sweeps[0]
    assert sum(day.passes.sweeps) == 2
    assert timedelta(hours=8) > SWEEP_EVERY


def test_a_sweep_that_failed_is_made_again():
    day = Day(MONDAY)
    day.passes.report = Report(error=Outage("down"))
    day.goes_by(timedelta(minutes=1))
    assert day.passes.sweeps == [True] * 4


def test_a_bug_is_logged_and_the_next_tick_comes(caplog):
    day = Day(MONDAY)
    day.passes.bug = ZeroDivisionError("never mind")
    assert day.goes_by(timedelta(minutes=1)) == 4
    assert "this is a bug of sfsync's" in caplog.text


@pytest.mark.parametrize(("hours", "level"), [(0.5, logging.WARNING), (2, logging.ERROR)])
def test_an_outage_is_said_once_an_hour_and_louder_when_it_lasts(caplog, hours, level):
    day = Day(MONDAY)
    day.passes.report = Report(error=Outage("Salesforce cannot be reached."))
    day.goes_by(timedelta(hours=hours))
    said = [r for r in caplog.records if "cannot be reached" in r.message]
    assert len(said) == max(1, int(hours))
    assert said[-1].levelno == level


def test_the_end_of_an_outage_is_said_too(caplog):
    caplog.set_level(logging.INFO, "sfsync")
    day = Day(MONDAY)
    day.passes.report = Report(error=Outage("Salesforce cannot be reached."))
    day.goes_by(timedelta(minutes=1))
    day.passes.report = Report()
    day.goes_by(timedelta(minutes=1))
    assert "the org answers again" in caplog.text
