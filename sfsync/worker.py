"""Keep going: a pass at each tick, until somebody says stop."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Protocol

from apscheduler.schedulers.background import BackgroundScheduler

from sfsync.errors import Held, SetupError, trail
from sfsync.settings import Settings
from sfsync.sync import Report

log = logging.getLogger(__name__)

#: a sweep finds what slipped through the watch
SWEEP_EVERY = timedelta(hours=6)
#: Heroku kills 30 seconds after SIGTERM
DRAIN_SECONDS = 18.0
_REMIND_EVERY = timedelta(hours=1)


class Pass(Protocol):
    """What is made at a tick: `Sync.run`."""

    def __call__(self, *, sweep: bool) -> Report:
        """Make one pass over the org."""


class Ticks:
    """Decides at each tick whether to make a pass, and says what came of it. One pass at a time."""

    def __init__(
        self,
        make_pass: Pass,
        settings: Settings,
        now: Callable[[], datetime],
        fresh: Callable[[], tuple[Pass, Settings] | None] = lambda: None,
    ) -> None:
        """`fresh` gives another pass and settings where they changed meanwhile."""
        self._pass, self._settings, self._now, self._fresh = make_pass, settings, now, fresh
        self._passed: datetime | None = None
        self._swept: datetime | None = None
        self._trouble: datetime | None = None
        self._reminded: datetime | None = None
        self._held = False

    def tick(self) -> None:
        """Make a pass if it is time for one. Never raises: nothing may end the worker but its stop."""
        now = self._now()
        self._refresh()
        if not self._is_time(now):
            return
        self._passed = now
        sweep = self._swept is None or now - self._swept >= SWEEP_EVERY
        try:
            report = self._pass(sweep=sweep)
        except Exception as error:  # noqa: BLE001 (nothing may end the worker but its stop)
            text = "this is a bug of sfsync's; please report it. The next tick tries again. %s"
            log.error(text, trail(error))  # noqa: TRY400 (the error's own text may quote data)
            return
        if sweep and report.error is None:
            self._swept = now
        self._say(report, now)

    @property
    def every(self) -> timedelta:
        return self._settings.check_every

    def _refresh(self) -> None:
        try:
            found = self._fresh()
        except Exception as error:  # noqa: BLE001 (nothing may end the worker but its stop)
            log.error("this is a bug of sfsync's; please report it. %s", trail(error))  # noqa: TRY400 (as above)
            return
        if found:
            self._pass, self._settings = found
            self._passed = None

    def _is_time(self, now: datetime) -> bool:
        if self._passed is None or (now in self._settings.business_hours and not self._held):
            return True
        # half a tick of slack, since ticks are never quite on time
        return now - self._passed >= self._settings.check_otherwise_every - self._settings.check_every / 2

    def _say(self, report: Report, now: datetime) -> None:
        self._held = isinstance(report.error, Held)  # counting again what is held costs calls
        if report.made or report.failed or report.restored or report.waiting:
            log.info("%s", report)
        if report.error is None:
            if self._trouble:
                log.info("the org answers again")
            self._trouble = self._reminded = None
            return
        self._trouble = self._trouble or now
        lasting = now - self._trouble >= _REMIND_EVERY
        if self._reminded is None or now - self._reminded >= _REMIND_EVERY:
            level = logging.ERROR if lasting or isinstance(report.error, SetupError) else logging.WARNING
            log.log(level, "%s", report.error.in_log)
            self._reminded = now


def work(ticks: Ticks, stop: threading.Event) -> int:
    """Tick until `stop` is set or a signal comes; finish the batch in hand. Returns the exit code."""
    busy = threading.Lock()
    every = ticks.every

    def tick() -> None:
        nonlocal every
        if stop.is_set():
            return
        with busy:
            ticks.tick()
        if ticks.every != every:
            every = ticks.every
            job.reschedule("interval", seconds=every.total_seconds())

    def say_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, say_stop)
    scheduler = BackgroundScheduler(timezone=UTC)
    # a tick that comes late is made late, never dropped; two never overlap
    job = scheduler.add_job(
        tick,
        "interval",
        seconds=every.total_seconds(),
        next_run_time=datetime.now(UTC),
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
    )
    scheduler.start()
    log.info("looking every %d seconds; stop with Ctrl-C", every.total_seconds())
    stop.wait()
    log.info("stopping after the batch in hand")
    scheduler.shutdown(wait=False)
    if busy.acquire(timeout=DRAIN_SECONDS):
        return 0
    # the org still owes an answer; the next start looks up what was done
    log.warning("the org has not answered; leaving without it")
    logging.shutdown()
    os._exit(0)
