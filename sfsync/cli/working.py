"""What `clock`, `work` and `worker` have in common: one process, in either role or both."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from sfsync import schedule, tenants
from sfsync.cli.syncing import forget_secrets, installation
from sfsync.cli.watching import listener
from sfsync.cluster import limits, post
from sfsync.cluster.branch import Branch, Shop
from sfsync.cluster.post import Ends, Post
from sfsync.cluster.roster import Roster
from sfsync.errors import SetupError
from sfsync.events import Heed
from sfsync.heartbeat import Heartbeat
from sfsync.renderers import Renderers
from sfsync.settings import Settings
from sfsync.worker import DRAIN_SECONDS, Pass, Ticks, Timer, leave, stop_on_signals

log = logging.getLogger(__name__)

#: batches at once, and looks at once
_THREADS, _LOOKS = 8, 32
_NEW_ORGS_EVERY = timedelta(seconds=30)


def run(
    settings: Path,
    *,
    watches: bool,
    serves: bool,
    check_every: timedelta | None = None,
    threads: int | None = None,
    processes: int | None = None,
) -> int:
    """Watch, serve, or both, until SIGTERM or Ctrl-C. Returns the exit code."""
    stop = threading.Event()
    stop_on_signals(stop)
    environ = dict(os.environ)
    forget_secrets()
    here, broker = _name(environ), post.connect(environ)
    if not (watches and serves) and not environ.get(post.URL):
        remedy = "Set BROKER_URL on both, to Redis or RabbitMQ; or run sfsync worker, which needs none."
        raise SetupError("Clock and work are two processes, with a broker between them.", where=post.URL, remedy=remedy)
    alone = len(tenants.find(settings, lambda _: None)) <= 1
    heed = listener(environ)
    with ExitStack() as life:
        renderers = life.enter_context(Renderers({}, processes, heed=heed)) if serves else None
        shop = Shop(
            limits=limits.connect(environ, f"sfsync.{post.slug(here)}"),
            installation=here,
            now=schedule.utc_now,
            stopping=stop,
            renderers=renderers,
            heed=heed,
            ahead=2 if alone else 1,
            adjusted=lambda its: _hurried(its, check_every),
        )
        letters = Post(broker, here, stopping=stop, heed=heed)
        roster = Roster(settings, environ, shop, letters.send)
        timer = _Looks(roster, stop, Heartbeat(environ, schedule.utc_now), heed)
        if watches:
            timer.look()
        threads = threads or (2 if alone else _THREADS)
        ends = Ends(roster.serve if serves else None, roster.hear if watches else None, roster.doubt)
        letters.start(ends, threads)
        timer.keep_going() if watches else stop.wait()
        log.info("stopping after the batch in hand")
        done = letters.stop(DRAIN_SECONDS) and timer.is_done(1.0)
        return leave(done=done)


class _Looks:
    """The ticks of each org that has a file, also of those whose file comes later."""

    def __init__(self, roster: Roster, stop: threading.Event, heartbeat: Heartbeat, heed: Heed) -> None:
        self._roster, self._stop, self._heartbeat = roster, stop, heartbeat
        self._timer = Timer(_LOOKS, heed)
        self._branches: dict[str, Branch] = {}

    def look(self) -> None:
        """Begin with the orgs that are new, and end with those that are gone."""
        found = self._roster.look()
        for name in self._branches.keys() - found.keys():
            self._timer.remove(name)
        new = [name for name in found if found[name] is not self._branches.get(name)]
        for n, name in enumerate(new):
            branch = found[name]
            spread = branch.settings.check_every * n / len(new)
            ticks = Ticks(
                branch.run,
                branch.settings,
                schedule.utc_now,
                _fresh(branch),
                usage=branch.api.session.usage,
                heartbeat=self._heartbeat,
            )
            self._timer.add(name, ticks, self._stop, schedule.utc_now() + spread, branch.tenant.label)
        self._branches = found

    def keep_going(self) -> None:
        self._timer.also(_NEW_ORGS_EVERY, self.look)
        self._timer.keep_going(self._stop)

    def is_done(self, seconds: float) -> bool:
        return self._timer.is_done(seconds)


def _fresh(branch: Branch) -> Callable[[], tuple[Pass, Settings] | None]:
    """Tells the ticks of new settings, whoever has taken them up."""
    used = branch.settings

    def fresh() -> tuple[Pass, Settings] | None:
        nonlocal used
        branch.refresh()
        before, used = used, branch.settings
        return None if used is before else (branch.run, used)

    return fresh


def _name(environ: Mapping[str, str]) -> str:
    """What all processes of this installation are called. Raises SetupError where they could not agree on it."""
    if environ.get(post.URL) and not (environ.get("SFSYNC_INSTALLATION") or environ.get("HEROKU_APP_NAME")):
        raise SetupError(
            "Machines that share a broker need a common name.",
            where="SFSYNC_INSTALLATION",
            remedy="Set it to the same name, such as orderforms, on all of them.",
        )
    return installation(environ)


def _hurried(settings: Settings, every: timedelta | None) -> Settings:
    """The settings, or with another rhythm at all hours."""
    return settings.model_copy(update={"check_every": every, "check_otherwise_every": every}) if every else settings
