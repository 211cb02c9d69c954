"""How the cost grows with the size of an org, and with their number."""

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.scale import machine
from benchmarks.scale.installation import SETTINGS, Installation
from benchmarks.scale.orgs import Orgs
from benchmarks.scale.page import Figures
from sfsync import reload
from sfsync.renderers import Renderers
from sfsync.salesforce.connect import connect
from sfsync.schedule import utc_now
from sfsync.sync import Sync

SIZES = (100, 1_000, 10_000, 100_000)
DUE, LOOKS = 100, 9
COUNTS = (1, 10, 100)
#: forms that each org is due
EACH = 6
TICK = 15


def sizes() -> Figures:
    """100 due among more and more: a pass that makes them, then passes with nothing to do."""
    figures = Figures("sizes")
    for size in SIZES:
        with Orgs(1, size) as orgs:
            orgs.move(DUE)
            orgs.slow()
            _size(size, orgs, figures)
    return figures


def _size(size: int, orgs: Orgs, figures: Figures) -> None:
    loaded, blueprints = reload.load(SETTINGS)
    with Renderers({b.settings.name: b.design for b in blueprints}) as renderers:
        assert all(not isinstance(pdf, Exception) for pdf in renderers.render([]))
        sync = Sync(connect(orgs.ways_in[0], utc_now), loaded.settings, blueprints, renderers, at_most=100_000)
        began, processor = time.monotonic(), time.process_time()
        report = sync.run(sweep=True)
        seconds, ours = time.monotonic() - began, time.process_time() - processor
        assert report.made == DUE, report
        calls = orgs.seen()[0].calls
        time.sleep(8)  # what was just written is looked at once more
        sync.run(sweep=False)
        orgs.forget()
        looks, processor = [], time.process_time()
        for _ in range(LOOKS):
            began = time.monotonic()
            sync.run(sweep=False)
            looks.append(time.monotonic() - began)
        looking = (time.process_time() - processor) / LOOKS
    what = f"{size:,} Opportunities"
    figures.say(
        f"{what}: a pass that makes {DUE} forms", f"{seconds:.1f} s", f"{calls} calls, {ours:.2f} s of our processor"
    )
    word = f"{orgs.seen()[0].calls / LOOKS:.2g} calls, {looking * 1e3:.1f} ms of our processor; the org waits 100 ms"
    figures.say(f"{what}: a look that finds nothing", f"{median(looks) * 1e3:.0f} ms", word)


def numbers() -> Figures:
    """1, 10, 100 orgs of one `sfsync worker`: what looking costs, and a few forms in each at once."""
    figures = Figures("orgs")
    for count in COUNTS:
        with Orgs(count, 30) as orgs, tempfile.TemporaryDirectory() as folder:
            orgs.slow()
            with Installation(Path(folder) / "many", orgs.ways_in) as ours:
                _number(orgs, ours, figures)
    return figures


def _number(orgs: Orgs, ours: Installation, figures: Figures) -> None:
    count = orgs.count
    what = "1 org" if count == 1 else f"{count} orgs"
    worker = ours.start("worker", "--check-every", f"{TICK} seconds")
    _until_all_are_known(orgs)
    orgs.forget()
    with machine.Watched(worker.pid) as idle:
        time.sleep(4 * TICK)
    calls = sum(each.calls for each in orgs.seen())
    word = f"{calls / count / 4:.2g} calls, {idle.processor / 4 / count * 1e3:.0f} ms of our processor"
    figures.say(f"{what}: a look at each, every {TICK} s", f"{idle.processor / idle.seconds:.1%} of a core", word)
    figures.say(f"{what}: memory without render processes", f"{machine.megabytes(worker.pid):.0f} MB")
    orgs.forget()
    orgs.move(EACH)
    seconds = orgs.wait(EACH * count)
    time.sleep(2)
    calls = sum(each.calls for each in orgs.seen())
    figures.say(f"{what}: {EACH} forms in each at once", f"{seconds:.1f} s", f"{calls / count:.1f} calls an org")


def _until_all_are_known(orgs: Orgs) -> None:
    """Until each org was looked at by a worker that has read all that it needs, and some time more."""
    began = time.monotonic()
    while any(each.calls < 5 for each in orgs.seen()):
        assert time.monotonic() - began < 300, "the worker does not look at all orgs"
        time.sleep(0.5)
    time.sleep(TICK)
