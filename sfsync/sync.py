"""The story in one go: one pass over the six steps. Watch, read, compose, render, attach, tell."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from sfsync.errors import SetupError, SfsyncError
from sfsync.events import Heed, nobody
from sfsync.forms.blueprint import Blueprint
from sfsync.oneorg import OneOrg
from sfsync.report import Report
from sfsync.salesforce.api import Api
from sfsync.salesforce.budget import Usage
from sfsync.serve import Renders, Serve
from sfsync.settings import Settings
from sfsync.watch import Watch


class Sync:
    """Makes the passes over one org, watching and serving in turn."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        blueprints: Sequence[Blueprint],
        renderers: Renders,
        *,
        clock: Callable[[], float] = time.monotonic,
        remake: bool = False,
        since: datetime | None = None,
        at_most: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
        attached: Callable[[int], None] = lambda _number: None,
        installation: str = "",
        heed: Heed = nobody,
    ) -> None:
        self.one = OneOrg(api, settings, blueprints, remake=remake, installation=installation, heed=heed)
        self.watch = Watch(self.one, clock=clock, since=since, at_most=at_most)
        self.serve = Serve(self.one, renderers, clock=clock, stopping=stopping, attached=attached)
        self._stopping = stopping

    def run(self, *, sweep: bool = False) -> Report:
        """Make one pass; a `sweep` reads every record of the watched stages, and not only what moved.

        It does not raise for what the org or a record does: the report says it.
        """
        report = Report()
        try:
            report.moved = self.watch.look(sweep=sweep)
        except SfsyncError as error:
            report.error = error
            if isinstance(error, SetupError):
                self.one.forget()
        else:
            self._serve(report)
        report.paused = self.one.board.paused
        self.one.tell_admin(report.error)
        return report

    def _serve(self, report: Report) -> None:
        """All that waits, batch by batch; what did not come to its end waits for the next pass."""
        while not (report.error or self.one.board.paused or self._stopping()) and (batch := self.watch.next()):
            outcome = self.serve.batch(batch)
            self.watch.learn(outcome)
            report.add(outcome.report)

    @property
    def usage(self) -> Usage:
        """How much of the org's budget is spent, as its latest answer said."""
        return self.one.api.session.usage
