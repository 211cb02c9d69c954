"""`sfsync backfill`: forms for the deals that stood in their stage already."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from math import ceil
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sfsync import config, outlook, schedule
from sfsync.cli.app import verb
from sfsync.cli.run import show, summary
from sfsync.cli.screen import complain, out, say
from sfsync.cli.syncing import connected, syncing
from sfsync.errors import Held, SetupError, did_you_mean
from sfsync.forms import blueprint as order_forms
from sfsync.forms.blueprint import Blueprint
from sfsync.outlook import Estimate, Prospect
from sfsync.salesforce.api import Api

_SHOWN = 20


@verb(
    "Make forms for deals that reached their stage before they counted. Stopped, it goes on when run again.",
    'sfsync backfill --stage "Order Form" --since 2026-01-01',
)
@click.option("--stage", required=True, help="only deals that stand in this stage")
@click.option("--since", required=True, metavar="DATE", help="only deals that reached it on or after this day")
@click.option("--yes", is_flag=True, help="do not ask")
def command(settings: Path, stage: str, since: str, yes: bool) -> int:
    loaded = config.load(settings)
    day = _day(since, loaded.settings.zone)
    blueprints = _in_stage(order_forms.load(loaded), stage)
    api = connected(loaded)
    scope = outlook.scope(api, loaded.settings, blueprints)
    prospects = list(outlook.all_of(scope, day))
    number = outlook.count(prospects)
    _say(prospects, outlook.estimate(scope, len(prospects), number), api)
    if not number:
        return 0
    _ask(yes)
    stop = threading.Event()
    with (
        stopped_by_ctrl_c(stop),
        _progress(number) as attached,
        syncing(loaded, blueprints, api, since=day, stopping=stop.is_set, attached=attached) as sync,
    ):
        report = sync.run(sweep=True)
    say(f"{report}{'; stopped. Run it again for the rest' if stop.is_set() else ''}")
    if report.error:
        complain(report.error)
    return report.exit_code


def _day(text: str, zone: ZoneInfo) -> datetime:
    try:
        return schedule.beginning(schedule.day(text), zone)
    except ValueError as error:
        raise SetupError(str(error), where="--since") from None


def _in_stage(blueprints: Sequence[Blueprint], stage: str) -> list[Blueprint]:
    """The order forms of one stage. Raises SetupError where there is none."""
    found = [b for b in blueprints if b.settings.stage == stage]
    known = list(dict.fromkeys(b.settings.stage for b in blueprints))
    if not found:
        remedy = did_you_mean(stage, known) or f"The settings name {', '.join(known)}."
        raise SetupError(f"No order form belongs to the stage '{stage}'.", where="--stage", remedy=remedy)
    return found


def _say(prospects: Sequence[Prospect], costs: Estimate, api: Api) -> None:
    """What would be made, and what that costs."""
    show(prospects[:_SHOWN])
    if len(prospects) > _SHOWN:
        say(f"… and {len(prospects) - _SHOWN:,} more")
    left = max(api.session.usage.allowed - api.session.usage.used, 0)
    minutes = max(1, ceil(costs.at_most.total_seconds() / 60))
    say(
        f"\n{summary(prospects)} That takes about {costs.calls:,} API calls of {left:,} that are left today, "
        f"and at most about {minutes} minute{'s' if minutes > 1 else ''}."
    )


def _ask(yes: bool) -> None:
    """Go on only if somebody says so. Raises Held."""
    if yes or (sys.stdin.isatty() and click.confirm("Make them?")):
        return
    raise Held("Nothing was made.", remedy="Run it again with --yes.")


@contextmanager
def stopped_by_ctrl_c(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C finishes the batch in hand; a second one ends at once, which is safe, too."""

    def say_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, say_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(number: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere the log says each batch."""
    columns = (TextColumn("Forms"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, disable=not out.is_terminal) as bar:
        task = bar.add_task("Forms", total=number)
        yield lambda made: bar.advance(task, made)
