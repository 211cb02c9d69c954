"""What Prometheus may ask: series with the names of orgs and of causes, never with Ids of records.

Needs the extra `metrics`. Everything is kept in memory and in a registry of its own; it starts anew with the process.
"""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial, singledispatchmethod
from pathlib import Path
from wsgiref.simple_server import WSGIServer

from sfsync import __version__, traces
from sfsync.errors import SetupError
from sfsync.events import (
    Attached,
    Budget,
    Called,
    Ended,
    Event,
    Files,
    Gone,
    InFlight,
    LoggedIn,
    Passed,
    Refused,
    Rendered,
    Restored,
    SetAside,
    Waiting,
    Who,
)

try:
    from prometheus_client import (
        CollectorRegistry,
        Counter,
        Gauge,
        Histogram,
        disable_created_metrics,
        start_http_server,
    )
except ModuleNotFoundError:
    raise SetupError(
        "Metrics need a package that is not installed (prometheus_client).",
        where="SFSYNC_METRICS_PORT",
        remedy="Install it: pip install 'sfsync[metrics]'",
    ) from None

_PORT, _HOST = "SFSYNC_METRICS_PORT", "SFSYNC_METRICS_HOST"
_HIGHEST = 65535
#: seconds from request to file
_REQUEST = (2, 5, 10, 15, 30, 60, 120, 300, 900)
#: of one PDF; a form may take ten
_RENDER = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
#: of one call, whose patience ends after 60
_CALL = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)
_OUTCOMES = {Who.REP: "incomplete", Who.ADMIN: "failed", Who.LATER: "later"}


class Metrics:
    """A listener: give its `heed` to whoever has something to tell."""

    def __init__(self, now: Callable[[], datetime], registry: CollectorRegistry | None = None) -> None:
        self._now, self.registry = now, registry or CollectorRegistry()
        self._known: set[str] = set()
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        org = ["org"]
        self._request = histogram(
            "sfsync_request_to_attached_seconds", "From the request in Salesforce to the file", org, buckets=_REQUEST
        )
        self._forms = counter("sfsync_forms_total", "Forms by what became of them", ["org", "outcome"])
        self._failures = counter("sfsync_failures_total", "Failures by who acts next and why", ["org", "who", "cause"])
        self._waiting = gauge("sfsync_waiting", "Requests whose form is not there yet, and not for the rep's sake", org)
        self._oldest = gauge("sfsync_oldest_waiting_seconds", "How long the oldest of them has waited", org)
        self._in_flight = gauge("sfsync_in_flight", "Forms on their way into the org now", org)
        self._passes = counter("sfsync_passes_total", "Looks at the org by how they ended", ["org", "outcome"])
        self._good = gauge(
            "sfsync_last_good_pass_timestamp_seconds",
            "When a look at the org last ended well, or the worker began",
            org,
        )
        self._moved = counter("sfsync_moved_total", "Opportunities that were read since they had moved", org)
        self._calls = counter("sfsync_api_calls_total", "API calls by kind and status", ["org", "kind", "status"])
        self._call = histogram("sfsync_api_call_seconds", "Until the org has answered", ["org", "kind"], buckets=_CALL)
        self._budget = gauge(
            "sfsync_api_budget_used_ratio", "Of the org's API calls in 24 hours, used by whomever", org
        )
        self._files = gauge("sfsync_files_24h", "Forms that the org was given in the last 24 hours", org)
        self._logins = counter("sfsync_logins_total", "Logins by outcome", ["org", "outcome"])
        self._render = histogram("sfsync_render_seconds", "To make one PDF", org, buckets=_RENDER)
        self._rendered = counter("sfsync_rendered_bytes_total", "Bytes of PDFs", org)
        self._of_orgs = [each for each in vars(self).values() if isinstance(each, Counter | Gauge | Histogram)]
        memory = gauge("sfsync_memory_bytes", "Resident memory", ["part"])
        for part in ("worker", "renderers"):
            memory.labels(part).set_function(partial(_memory, part))
        self._set_aside = counter("sfsync_messages_set_aside_total", "Messages by the broker that none of ours wrote")
        gauge("sfsync_info", "Which version runs", ["version"]).labels(__version__).set(1)

    def heed(self, event: Event) -> None:
        """Keep what has happened in the org that is being worked on."""
        org = traces.org.get()
        if isinstance(event, SetAside):
            self._set_aside.inc()
        elif isinstance(event, Gone):
            self.forget(org)
        else:
            self.know(org)
            self._keep(event, org)

    def forget(self, org: str) -> None:
        """End an org's series: what is no longer looked at is no trouble."""
        self._known.discard(org)
        for each in self._of_orgs:
            each.remove_by_labels({"org": org})

    def know(self, org: str) -> None:
        """Begin an org's series at 0: what appears with its first failure would never be seen to grow."""
        if org in self._known:
            return
        self._known.add(org)
        for outcome in ("attached", "restored", *_OUTCOMES.values()):
            self._forms.labels(org, outcome)
        for ended in Ended:
            self._passes.labels(org, ended.value)
        for outcome in ("accepted", "refused"):
            self._logins.labels(org, outcome)
        self._good.labels(org).set(self._now().timestamp())

    @singledispatchmethod
    def _keep(self, event: Event, org: str) -> None:
        raise NotImplementedError(type(event))

    @_keep.register
    def _(self, event: Attached, org: str) -> None:
        self._forms.labels(org, "attached").inc()
        self._request.labels(org).observe(max(event.seconds, 0))

    @_keep.register
    def _(self, event: Restored, org: str) -> None:
        self._forms.labels(org, "restored").inc(event.count)

    @_keep.register
    def _(self, event: Refused, org: str) -> None:
        if event.opportunity_id:
            self._forms.labels(org, _OUTCOMES[event.who]).inc()
        self._failures.labels(org, event.who.value, event.cause).inc()

    @_keep.register
    def _(self, event: Rendered, org: str) -> None:
        self._render.labels(org).observe(event.seconds)
        self._rendered.labels(org).inc(event.size)

    @_keep.register
    def _(self, event: Called, org: str) -> None:
        status = f"{event.status // 100}xx" if event.status else "none"
        self._calls.labels(org, event.kind, status).inc()
        self._call.labels(org, event.kind).observe(event.seconds)

    @_keep.register
    def _(self, event: LoggedIn, org: str) -> None:
        self._logins.labels(org, "accepted" if event.accepted else "refused").inc()

    @_keep.register
    def _(self, event: Passed, org: str) -> None:
        self._passes.labels(org, event.ended.value).inc()
        self._moved.labels(org).inc(event.moved)
        if event.ended in {Ended.GOOD, Ended.PAUSED, Ended.BUSY}:
            self._good.labels(org).set(self._now().timestamp())

    @_keep.register
    def _(self, event: Waiting, org: str) -> None:
        self._waiting.labels(org).set(event.count)
        self._oldest.labels(org).set_function(partial(self._since, event.oldest))

    def _since(self, moment: datetime | None) -> float:
        """Seconds, which grow between two passes as well."""
        return max((self._now() - moment).total_seconds(), 0) if moment else 0.0

    @_keep.register
    def _(self, event: InFlight, org: str) -> None:
        self._in_flight.labels(org).set(event.count)

    @_keep.register
    def _(self, event: Budget, org: str) -> None:
        self._budget.labels(org).set(event.used / event.allowed if event.allowed else 0)

    @_keep.register
    def _(self, event: Files, org: str) -> None:
        self._files.labels(org).set(event.count)


def serve(metrics: Metrics, environ: Mapping[str, str]) -> tuple[WSGIServer, threading.Thread]:
    """Answer Prometheus on a thread of its own that keeps nothing alive. Raises SetupError."""
    disable_created_metrics()  # type: ignore[no-untyped-call] # when each series began doubles them, and says nothing here
    port = _port(environ[_PORT])
    host = environ.get(_HOST) or "127.0.0.1"
    try:
        return start_http_server(port, host, metrics.registry)
    except OSError as error:
        what = f"It cannot be listened on {host}, port {port}: {error.strerror or type(error).__name__}."
        raise SetupError(what, where=_PORT, remedy="Set it to a port that is free; one for each process.") from None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST:
        raise SetupError("It is not the number of a port.", where=_PORT, remedy="Write a number such as 9464.")
    return int(text)


def _memory(part: str) -> float:
    """Resident bytes of this process, or of its render processes; 0 where the machine does not say (not Linux)."""
    return float(sum(map(_resident, [str(os.getpid())] if part == "worker" else _children())))


def _children() -> list[str]:
    """Not by `multiprocessing`, which would clear away whoever has ended, under the hands of another thread."""
    found: list[str] = []
    for thread in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found += thread.read_text("ascii").split()
    return found


def _resident(pid: str) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
