"""What lies between a client and the org: latency, and every trouble that the reliability notes name."""

from collections import Counter
from collections.abc import Callable, Mapping
from io import BytesIO
from random import Random
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from simulation import calls
from simulation.history import History
from simulation.server import Reply, Server
from simulation.timeline import Actor, Killed, Timeline

#: seconds that a call is under way, there and back
_LATENCY = (0.05, 0.4)
#: a request that the network kept lands at most so much later
_LATEST = 300.0
_FREEZE = (5.0, 40.0)

Deliver = Callable[[], Reply]


class Network:
    """Carries calls to the org. Each of `kinds` befalls the share `rate` of them, while it is `stormy`."""

    def __init__(
        self,
        server: Server,
        timeline: Timeline,
        history: History,
        random: Random,
        *,
        rate: float,
        lock: Callable[[], None],
        edit: Callable[[], None],
        seconds_a_file: float = 0.0,
    ) -> None:
        self._server, self._timeline, self._history = server, timeline, history
        self._random, self._lock, self._edit = random, lock, edit
        self.rate, self._seconds_a_file = rate, seconds_a_file
        self.stormy = True
        self.down = False
        #: what befalls the calls to come, before chance is asked
        self.next: list[str] = []
        #: when each call was sent, logins among them, and what it was for
        self.sent: list[tuple[float, str]] = []
        self.troubles: Counter[str] = Counter()
        self._kinds: Mapping[str, Callable[[Actor, Deliver, float], Reply]] = {
            "connection reset before the commit": self._reset_before,
            "connection reset after the commit": self._planned("drop", "after"),
            "time-out, the request lands later": self._late,
            "the request is delivered twice": self._twice,
            "503 with a page of HTML": self._planned("html", "before"),
            "503 with a page of HTML after the commit": self._planned("html", "after"),
            "429": self._planned(429, "before"),
            "answer cut short": self._planned("truncate", "after"),
            "answer that ends in the middle of its JSON": self._half,
            "UNABLE_TO_LOCK_ROW": self._locked,
            "edit between two queries of one call": self._between,
            "session revoked": self._planned("INVALID_SESSION_ID", "before"),
            "limit of API calls": self._planned("REQUEST_LIMIT_EXCEEDED", "before"),
            "worker killed": self._killed,
            "worker frozen": self._frozen,
        }

    def set_down(self, down: bool) -> None:
        """Let the whole org be down: each call ends in the page of an outage."""
        self.down = down
        self.troubles["outage"] += down

    @property
    def attempts(self) -> int:
        return len(self.sent)

    def sent_between(self, begin: float, end: float) -> Counter[str]:
        """How many calls of each kind were sent from one second to another."""
        return Counter(kind for at, kind in self.sent if begin <= at < end)

    def clear_up(self) -> None:
        """No more troubles from now on; what is still under way arrives."""
        self.stormy = False
        self.next.clear()

    def carry(self, actor: Actor, request: requests.PreparedRequest, patience: float) -> Reply:
        """Send one request and wait for its answer, at most `patience` seconds. Raises as `requests` does."""
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = {**request.headers, "Content-Length": str(len(body)), "Accept-Encoding": "identity"}

        def deliver() -> Reply:
            with self._history.by("worker"):
                return self._server.answer(str(request.method), str(request.url), headers, body)

        self.sent.append((self._timeline.seconds, calls.kind(str(request.url), body)))
        actor.sleep(self._random.uniform(*_LATENCY) / 2 + self._seconds_a_file * body.count(b'"VersionData"'))
        reply = self._fate()(actor, deliver, patience)
        actor.sleep(self._random.uniform(*_LATENCY) / 2)
        if reply.reset:
            raise requests.ConnectionError("the connection was reset")
        return reply

    def _fate(self) -> Callable[[Actor, Deliver, float], Reply]:
        if self.down:
            return self._planned("html", "before")
        name = self.next.pop(0) if self.next else self._by_chance()
        if name is None:
            return _well
        self.troubles[name] += 1
        return self._kinds[name]

    def _by_chance(self) -> str | None:
        chosen = self._random.random() / self.rate if self.rate and self.stormy else len(self._kinds)
        return self.kinds[int(chosen)] if chosen < len(self.kinds) else None

    @property
    def kinds(self) -> list[str]:
        """Everything that can befall a call."""
        return list(self._kinds)

    # ------------------------------------------------------------- what befalls

    def _planned(self, what: str | int, when: Any) -> Callable[[Actor, Deliver, float], Reply]:
        """A trouble that the pocket org makes itself."""

        def befall(_: Actor, deliver: Deliver, __: float) -> Reply:
            self._server.org.faults.add(what, when=when)
            return deliver()

        return befall

    def _reset_before(self, _: Actor, __: Deliver, ___: float) -> Reply:
        return Reply(reset=True)

    def _late(self, actor: Actor, deliver: Deliver, patience: float) -> Reply:
        self._timeline.after(self._random.uniform(0, _LATEST), lambda: _drop(deliver))
        actor.sleep(patience)
        raise requests.ReadTimeout("no answer came in time")

    def _twice(self, _: Actor, deliver: Deliver, __: float) -> Reply:
        reply = deliver()
        self._timeline.after(self._random.uniform(0, _LATEST), lambda: _drop(deliver))
        return reply

    def _half(self, _: Actor, deliver: Deliver, __: float) -> Reply:
        reply = deliver()
        reply.headers = [(k, v) for k, v in reply.headers if k.lower() not in {"content-length", "content-encoding"}]
        reply.body = reply.body[: len(reply.body) // 2]
        return reply

    def _locked(self, _: Actor, deliver: Deliver, __: float) -> Reply:
        self._lock()
        return deliver()

    def _between(self, _: Actor, deliver: Deliver, __: float) -> Reply:
        """The queries of one composite call do not see one moment: people go on writing between them."""
        with self._server.after_next_query(self._edit):
            return deliver()

    def _killed(self, _: Actor, deliver: Deliver, __: float) -> Reply:
        if self._random.choice((True, False)):
            deliver()
        raise Killed

    def _frozen(self, actor: Actor, deliver: Deliver, _: float) -> Reply:
        before = self._random.random()
        actor.sleep(self._random.uniform(*_FREEZE) * before)
        reply = deliver()
        actor.sleep(self._random.uniform(*_FREEZE) * (1 - before))
        return reply


def _drop(deliver: Deliver) -> None:
    """Nobody waits for this answer any more."""
    deliver()


def _well(_: Actor, deliver: Deliver, __: float) -> Reply:
    return deliver()


class Adapter(HTTPAdapter):
    """What `requests` calls in place of the network, on behalf of one process."""

    def __init__(self, network: Network, actor: Actor) -> None:
        super().__init__()
        self._network, self._actor = network, actor

    def send(self, request: requests.PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> requests.Response:
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        reply = self._network.carry(self._actor, request, patience)
        raw = urllib3.HTTPResponse(
            body=BytesIO(reply.body),
            headers=urllib3.HTTPHeaderDict(reply.headers),
            status=reply.status,
            preload_content=False,
        )
        return self.build_response(request, raw)
