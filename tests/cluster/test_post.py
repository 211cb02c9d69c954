"""Letters reach whoever is there for them; what nobody can read is set aside, and the next one is served."""

import logging
import socket
import threading
from contextlib import contextmanager

import dramatiq
import pytest

from sfsync.cluster import post
from sfsync.cluster.ears import Here
from sfsync.cluster.post import Ends, Post, slug
from sfsync.errors import SetupError, TryAgainLater
from sfsync.records import Batch
from sfsync.report import Outcome
from tests.shell import until

BATCH = Batch(id="a" * 32, failures={"006000000000001AAA": 0})
OTHER = Batch(id="b" * 32, failures={})
PATIENCE = 10
WORK, CLOCK = "sfsync.here.work", "sfsync.here.clock"


def said(caplog) -> str:
    """What reaches the terminal: pytest also listens to Dramatiq, whom we have told to be quiet."""
    assert not logging.getLogger("dramatiq").propagate
    return "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("dramatiq"))


class Office:
    """One process: what it served and heard, and the means to wait for it."""

    def __init__(self) -> None:
        self.broker = Here(middleware=[])
        self.post = Post(self.broker, "here")
        self.served: list[Batch] = []
        self.heard: list[str] = []
        self.knows = True
        self.bug: Exception | None = None
        self._news = threading.Condition()

    def serve(self, _org: str, batch: Batch) -> Outcome:
        with self._news:
            self.served.append(batch)
            self._news.notify_all()
        if self.bug:
            bug, self.bug = self.bug, None
            raise bug
        return Outcome(batch=batch.id)

    def hear(self, _org: str, outcome: Outcome) -> bool:
        with self._news:
            self.heard.append(outcome.batch)
            self._news.notify_all()
        return self.knows

    def until(self, condition) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE), (self.served, self.heard)


@contextmanager
def opened(threads: int = 2):
    office = Office()
    office.post.start(Ends(office.serve, office.hear), threads)
    yield office
    assert office.post.stop(PATIENCE)


@pytest.fixture
def office():
    with opened() as found:
        yield found


def message(actor="serve", queue=WORK, args=("main", {}), **options) -> bytes:
    return dramatiq.Message(queue_name=queue, actor_name=actor, args=args, kwargs={}, options=options).encode()


def test_a_batch_is_served_and_its_outcome_heard(office):
    office.post.send("main", BATCH)
    office.until(lambda: office.heard)
    assert office.served == [BATCH]
    assert office.heard == [BATCH.id]


POISON = [
    b"\xff\xfe garbage CANARY",
    b"[1, 2, 3]",
    b'{"actor_name": "CANARY"}',
    message(actor="CANARY"),
    message(queue="CANARY"),
    message(args=("CANARY",)),
    message(args=("CANARY", {"id": "CANARY"})),
    message(args=("CANARY", {}, {}, {})),
    message(args=(7, {"id": "a" * 32, "failures": {}, "left": {}})),
    message(actor="hear", args=("CANARY", {}, 1)),
    message(eta=10**18),
    message(eta="CANARY"),
    dramatiq.Message(WORK, "serve", ("main", {}), {"CANARY": 1}, {}).encode(),
    message().replace(b'"serve"', b'["serve"]'),
]


@pytest.mark.parametrize("poison", POISON)
def test_a_poisoned_message_is_set_aside_without_a_word_of_it_and_the_next_one_is_served(office, caplog, poison):
    for _ in range(5):  # more than there are threads
        office.broker.queues[WORK].put(poison)
    office.post.send("main", BATCH)
    office.until(lambda: office.heard)
    assert office.served == [BATCH]
    until(lambda: len(office.broker.dead_letters_by_queue[WORK]) == 5)
    until(lambda: said(caplog).count("a message was set aside") == 5)
    assert "CANARY" not in said(caplog)


def test_a_delayed_message_of_the_far_future_is_set_aside(office):
    late = f"{CLOCK}.DQ"
    office.broker.queues[late].put(message(actor="hear", queue=late, eta=10**18))
    office.broker.queues[late].put(message(actor="hear", queue=late, eta="soon"))
    office.post.send("main", BATCH)
    office.until(lambda: office.heard)
    until(lambda: len(office.broker.dead_letters_by_queue[late]) == 2)


def test_a_bug_costs_its_batch_alone_and_is_told_without_its_text(office, caplog):
    office.bug = ZeroDivisionError("CANARY")
    office.post.send("main", BATCH)
    office.post.send("main", OTHER)
    office.until(lambda: office.heard)
    assert office.heard == [OTHER.id]
    until(lambda: "this is a bug of sfsync's; please report it. ZeroDivisionError at" in said(caplog))
    assert "CANARY" not in said(caplog)


def test_an_outcome_that_nobody_asked_for_is_passed_on_some_times_and_then_let_go(office):
    office.knows = False
    office.post.send("main", BATCH)
    office.until(lambda: len(office.heard) == 1 + post._HOPS)
    office.knows = True
    office.post.send("main", OTHER)
    office.until(lambda: OTHER.id in office.heard)
    assert office.heard.count(BATCH.id) == 1 + post._HOPS


def test_an_outcome_reaches_a_clock_although_all_threads_serve():
    held = threading.Event()
    with opened(threads=1) as office:
        serve = office.serve

        def stalling(org, batch):
            outcome = serve(org, batch)
            if batch is not BATCH and batch.id == OTHER.id:
                held.wait(PATIENCE)
            return outcome

        office.post._ends = Ends(stalling, office.hear)
        office.post.send("main", BATCH)
        office.post.send("main", OTHER)
        office.until(lambda: len(office.served) == 2)
        office.until(lambda: BATCH.id in office.heard)
        held.set()


def test_what_is_in_hand_at_the_stop_is_finished():
    with opened() as office:
        office.post.send("main", BATCH)
        office.until(lambda: office.served)
    assert not any(thread.is_alive() for thread in office.post._worker.workers)


def test_a_stop_does_not_wait_for_ever_for_what_hangs():
    office, held = Office(), threading.Event()
    office.post.start(Ends(lambda _org, batch: held.wait(PATIENCE) and Outcome(batch=batch.id), office.hear), 1)
    office.post.send("main", BATCH)
    assert not office.post.stop(0.5)
    held.set()


def test_a_broker_that_nobody_reaches_is_a_matter_of_time_and_tried_by_one_for_all():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        for scheme in ("redis", "amqp"):
            pytest.importorskip({"redis": "redis", "amqp": "pika"}[scheme])
            office = Post(post.connect({"BROKER_URL": f"{scheme}://sfsync:CANARY@127.0.0.1:{port}/0"}), "here")
            with pytest.raises(TryAgainLater, match=r"BROKER_URL: The broker cannot be reached") as said:
                office.send("main", BATCH)
            assert "CANARY" not in str(said.value)
            with pytest.raises(TryAgainLater, match="The broker is away"):
                office.send("main", BATCH)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://CANARY", "neither Redis nor RabbitMQ"),
        ("localhost:6379", "neither Redis nor RabbitMQ"),
        ("redis://[CANARY", "not a broker's address"),
        ("redis://:CANARY@host:CANARY/0", "not a broker's address"),
        ("amqp://u:CANARY@host:CANARY/", "not a broker's address"),
        ("amqp://host?heartbeat=CANARY", "not a broker's address"),
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(url, says):
    with pytest.raises(SetupError, match=says) as refused:
        post.connect({"BROKER_URL": url})
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(("one", "other"), [("a b", "a-b"), ("a.b", "a-b"), ("ä", "ö"), ("a/b", "a b")])
def test_installations_with_different_names_have_different_queues(one, other):
    assert slug(one) != slug(other)
    assert slug(one).replace("-", "").replace("_", "").isascii()
