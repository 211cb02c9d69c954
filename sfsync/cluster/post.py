"""The way between whoever watches and whoever serves: Dramatiq, in one process or by Redis or RabbitMQ.

A broker is there for speed alone. What it loses, doubles or delays does no harm: the clock sends again what it hears
nothing of, and Salesforce refuses a second form.
"""

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import dramatiq
from dramatiq.brokers.stub import StubBroker
from dramatiq.encoder import JSONEncoder
from dramatiq.middleware import Middleware

from sfsync.cluster import letters
from sfsync.cluster.letters import ForeignError
from sfsync.errors import SetupError, TryAgainLater
from sfsync.events import Heed, SetAside, nobody
from sfsync.records import Batch
from sfsync.report import Outcome

log = logging.getLogger(__name__)

URL = "BROKER_URL"
_SCHEMES = {"redis": "redis", "rediss": "redis", "unix": "redis", "amqp": "rabbitmq", "amqps": "rabbitmq"}
#: milliseconds after which an idle consumer looks again, and after which a silent worker counts as dead (Redis only)
_IDLE, _DEAD = 200, 10_000
#: of a million commands to Redis, how many also look for what dead workers left behind
_MAINTENANCE = 200_000
#: an outcome that reaches a clock which did not ask is passed on so often, after so many milliseconds
_HOPS, _HOP = 8, 100
_OUTCOMES_FIRST, _BATCHES = 0, 10
#: seconds between two tries to send an outcome, while the broker is away
_AGAIN = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True)
class Ends:
    """What a process does with letters: it serves batches, or hears outcomes, or both."""

    serve: Callable[[str, Batch], Outcome] | None = None
    #: whether the clock knows the batch
    hear: Callable[[str, Outcome], bool] | None = None


class Post:
    """Sends letters, and hands those that come to whoever is there for them."""

    def __init__(
        self,
        broker: dramatiq.Broker,
        name: str,
        *,
        stopping: threading.Event | None = None,
        heed: Heed = nobody,
    ) -> None:
        """`name` keeps installations on one broker apart."""
        dramatiq.set_encoder(_Letters())
        self._broker, self._stopping = broker, stopping or threading.Event()
        self._ends = Ends()
        self._worker: dramatiq.Worker | None = None
        self._queues = {what: f"sfsync.{slug(name)}.{what}" for what in ("work", "clock")}
        broker.add_middleware(_SetAside(heed))
        self._serve = self._actor(self._on_batch, "serve", self._queues["work"], _BATCHES)
        self._hear = self._actor(self._on_outcome, "hear", self._queues["clock"], _OUTCOMES_FIRST)
        self._foreign = self._actor(_on_foreign, _FOREIGN, self._queues["clock"], _BATCHES)

    def _actor(
        self, function: Callable[..., None], name: str, queue: str, priority: int
    ) -> "dramatiq.Actor[..., None]":
        actor = dramatiq.Actor(
            function, broker=self._broker, actor_name=name, queue_name=queue, priority=priority, options={}
        )
        actor.logger.setLevel(logging.WARNING)  # what travels is said where it is made and heard
        return actor

    def start(self, ends: Ends, threads: int) -> None:
        """Take in letters, and serve so many batches at once."""
        self._ends = ends
        queues = {self._queues[what] for what, end in (("work", ends.serve), ("clock", ends.hear)) if end}
        # one more than batches may be in hand, so that an outcome never waits for them
        self._worker = dramatiq.Worker(self._broker, queues=queues, worker_timeout=_IDLE, worker_threads=threads + 1)
        self._worker.queue_prefetch = threads
        self._worker.start()

    def stop(self, seconds: float) -> bool:
        """Finish what is in hand; what is not begun goes back to the broker. Whether all was finished in time."""
        if self._worker is None:
            return True
        self._worker.stop(timeout=int(seconds * 1000))
        done = not any(thread.is_alive() for thread in self._worker.workers)
        with suppress(TryAgainLater), _broker_trouble():
            self._broker.close()
        return done

    def send(self, org: str, batch: Batch) -> None:
        """Hand a batch to whoever works. Raises TryAgainLater where the broker is away."""
        with _broker_trouble():
            self._serve.send(org, letters.of_batch(batch))

    def _on_batch(self, org: Any, letter: Any) -> None:
        batch = letters.batch(letter)
        if not isinstance(org, str) or self._ends.serve is None:
            raise ForeignError("a batch of no org")
        outcome = letters.of_outcome(self._ends.serve(org, batch))
        for pause in (*_AGAIN, 0.0):
            try:
                with _broker_trouble():
                    self._hear.send(org, outcome, _HOPS)
            except TryAgainLater as error:
                log.warning("an outcome waits: %s", error.in_log)
                if self._stopping.wait(pause):
                    return  # the clock sends the batch again, and finds that all is done
            else:
                return

    def _on_outcome(self, org: Any, letter: Any, hops: Any) -> None:
        outcome = letters.outcome(letter)
        if not isinstance(org, str) or type(hops) is not int or self._ends.hear is None:
            raise ForeignError("an outcome of no org")
        if not self._ends.hear(org, outcome) and hops > 0:
            # two clocks overlap, as at a deploy: it is the other one's
            self._hear.send_with_options(args=(org, letter, hops - 1), delay=_HOP)


_FOREIGN = "foreign"


def _on_foreign() -> None:
    raise ForeignError("a message that is not ours")


class _Letters(JSONEncoder):
    """What cannot be read becomes a message that is set aside, since a consumer would stumble over it for ever."""

    def decode(self, data: bytes) -> dict[str, Any]:
        try:
            fields: dict[str, Any] = super().decode(data)
            dramatiq.Message(**{**fields, "args": tuple(fields["args"])})
            known = fields["actor_name"] in {"serve", "hear"} and isinstance(fields["options"], dict)
        except Exception:  # noqa: BLE001 (whatever a stranger sends)
            fields, known = {}, False
        if known:
            return fields
        options = fields.get("options")
        kept = options if isinstance(options, dict) else {"redis_message_id": "unreadable"}
        queue = fields.get("queue_name")
        where = queue if isinstance(queue, str) else ""
        return {"queue_name": where, "actor_name": _FOREIGN, "args": (), "kwargs": {}, "options": kept}


class _SetAside(Middleware):
    """Says of a message that is set aside that it is, and nothing of what it holds."""

    def __init__(self, heed: Heed) -> None:
        self._heed = heed

    def after_nack(self, _broker: dramatiq.Broker, message: Any) -> None:
        log.error("a message was set aside, since none of ours wrote it: %s", message.message_id)
        self._heed(SetAside())


def connect(environ: Mapping[str, str]) -> dramatiq.Broker:
    """The broker that BROKER_URL names, or none at all: then all stays in this process. Raises SetupError."""
    url = environ.get(URL, "")
    if not url:
        return StubBroker(middleware=[])
    kind = _SCHEMES.get(urlsplit(url).scheme)
    if kind is None:
        remedy = "Write it like redis://… or amqp://…, or leave it out: one process needs no broker."
        raise SetupError("It is neither Redis nor RabbitMQ.", where=URL, remedy=remedy)
    try:
        if kind == "redis":
            from dramatiq.brokers.redis import RedisBroker  # noqa: PLC0415 (an extra)

            found: dramatiq.Broker = RedisBroker(  # type: ignore[no-untyped-call]
                url=url, middleware=[], namespace="sfsync", heartbeat_timeout=_DEAD, maintenance_chance=_MAINTENANCE
            )
            return found
        from dramatiq.brokers.rabbitmq import RabbitmqBroker  # noqa: PLC0415 (an extra)

        return RabbitmqBroker(url=url, middleware=[], confirm_delivery=True)
    except ImportError:
        remedy = "pip install 'sfsync[brokers]'"
        raise SetupError("The packages for a broker are not installed.", where=URL, remedy=remedy) from None
    except ValueError:
        raise SetupError("It is not a broker's address.", where=URL, remedy="Copy it again.") from None


def slug(name: str) -> str:
    """A name that a queue may have; different names stay different."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@contextmanager
def _broker_trouble() -> Iterator[None]:
    """Whatever goes wrong with a broker is a matter of time."""
    try:
        yield
    except ForeignError:
        raise
    except Exception as error:  # noqa: BLE001 (Redis' and RabbitMQ's errors have no kinship, and may not be installed)
        raise TryAgainLater(
            f"The broker cannot be reached ({type(error).__name__}).", where=URL, code="broker"
        ) from None
