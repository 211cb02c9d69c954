"""Two machines against one, and what a broker costs: the real `sfsync clock` and `sfsync work`, and the real post."""

import os
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks import render
from benchmarks.scale import machine
from benchmarks.scale.installation import ROOT, Installation
from benchmarks.scale.orgs import Orgs
from benchmarks.scale.page import Figures
from sfsync.cluster import limits, post
from sfsync.cluster.post import Ends, Post
from sfsync.records import Batch
from sfsync.report import Outcome, Report
from sfsync.watch import BATCH
from tests.services import shared

ORGS, EACH, ROUNDS = 20, 10, 2
#: times that the table of products is printed, so that drawing outweighs all else by far
TABLES = 300
MESSAGES = 100


def brokers() -> dict[str, dict[str, str]]:
    """The environment by the broker's name; those of `make services` where they run."""
    found = shared()
    if not found:
        print("  Redis and RabbitMQ do not run (make services starts them): their figures are left out")
        return {}
    redis, rabbitmq = found
    return {
        "Redis": {"BROKER_URL": redis.url},
        "RabbitMQ": {"BROKER_URL": rabbitmq.url, "REDIS_URL": redis.url},
    }


def two() -> Figures:
    """Forms of twenty orgs whose drawing takes long, by one `sfsync work` and by two; turn by turn.

    Each is kept to one core, as on a small machine of its own; pocket orgs, clock and Redis take what they find.
    """
    figures = Figures("two")
    if environ := brokers().get("Redis"):
        with (
            Orgs(ORGS, EACH * ROUNDS * 2) as orgs,
            tempfile.TemporaryDirectory() as folder,
            Installation(Path(folder) / f"two-{uuid.uuid4().hex[:8]}", orgs.ways_in, environ) as ours,
        ):
            ours.template(heavy())
            ours.start("clock", "--check-every", "10 seconds")
            taken = [(_made_by(1, orgs, ours), _made_by(2, orgs, ours)) for _ in range(ROUNDS)]
            bare = render.two_processes(count=300)
        number = ORGS * EACH
        one, two = (median(pair[side][0] for pair in taken) for side in (0, 1))
        spent, spent_by_two = (median(pair[side][1] for pair in taken) / number for side in (0, 1))
        word = f"{spent * 1e3:.0f} ms of its processor a form; {ORGS} orgs, long forms, a core for each"
        figures.say("one sfsync work", f"{number / one:.1f} forms/s", word)
        figures.say("two", f"{number / two:.1f} forms/s", f"{spent_by_two * 1e3:.0f} ms of their processors a form")
        ratio = median(a[0] / b[0] for a, b in taken)
        figures.say("two to one", f"{ratio:.2f}", f"aim: at least 1.8; {machine.load()}, which all have to share")
        figures.say("two render processes without sfsync to one", f"{bare:.2f}", "what two of these cores give")
    return figures


def _made_by(workers: int, orgs: Orgs, ours: Installation) -> tuple[float, float]:
    """Seconds for the same number of forms from the first to the last, starts left out; and of processors for all."""
    before = sum(orgs.made())
    works = [ours.start("work", "--processes", "1", "--threads", "4") for _ in range(workers)]
    for core, work in zip(sorted(os.sched_getaffinity(0)), works, strict=False):
        os.sched_setaffinity(work.pid, {core})
    time.sleep(8)
    with machine.Watched(*(work.pid for work in works)) as watched:
        orgs.move(EACH)
        orgs.wait(before + 1, every=0.5)
        seconds = orgs.wait(before + ORGS * EACH, every=0.5)
    for work in works:
        work.terminate()
    for work in works:
        work.wait(40)
    return seconds, watched.processor


def heavy() -> str:
    """The shipped template, which prints its table many times over."""
    text = (ROOT / "templates" / "order_form.xml").read_text("utf-8")
    head, table = text.split("<table sum=", 1)
    table, tail = table.split("</table>\n", 1)
    again = f"<table widths={table.split('widths=', 1)[1]}</table>\n"
    return f"{head}<table sum={table}</table>\n{{% for again in range({TABLES}) %}}\n{again}{{% endfor %}}\n{tail}"


def overhead() -> Figures:
    """What the way to another process and back costs, beside the way within one: no org, no form, only the post."""
    figures = Figures("overhead")
    for name, environ in {"in one process": {}, **brokers()}.items():
        for size in (BATCH, 1):
            with _there_and_back(environ) as send:
                taken = [send(size) for _ in range(MESSAGES)]
            word = "aim: at most 2 ms" if size == BATCH else "and what one form waits longer"
            figures.say(f"{name}: batch of {size}", f"{median(taken) / size * 1e3:.2f} ms a form", word)
        figures.say(f"{name}: the lane, taken and given back", f"{_lane(environ) * 1e3:.2f} ms an upload")
    return figures


@contextmanager
def _there_and_back(environ: Mapping[str, str]) -> Iterator[Callable[[int], float]]:
    """Two ends of the post; gives seconds from sending a batch of so many records to hearing what became of it."""
    here, heard = f"bench-{uuid.uuid4().hex[:8]}", threading.Event()
    stop = threading.Event()
    clock = Post(post.connect(environ), here, stopping=stop)
    works = Post(post.connect(environ), here, stopping=stop) if environ else clock

    def hear(_org: str, _outcome: Outcome) -> bool:
        heard.set()
        return True

    if works is clock:
        clock.start(Ends(_serve, hear), 2)
    else:
        works.start(Ends(_serve), 2)
        clock.start(Ends(None, hear), 2)

    def send(size: int) -> float:
        heard.clear()
        ids = {f"006{n:012}AAA": 0 for n in range(size)}
        began = time.perf_counter()
        clock.send("main", Batch(id=uuid.uuid4().hex, failures=ids, left=()))
        assert heard.wait(30), "the batch went astray"
        return time.perf_counter() - began

    try:
        send(1)
        yield send
    finally:
        stop.set()
        for each in {id(each): each for each in (clock, works)}.values():
            each.stop(5)


def _serve(_org: str, batch: Batch) -> Outcome:
    now = datetime.now(UTC)
    done = dict.fromkeys(batch.failures, now)
    return Outcome(batch=batch.id, report=Report(made=len(done)), settled=done, attached=done)


def _lane(environ: Mapping[str, str]) -> float:
    found = limits.connect(environ, f"bench-{os.getpid()}")

    def once() -> float:
        began = time.perf_counter()
        with found.lane("main"):
            return time.perf_counter() - began

    return median(once() for _ in range(200))
