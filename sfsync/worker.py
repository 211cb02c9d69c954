"""Keep going: a pass over each org at each of its ticks, until somebody says stop."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from types import FrameType
from typing import Protocol

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler

from sfsync import traces
from sfsync.errors import Held, Outage, SetupError, SfsyncError, trail
from sfsync.events import Ended, Heed, Passed, nobody
from sfsync.heartbeat import Heartbeat
from sfsync.report import Report
from sfsync.salesforce.budget import Usage
from sfsync.schedule import utc_now
from sfsync.settings import Settings

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
        *,
        usage: Usage | None = None,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        """`fresh` gives another pass and settings where they changed meanwhile."""
        self._pass, self._settings, self._now, self._fresh = make_pass, settings, now, fresh
        self._usage, self._heartbeat = usage or Usage(), heartbeat
        self._passed: datetime | None = None
        self._swept: datetime | None = None
        self._trouble: datetime | None = None
        self._ailing: SfsyncError | None = None
        self._reminded: datetime | None = None
        self._held = False
        self._inside = True

    def tick(self) -> None:
        """Make a pass if it is time for one. Never raises: nothing may end the worker but its stop."""
        now = self._now()
        self._refresh()
        self._say_hours(now)
        if not self._is_time(now):
            return
        self._passed = now
        sweep = self._swept is None or (_long_ago(self._swept, SWEEP_EVERY, now) and not self._usage.forms_only)
        try:
            report = self._pass(sweep=sweep)
        except Exception as error:  # noqa: BLE001 (nothing may end the worker but its stop)
            text = "this is a bug of sfsync's; please report it. The next tick tries again. %s"
            log.error(text, trail(error))  # noqa: TRY400 (the error's own text may quote data)
            return
        finally:
            if self._heartbeat:
                self._heartbeat.lives()
        if sweep and report.error is None:
            self._swept = now
        if self._heartbeat and report.error is None:
            self._heartbeat.is_well()
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

    def _say_hours(self, now: datetime) -> None:
        """Once when business hours end, and when they begin again: a form then takes longer, or no longer."""
        inside, was_inside = now in self._settings.business_hours, self._inside
        self._inside = inside
        if inside != was_inside and self.every != self._settings.check_otherwise_every:
            where, pause = ("in", self.every) if inside else ("outside", self._settings.check_otherwise_every)
            log.info("%s business hours: looking every %d seconds", where, pause.total_seconds())

    def _is_time(self, now: datetime) -> bool:
        if self._passed is None:
            return True
        tick = self._settings.check_every
        often = now in self._settings.business_hours and not self._held
        pause = (tick if often else self._settings.check_otherwise_every) * self._usage.rarer
        # half a tick of slack, since ticks are never quite on time
        return _long_ago(self._passed, pause - tick / 2, now)

    def _say(self, report: Report, now: datetime) -> None:
        self._held = isinstance(report.error, Held)  # counting again what is held costs calls
        if report.made or report.failed or report.restored or report.waiting:
            log.info("%s", report, extra=report.numbers)
        if report.error is None:
            if self._trouble:
                log.info("the org answers again" if isinstance(self._ailing, Outage) else "all is well again")
            self._trouble = self._reminded = self._ailing = None
            return
        self._trouble, self._ailing = self._trouble or now, report.error
        lasting = now - self._trouble >= _REMIND_EVERY
        if self._reminded is None or now - self._reminded >= _REMIND_EVERY:
            level = logging.ERROR if lasting or isinstance(report.error, SetupError) else logging.WARNING
            log.log(level, "%s", report.error.in_log)
            self._reminded = now


def _long_ago(then: datetime, pause: timedelta, now: datetime) -> bool:
    """Whether the pause is over; a clock that was set back says nothing of it, and counts as yes."""
    return not timedelta() <= now - then < pause


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT set `stop`, however often they come.

    A thread does it: whom the signal interrupts may hold the Event's own lock, and would wait for itself for ever.
    """
    told: SimpleQueue[None] = SimpleQueue()  # its `put` may interrupt anything

    def say_stop(_number: int, _frame: FrameType | None) -> None:
        told.put(None)

    def hear() -> None:
        told.get()
        stop.set()

    threading.Thread(target=hear, name="stop", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, say_stop)


class Timer:
    """Lets the ticks of each org come, each in its own rhythm; those of one org never overlap."""

    def __init__(self, threads: int = 1, heed: Heed = nobody) -> None:
        pool = ThreadPoolExecutor(threads)
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": pool})
        self._scheduler.add_listener(self._on_skip, EVENT_JOB_MAX_INSTANCES)
        self._heed = heed
        self._jobs: dict[str, Job] = {}
        #: what log lines and metrics call each org, by its job's Id
        self._labels: dict[str, str] = {}
        #: held while an org's tick goes on
        self._busy: dict[str, threading.Lock] = {}

    def add(
        self, name: str, ticks: Ticks, stop: threading.Event, first: datetime | None = None, label: str = ""
    ) -> None:
        """Begin with an org, at once or at a given moment. `label` is what log lines and metrics call it."""
        every, busy = ticks.every, self._busy.setdefault(name, threading.Lock())

        def tick() -> None:
            nonlocal every
            if stop.is_set():
                return
            with busy, traces.about(traces.org, label):
                if stop.is_set():
                    return
                ticks.tick()
            if ticks.every != every and name in self._jobs:
                every = ticks.every
                self._jobs[name].reschedule("interval", seconds=every.total_seconds())

        self._jobs[name] = job = self._schedule(tick, every, first or utc_now())
        self._labels[job.id] = label
        with traces.about(traces.org, label):
            log.info("looking every %d seconds; stop with Ctrl-C", every.total_seconds())

    def _on_skip(self, event: JobSubmissionEvent) -> None:
        """A tick came while the last one was still at work."""
        if event.job_id in self._labels:
            with traces.about(traces.org, self._labels[event.job_id]):
                self._heed(Passed(ended=Ended.SKIPPED))

    def _schedule(self, tick: Callable[[], None], every: timedelta, first: datetime) -> Job:
        # a tick that comes late is made late, never dropped; two never overlap
        return self._scheduler.add_job(
            tick,
            "interval",
            seconds=every.total_seconds(),
            next_run_time=first,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )

    def remove(self, name: str) -> None:
        """An org that is no longer ours."""
        job = self._jobs.pop(name)
        self._labels.pop(job.id)
        job.remove()

    def also(self, every: timedelta, function: Callable[[], None]) -> None:
        """Call something else now and then."""
        self._schedule(function, every, utc_now() + every)

    def keep_going(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        self._scheduler.start()
        _keep_time(lambda: list(self._jobs.values()), stop, utc_now)
        self._scheduler.shutdown(wait=False)

    def is_done(self, seconds: float) -> bool:
        """Whether all ticks came to their end within so many seconds."""
        until = time.monotonic() + seconds
        for busy in list(self._busy.values()):
            if not busy.acquire(timeout=max(until - time.monotonic(), 0)):
                return False
            busy.release()  # a tick that was about to begin would wait for it for ever, and the process for the tick
        return True


def leave(*, done: bool) -> int:
    """Return the exit code; where the org still owes an answer, the process ends here and now."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # told once more while Python ends, when our handlers are gone, it would not end with 0
        signal.signal(number, signal.SIG_IGN)
    if done:
        return 0
    # the next start looks up what was done
    log.warning("the org has not answered; leaving without it")
    logging.shutdown()
    os._exit(0)


def _keep_time(jobs: Callable[[], Sequence[Job]], stop: threading.Event, now: Callable[[], datetime]) -> None:
    """Wait for `stop`. Where the clock is set back, the scheduler would wait until it is as late again as it was."""
    latest = now()
    while not stop.wait(timeout=1):
        moment = now()
        if moment < latest - timedelta(seconds=1):
            for job in jobs():
                job.modify(next_run_time=moment)
        latest = moment
