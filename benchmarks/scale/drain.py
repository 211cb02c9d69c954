"""One process, one org, a large backlog: whether Salesforce is the limit, or we are."""

import tempfile
from pathlib import Path

from benchmarks.scale import machine
from benchmarks.scale.installation import Installation
from benchmarks.scale.orgs import CALL_SECONDS, FILE_SECONDS, Orgs
from benchmarks.scale.page import Figures


def main(number: int = 10_000) -> Figures:
    """`number` due Opportunities, the real `sfsync worker`, an org that takes its time for each call and file."""
    with Orgs(1, number) as orgs, tempfile.TemporaryDirectory() as folder:
        orgs.move(number)
        orgs.slow()
        with Installation(Path(folder) / "drain", orgs.ways_in) as ours:
            worker = ours.start("worker")
            with machine.Watched(worker.pid) as us, machine.Watched(orgs.pid) as org:
                orgs.wait(number, every=0.5)
        [seen] = orgs.seen()
    least = (CALL_SECONDS + 75 * FILE_SECONDS) / 75
    forms = number / (seen.last_upload - seen.first_upload)
    figures = Figures("drain")
    figures.say("forms a second", f"{forms:.1f}", f"an org that does nothing else takes {1 / least:.1f}")
    figures.say("upload lane busy", f"{seen.share:.1%}", "aim: at least 95 %")
    from_start = seen.busy / (seen.last_upload - seen.began)
    figures.say("the same, from our first call on", f"{from_start:.1%}")
    figures.say("API calls a form", f"{seen.calls / number:.4f}", "aim: at most 0.03")
    figures.say("uploads", f"{seen.uploads:,}", f"{number / seen.uploads:.1f} forms each")
    figures.say(
        "processor, ours", f"{us.processor / number * 1e3:.1f} ms a form", f"{us.processor / us.seconds:.2f} cores"
    )
    figures.say(
        "processor, the pocket org's",
        f"{org.processor / number * 1e3:.1f} ms a form",
        f"{org.processor / org.seconds:.2f} cores",
    )
    figures.say("peak memory, render processes included", f"{us.peak:.0f} MB")
    return figures
