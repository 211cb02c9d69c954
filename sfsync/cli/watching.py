"""Who listens to what happens: the log always, Prometheus where the environment says so."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sfsync import schedule, traces
from sfsync.events import Event, Heed, Waiting

log = logging.getLogger(__name__)

#: what waits for longer is said, this often
_LONG = timedelta(minutes=1)


def listener(environ: Mapping[str, str], now: Callable[[], datetime] = schedule.utc_now) -> Heed:
    """Whoever is told, with Prometheus answered from now on. Raises SetupError."""
    heeds = [Delays(now).heed]
    if environ.get("SFSYNC_METRICS_PORT"):
        from sfsync import metrics  # noqa: PLC0415 (its package is an extra, and costs 14 MB)

        kept = metrics.Metrics(now)
        server, _thread = metrics.serve(kept, environ)
        log.info("metrics on port %d", server.server_port, extra={"port": server.server_port})
        heeds.append(kept.heed)

    def heed(event: Event) -> None:
        for each in heeds:
            each(event)

    return heed


class Delays:
    """Says in the log how many requests wait and for how long, for platforms on which nobody can ask."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._said: dict[str, datetime] = {}

    def heed(self, event: Event) -> None:
        if not isinstance(event, Waiting) or event.oldest is None:
            return
        now, org = self._now(), traces.org.get()
        waited, said = now - event.oldest, self._said.get(org)
        if waited < _LONG or (said and abs(now - said) < _LONG):
            return
        self._said[org] = now
        numbers = {"count": event.count, "oldest": round(waited.total_seconds())}
        log.warning("%d requests wait, the oldest for %d s", event.count, numbers["oldest"], extra=numbers)
