"""Watches one org at each tick, and keeps a batch or two of it on their way."""

import logging
import threading
import time
from collections.abc import Callable

from sfsync import events
from sfsync.errors import Outage, SetupError, SfsyncError
from sfsync.events import Ended, Passed
from sfsync.oneorg import OneOrg
from sfsync.records import Batch
from sfsync.report import Outcome, Report
from sfsync.watch import Watch

log = logging.getLogger(__name__)

#: seconds between two batches of an org that does not take them: longer each time
_FIRST, _LONGEST = 15.0, 300.0


class Clock:
    """The pass of an org whose batches are served elsewhere, or in other threads."""

    def __init__(
        self,
        one: OneOrg,
        watch: Watch,
        send: Callable[[Batch], None],
        *,
        ahead: int,
        stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """At most so many batches are on their way: `ahead`."""
        self._one, self._watch, self._send, self._ahead = one, watch, send, ahead
        self._stopping, self._clock = stopping, clock
        #: what outcomes came to since the last tick
        self._heard = Report()
        self._troubles, self._not_before = 0, 0.0
        self._handing_out = threading.Lock()

    def run(self, *, sweep: bool) -> Report:
        """Look, and hand out what is to be served. The report also tells what outcomes came to meanwhile."""
        report, self._heard = self._heard, Report()
        try:
            if lost := self._watch.lose_the_silent():
                log.warning("nothing was heard of %d batches; they are sent again", lost)
            if sweep or not self._watch.busy:
                report.moved += self._watch.look(sweep=sweep)
            else:
                self._one.heed(Passed(ended=Ended.BUSY))
            self._hand_out()
        except SfsyncError as error:
            report.error = error
            if isinstance(error, SetupError):
                self._one.forget()
        report.paused = self._one.board.paused
        self._one.tell_admin(report.error)
        return report

    def hear(self, outcome: Outcome) -> bool:
        """Take in what became of a batch, and send the next one. Whether it was one of ours."""
        if not self._watch.learn(outcome):
            return False
        self._heard.add(outcome.report)
        self._pause(outcome.report.error)
        if not outcome.report.error and not outcome.report.paused:
            try:
                self._hand_out()
            except SfsyncError as error:
                log.debug("the next tick sends it: %s", error.in_log)
        return True

    def doubt(self) -> None:
        """The broker was away, and may have lost what is on its way."""
        self._watch.doubt()

    def _pause(self, error: SfsyncError | None) -> None:
        """An org that takes nothing shall not keep those busy who could serve others."""
        self._troubles = self._troubles + 1 if isinstance(error, Outage) else 0
        pause = min(_FIRST * 2 ** min(self._troubles - 1, 8), _LONGEST) if self._troubles else 0.0
        self._not_before = self._clock() + pause

    def _hand_out(self) -> None:
        """Raises TryAgainLater where the broker is away, SetupError where it does not let us in."""
        with self._handing_out:
            while self._may_send() and (batch := self._watch.next()):
                try:
                    self._send(batch)
                except SfsyncError as error:
                    self._watch.lose(batch.id)
                    self._one.heed(events.refused(error))
                    raise

    def _may_send(self) -> bool:
        if self._stopping() or self._one.board.paused or self._watch.sent >= self._ahead:
            return False
        return self._clock() >= self._not_before
