"""`sfsync status`: how things stand."""

import json
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from sfsync import config, status
from sfsync.cli.app import Orgs, verb
from sfsync.cli.screen import out, say, table
from sfsync.cli.syncing import connected, named
from sfsync.schedule import ago
from sfsync.settings import Settings
from sfsync.status import Answer, Record, Standing, Turnaround

#: of `--watch`; each look is one API call
_EVERY = 10.0
#: a worker that was not seen for so long is not at work
_QUIET = 900.0
#: so many answers are shown
_ANSWERS = 5


@verb("Say how things stand: what waits, what failed, how long forms take. One API call.", "sfsync status", Orgs.EACH)
@click.option("--json", "as_json", is_flag=True, help="for a program")
@click.option("--watch", is_flag=True, help=f"look again every {_EVERY:.0f} seconds, until Ctrl-C")
def command(settings: Path, as_json: bool, watch: bool) -> int:
    configured = config.load(settings)
    loaded, name, api = configured.settings, named(settings), connected(configured)
    _show(status.look(api, loaded), loaded, name if as_json else None)
    with suppress(KeyboardInterrupt):
        while watch:
            time.sleep(_EVERY)
            found = status.look(api, loaded)
            if out.is_terminal:
                out.clear()
            _show(found, loaded, name if as_json else None)
    return 0


def _show(found: Standing, settings: Settings, for_a_program: dict[str, str] | None) -> None:
    if for_a_program is not None:
        say(json.dumps({**for_a_program, **asdict(found)}, default=str, ensure_ascii=False))
    else:
        _say(found, settings)


def _say(found: Standing, settings: Settings) -> None:
    _say_worker(found)
    say(f"Today       {_turnaround(found.today)}")
    say(f"Seven days  {_turnaround(found.week)}")
    if found.untouched:
        say(f"Not begun   {found.untouched:,} stand in their stage, and sfsync has said nothing of them.", "yellow")
    if found.not_right is not None:
        say(f"Not right   {_count(found.not_right)}", "yellow" if found.not_right else "")
    if found.calls_allowed:
        left = found.calls_allowed - found.calls_used
        say(f"API calls   {found.calls_used:,} used in the last 24 hours, {left:,} left")
    _records("Waiting for information", found.waiting)
    _records("Failed", found.failed)
    if found.not_right:
        _answers(found.not_right, settings)
    say(f"\n{found.at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S %Z}", "dim")


def _say_worker(found: Standing) -> None:
    if found.worker is None or found.worker.switched_on is None:
        say("Switched    off: nobody has said yes for this org. sfsync run --yes", "yellow")
    if found.worker is None or found.worker.last_seen is None:
        say("Worker      It has not said anything of itself in this org.", "yellow")
        return
    quiet = found.at - found.worker.last_seen
    late = quiet.total_seconds() > _QUIET
    say(f"Worker      last seen {ago(quiet)}: {found.worker.last_words or 'nothing to say'}", "red" if late else "")
    if found.worker.paused:
        say("Paused      by the switch in the Order Form Settings of the org", "yellow")


def _turnaround(took: Turnaround) -> str:
    if took.median is None or took.slowest is None:
        return "no order form"
    made = f"{took.made:,} order form{'s' if took.made > 1 else ''}"
    return f"{made}, median {took.median:.0f} s, slowest {took.slowest:.0f} s ({took.slowest_id})"


def _records(title: str, records: tuple[Record, ...]) -> None:
    rows = [(r.name, r.opportunity_id, r.owner, " ".join(r.message.split())) for r in records]
    table(title, ("Opportunity", "Id", "Owner", "Why"), rows)


def _count(answers: tuple[Answer, ...]) -> str:
    if not answers:
        return "No rep has marked an order form as not right in seven days."
    some = "1 order form" if len(answers) == 1 else f"{len(answers)} order forms"
    return f"Reps have marked {some} as not right in seven days."


def _answers(answers: tuple[Answer, ...], settings: Settings) -> None:
    rows = [
        (f"{a.at.astimezone(settings.zone):%Y-%m-%d %H:%M}", a.opportunity_id, " ".join(a.what.split()))
        for a in answers[:_ANSWERS]
    ]
    table("Not right, the latest answers", ("When", "Opportunity", "What was wrong"), rows)
