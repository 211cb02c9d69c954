"""When the worker looks, when it sweeps, and that nothing but its stop ends it."""

import logging
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import ClassVar

import pytest

from sfsync import cli, worker
from sfsync.errors import Held, Outage, SetupError, TryAgainLater
from sfsync.heartbeat import Heartbeat
from sfsync.report import Report
from sfsync.salesforce.budget import Usage
from sfsync.schedule import utc_now
from sfsync.settings import Settings
from sfsync.worker import SWEEP_EVERY, Ticks
from tests.conftest import ROOT

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GIVEN = {
    "company": {"name": "Northwind"},
    "order_forms": [{"name": "Standard", "stage": "Order Form", "template": "form.xml"}],
    "business_hours": "Mon-Fri 8:00-18:00 UTC",
}
SETTINGS = Settings.model_validate(GIVEN)


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
        self.usage = Usage()
        self.ticks = Ticks(self.passes, SETTINGS, lambda: self.now, usage=self.usage)

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


def test_the_log_says_once_that_it_looks_less_often_at_night_and_once_that_morning_has_come(caplog):
    caplog.set_level(logging.INFO)
    day = Day(MONDAY.replace(hour=17, minute=59))
    day.goes_by(timedelta(minutes=5))
    day.now = MONDAY.replace(hour=7, minute=59) + timedelta(days=1)
    day.goes_by(timedelta(minutes=5))
    assert [r.message for r in caplog.records] == [
        "outside business hours: looking every 300 seconds",
        "in business hours: looking every 15 seconds",
    ]


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


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (Outage("Salesforce cannot be reached."), "the org answers again"),
        (TryAgainLater("The broker is away."), "all is well again"),
        (SetupError("A field is missing."), "all is well again"),
    ],
)
def test_the_end_of_a_trouble_is_said_once_too(caplog, error, end):
    caplog.set_level(logging.INFO, "sfsync")
    day = Day(MONDAY)
    day.passes.report = Report(error=error)
    day.goes_by(timedelta(minutes=1))
    day.passes.report = Report()
    day.goes_by(timedelta(minutes=1))
    assert [r.message for r in caplog.records if "again" in r.message] == [end]


@pytest.mark.parametrize(("used", "passes"), [(0, 40), (70, 20), (80, 10), (90, 2)])
def test_it_looks_less_often_as_the_orgs_calls_run_out(used, passes):
    day = Day(MONDAY)
    day.usage.used, day.usage.allowed = used, 100
    assert day.goes_by(timedelta(minutes=10)) == passes


def test_it_sweeps_no_more_when_the_calls_are_kept_for_forms():
    day = Day(MONDAY)
    day.goes_by(timedelta(minutes=1))
    day.usage.used, day.usage.allowed = 95, 100
    day.goes_by(timedelta(hours=9))
    assert sum(day.passes.sweeps) == 1


def test_a_machine_that_was_suspended_makes_up_for_it_with_one_pass():
    day = Day(MONDAY)
    day.goes_by(timedelta(minutes=1))
    day.now += timedelta(hours=20)  # into the night of Tuesday
    assert day.goes_by(timedelta(minutes=1)) == 1


@pytest.mark.parametrize("hour", [9, 20])
def test_a_clock_that_is_set_back_keeps_it_from_nothing(hour):
    day = Day(MONDAY.replace(hour=hour))
    day.goes_by(timedelta(minutes=10))
    day.now -= timedelta(hours=5)
    assert day.goes_by(timedelta(minutes=1)) >= 1


@pytest.mark.parametrize(
    ("night", "passes"),
    [
        (datetime(2027, 3, 14, 5, 0, tzinfo=UTC), 4 * 60 + 4 * 12),  # 2:00 becomes 3:00: the window has one hour less
        (datetime(2027, 11, 7, 4, 0, tzinfo=UTC), 4 * 180 + 3 * 12),  # 1:00 comes twice
    ],
)
def test_business_hours_follow_the_clock_on_the_wall_when_daylight_saving_changes(night, passes):
    day = Day(night)
    hours = {**GIVEN, "business_hours": "Mon-Sun 1:00-3:00 America/New_York"}
    day.ticks = Ticks(day.passes, Settings.model_validate(hours), lambda: day.now)
    assert abs(day.goes_by(timedelta(hours=6 if night.month == 11 else 5)) - passes) <= 4


class Ping(BaseHTTPRequestHandler):
    """Whoever waits for the worker's signs of life."""

    heard: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self):
        self.heard.append((self.path, dict(self.headers)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


def test_a_good_pass_is_told_to_whoever_waits_for_it_once_a_minute_and_a_bad_one_is_not(tmp_path):
    with HTTPServer(("127.0.0.1", 0), Ping) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        day = Day(MONDAY)
        beat = Heartbeat({"SFSYNC_HEARTBEAT_FILE": str(tmp_path / "beat")}, lambda: day.now)
        beat._url = f"http://127.0.0.1:{server.server_port}/uuid"  # https is asked for; a test has no certificate
        day.ticks = Ticks(day.passes, SETTINGS, lambda: day.now, heartbeat=beat)
        day.passes.report = Report(error=Outage("down"))
        day.goes_by(timedelta(minutes=2))
        assert Ping.heard == []
        day.passes.report = Report()
        day.goes_by(timedelta(minutes=3))
        server.shutdown()
    assert [path for path, _ in Ping.heard] == ["/uuid"] * 3
    assert "Authorization" not in Ping.heard[0][1]


def test_a_heartbeat_that_nobody_hears_stops_nothing(caplog):
    beat = Heartbeat({"SFSYNC_HEARTBEAT_FILE": "/nowhere/beat"}, lambda: MONDAY)
    beat._url = "http://127.0.0.1:9/"
    beat.lives()
    beat.is_well()
    assert "the heartbeat did not get through (ConnectionError)" in caplog.text


@pytest.mark.parametrize("url", ["http://hc.example/x", "ftp://hc.example", "hc.example", "https://"])
def test_a_heartbeat_goes_by_https_only(url):
    with pytest.raises(SetupError, match="SFSYNC_HEARTBEAT_URL: It is not an https address"):
        Heartbeat({"SFSYNC_HEARTBEAT_URL": url}, lambda: MONDAY)


def test_the_file_of_the_heartbeat_holds_a_time_and_nothing_else_and_follows_no_link(tmp_path):
    victim, link = tmp_path / "victim", tmp_path / "beat"
    victim.write_text("keep me")
    link.symlink_to(victim)
    Heartbeat({"SFSYNC_HEARTBEAT_FILE": str(link)}, lambda: MONDAY).lives()
    assert victim.read_text() == "keep me"
    link.unlink()
    Heartbeat({"SFSYNC_HEARTBEAT_FILE": str(link)}, lambda: MONDAY).lives()
    assert link.read_text() == "2026-11-23T09:00:00+00:00"
    assert link.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("silent", "code"), [(timedelta(minutes=2), 0), (timedelta(hours=1), 1), (None, 1)])
def test_healthcheck_says_whether_the_worker_lives(monkeypatch, tmp_path, silent, code):
    file = tmp_path / "beat"
    monkeypatch.setenv("SFSYNC_HEARTBEAT_FILE", str(file))
    if silent is not None:
        file.write_text((datetime.now(UTC) - silent).isoformat())
    assert cli.main(["healthcheck", "--config", str(ROOT / "config" / "sfsync.yaml")]) == code


def test_a_clock_that_is_set_back_does_not_hold_up_the_ticks(monkeypatch):
    moved, stop = [], threading.Event()
    times = iter([MONDAY, MONDAY + timedelta(seconds=1), MONDAY - timedelta(hours=1), MONDAY - timedelta(minutes=59)])
    waits = iter([False, False, False, True])
    monkeypatch.setattr(stop, "wait", lambda **_timeout: next(waits))
    job = SimpleNamespace(modify=lambda **to: moved.append(to["next_run_time"]))
    worker._keep_time(lambda: [job], stop, lambda: next(times))
    assert moved == [MONDAY - timedelta(hours=1)]


def test_another_rhythm_in_the_settings_is_followed_without_a_restart():
    stop, passes = threading.Event(), Passes()
    slow, quick = (
        SETTINGS.model_copy(update={"check_every": every, "check_otherwise_every": every})
        for every in (timedelta(seconds=0.3), timedelta(seconds=0.05))
    )
    changes = [None, (passes, quick)]
    ticks = Ticks(passes, slow, utc_now, lambda: changes.pop(0) if changes else None)
    threading.Timer(3, stop.set).start()
    timer = worker.Timer()
    timer.add("main", ticks, stop)
    timer.keep_going(stop)
    assert timer.is_done(1)
    assert len(passes.sweeps) > 15


def test_a_held_worker_counts_again_only_every_few_minutes():
    day = Day(MONDAY)
    day.passes.report = Report(error=Held("too many"))
    assert day.goes_by(timedelta(hours=1)) == 12


def test_new_settings_are_used_at_once_also_outside_business_hours():
    day = Day(MONDAY.replace(hour=20))
    day.goes_by(timedelta(minutes=2))
    fresh = Passes()
    day.ticks._fresh = lambda: (fresh, SETTINGS) if not fresh.sweeps else None
    day.goes_by(timedelta(seconds=15))
    assert len(fresh.sweeps) == 1


def test_a_bug_in_the_reading_of_new_settings_does_not_end_the_worker(caplog):
    day = Day(MONDAY)

    def broken() -> None:
        raise ZeroDivisionError

    day.ticks._fresh = broken
    assert day.goes_by(timedelta(minutes=1)) == 4
    assert "this is a bug of sfsync's" in caplog.text


@pytest.mark.parametrize("line", range(1, 40, 3))
def test_a_signal_is_heard_at_whatever_line_of_its_waiting_it_interrupts_the_worker(line):
    """At some of them the worker holds the lock of the Event that it waits for."""
    stop, lines = threading.Event(), 0
    before = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    worker.stop_on_signals(stop)

    def trace(frame, event, _):
        nonlocal lines
        if frame.f_code.co_filename == threading.__file__:
            lines += event == "line"
            if lines == line:
                lines += 1
                signal.raise_signal(signal.SIGTERM)
        return trace

    sys.settrace(trace)
    try:
        stop.wait(timeout=0.01)
    finally:
        sys.settrace(None)
        if lines < line:  # there are not so many
            signal.raise_signal(signal.SIGTERM)
        for number, handler in before:
            signal.signal(number, handler)
    assert stop.wait(timeout=10)


def test_a_tick_that_was_about_to_begin_holds_up_no_end():
    stop, timer = threading.Event(), worker.Timer()
    timer.add("org", Ticks(Passes(), SETTINGS, lambda: MONDAY), stop)
    assert timer.is_done(1.0)
    late = threading.Thread(target=timer._jobs["org"].func, daemon=True)
    late.start()
    late.join(5)
    assert not late.is_alive()
