"""Who listens to what happens: Prometheus, where the environment says so; else nobody."""

import logging
from collections.abc import Mapping

from sfsync import schedule
from sfsync.events import Heed, nobody

log = logging.getLogger(__name__)


def listener(environ: Mapping[str, str]) -> Heed:
    """Whoever is told, already listened to. Raises SetupError."""
    if not environ.get("SFSYNC_METRICS_PORT"):
        return nobody
    from sfsync import metrics  # noqa: PLC0415 (its package is an extra, and costs 14 MB)

    kept = metrics.Metrics(schedule.utc_now)
    server, _thread = metrics.serve(kept, environ)
    log.info("metrics on port %d", server.server_port, extra={"port": server.server_port})
    return kept.heed
