"""The way between whoever watches and whoever serves: Dramatiq, in one process or by Redis or RabbitMQ.

A broker is there for speed alone. What it loses, doubles or delays does no harm: the clock sends again what it hears
nothing of, and Salesforce refuses a second form.
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import dramatiq
from dramatiq.encoder import JSONEncoder
from dramatiq.middleware import Middleware

from sfsync.cluster import ears, letters
from sfsync.cluster.ears import Ears, Here
from sfsync.cluster.letters import ForeignError
from sfsync.errors import SetupError, SfsyncError, TryAgainLater, trail
from sfsync.events import Heed, SetAside, nobody
from sfsync.records import Batch
from sfsync.report import Outcome

log = logging.getLogger(__name__)

URL = ears.URL
_SCHEMES = {"redis": "redis", "rediss": "redis", "unix": "redis", "amqp": "rabbitmq", "amqps": "rabbitmq"}
#: milliseconds after which an idle consumer looks again
_IDLE = 200
#: an outcome that reaches a clock which did not ask is passed on so often, after so many milliseconds
_HOPS, _HOP = 12, 100
_OUTCOMES_FIRST, _BATCHES = 0, 10
#: seconds between two tries to send an outcome while the broker is away: after five minutes its clock gives it up
_AGAIN = (1.0, 2.0, 4.0, 8.0, *[15.0] * 19)
#: seconds in which nobody else tries what has just failed
_BREATH = 3.0


@dataclass(frozen=True, slots=True)
class Ends:
    """What a process does with letters: it serves batches, or hears outcomes, or both."""

    serve: Callable[[str, Batch], Outcome] | None = None
    #: whether the clock knows the batch
    hear: Callable[[str, Outcome], bool] | None = None
    #: called when the broker is back, and may have lost what was on its way
    doubt: Callable[[], None] = lambda: None


class Post:
    """Sends letters, and hands those that come to whoever is there for them."""

    def __init__(
        self,
        broker: Ears,
        name: str,
        *,
        stopping: threading.Event | None = None,
        heed: Heed = nobody,
    ) -> None:
        """`name` keeps installations on one broker apart."""
        dramatiq.set_encoder(_Letters())
        ears.hush()
        self._broker, self._stopping = broker, stopping or threading.Event()
        self._ends = Ends()
        self._worker: dramatiq.Worker | None = None
        self._sending, self._not_before = threading.Lock(), 0.0
        self._queues = {what: f"sfsync.{slug(name)}.{what}" for what in ("work", "clock")}
        broker.add_middleware(_SetAside(heed))
        self._serve = self._actor(self._on_batch, "serve", self._queues["work"], _BATCHES)
        self._hear = self._actor(self._on_outcome, "hear", self._queues["clock"], _OUTCOMES_FIRST)

    def _actor(
        self, function: Callable[[tuple[Any, ...]], None], name: str, queue: str, priority: int
    ) -> "dramatiq.Actor[..., None]":
        def taken(*args: Any, **more: Any) -> None:
            function((*args, more) if more else args)

        return dramatiq.Actor(
            taken, broker=self._broker, actor_name=name, queue_name=queue, priority=priority, options={}
        )

    def start(self, ends: Ends, threads: int) -> None:
        """Take in letters, and serve so many batches at once."""
        self._ends, self._broker.line.back = ends, ends.doubt
        queues = {self._queues[what] for what, end in (("work", ends.serve), ("clock", ends.hear)) if end}
        # one more than batches may be in hand, so that an outcome never waits for them
        self._worker = dramatiq.Worker(self._broker, queues=queues, worker_timeout=_IDLE, worker_threads=threads + 1)
        self._worker.queue_prefetch = threads
        self._worker.start()

    def stop(self, seconds: float) -> bool:
        """Finish what is in hand; what is not begun goes back to the broker. Whether all was finished in time."""
        if self._worker is None:
            return True
        # whoever hangs up on a broker that hangs waits for its answer
        end = threading.Thread(target=self._end, args=[seconds], daemon=True)
        end.start()
        end.join(seconds)
        return not end.is_alive() and not any(thread.is_alive() for thread in self._worker.workers)

    def _end(self, seconds: float) -> None:
        with suppress(SfsyncError), _broker_trouble():
            if self._worker:
                self._worker.stop(timeout=int(seconds * 1000))
        with suppress(SfsyncError), _broker_trouble():
            self._broker.close()

    def send(self, org: str, batch: Batch) -> None:
        """Hand a batch to whoever works. Raises TryAgainLater where the broker is away, SetupError where it refuses."""
        self._sent(self._serve, org, letters.of_batch(batch))

    def _sent(self, actor: "dramatiq.Actor[..., None]", *args: Any, delay: int | None = None) -> None:
        """One at a time, since all would wait for the same broker; what fails for one is not tried by all."""
        with self._sending:
            if time.monotonic() < self._not_before:
                raise TryAgainLater("The broker is away.", where=URL)
            try:
                with _broker_trouble():
                    actor.send_with_options(args=args, delay=delay)
            except SfsyncError:
                self._not_before = time.monotonic() + _BREATH
                raise

    def _on_batch(self, letter: tuple[Any, ...]) -> None:
        if len(letter) != 2 or not isinstance(letter[0], str) or self._ends.serve is None:  # noqa: PLR2004 (org, batch)
            raise ForeignError("a batch of no org")
        org, batch = letter[0], letters.batch(letter[1])
        outcome = letters.of_outcome(self._ends.serve(org, batch))
        for number, pause in enumerate((*_AGAIN, 0.0)):
            try:
                self._sent(self._hear, org, outcome, _HOPS)
            except SfsyncError as error:
                if not number:
                    log.warning("an outcome waits: %s", error.in_log)
                if self._stopping.wait(pause):
                    return  # the clock sends the batch again, and finds that all is done
            else:
                return

    def _on_outcome(self, letter: tuple[Any, ...]) -> None:
        if len(letter) != 3 or not isinstance(letter[0], str) or self._ends.hear is None:  # noqa: PLR2004 (and hops)
            raise ForeignError("an outcome of no org")
        (org, written, hops), outcome = letter, letters.outcome(letter[1])
        if type(hops) is not int or hops > _HOPS:
            raise ForeignError("an outcome that goes round and round")
        if not self._ends.hear(org, outcome) and hops > 0:
            # two clocks overlap, as at a deploy: it is the other one's
            with suppress(SfsyncError):
                self._sent(self._hear, org, written, hops - 1, delay=_HOP)


class _Letters(JSONEncoder):
    """What cannot be read becomes nobody's message, and is set aside: a consumer would stumble over it for ever."""

    def decode(self, data: bytes) -> dict[str, Any]:
        with suppress(Exception):  # whatever a stranger sends
            fields: dict[str, Any] = super().decode(data)
            kinds = {
                "queue_name": str,
                "actor_name": str,
                "message_id": str,
                "args": list,
                "kwargs": dict,
                "options": dict,
            }
            if all(isinstance(fields[name], kind) for name, kind in kinds.items()) and dramatiq.Message(**fields):
                return fields
        return {"queue_name": "", "actor_name": "", "args": (), "kwargs": {}, "options": {}}


class _SetAside(Middleware):
    """Says of a message that is set aside that it is, and nothing of what it holds."""

    def __init__(self, heed: Heed) -> None:
        self._heed = heed

    def after_process_message(
        self, _broker: dramatiq.Broker, message: Any, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        del result
        if exception is None:
            return
        message.fail()
        if not isinstance(exception, ForeignError):
            log.error("this is a bug of sfsync's; please report it. %s", trail(exception))

    def after_nack(self, _broker: dramatiq.Broker, _message: Any) -> None:
        log.error("a message was set aside: it is none of ours, or nobody can read it")
        self._heed(SetAside())


def connect(environ: Mapping[str, str]) -> Ears:
    """The broker that BROKER_URL names, or none at all: then all stays in this process. Raises SetupError."""
    url = environ.get(URL, "")
    if not url:
        return Here(middleware=[])
    try:
        kind = _SCHEMES.get(urlsplit(url).scheme)
        if kind == "redis":
            from sfsync.cluster.onredis import Redis  # noqa: PLC0415 (an extra)

            return Redis(url)
        if kind == "rabbitmq":
            from sfsync.cluster.onrabbitmq import RabbitMQ  # noqa: PLC0415 (an extra)

            return RabbitMQ(url)
    except ImportError:
        remedy = "pip install 'sfsync[brokers]'"
        raise SetupError("The packages for a broker are not installed.", where=URL, remedy=remedy) from None
    except ValueError:
        raise SetupError("It is not a broker's address.", where=URL, remedy="Copy it again.") from None
    remedy = "Write it like redis://… or amqp://…, or leave it out: one process needs no broker."
    raise SetupError("It is neither Redis nor RabbitMQ.", where=URL, remedy=remedy)


def slug(name: str) -> str:
    """A name that a queue may have; different names stay different."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@contextmanager
def _broker_trouble() -> Iterator[None]:
    """Whatever goes wrong with a broker is a matter of time, or of its address."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 (Redis' and RabbitMQ's errors have no kinship, and may not be installed)
        raise ears.trouble(error) from None
