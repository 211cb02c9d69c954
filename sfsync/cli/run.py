"""`sfsync run`: one pass, or what it would do."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from sfsync import config, outlook
from sfsync.cli.app import Orgs, verb
from sfsync.cli.screen import complain, say, table
from sfsync.cli.syncing import connected, syncing
from sfsync.forms import blueprint as order_forms
from sfsync.outlook import Prospect, Scope, What
from sfsync.salesforce.board import Board


@verb("Make one pass over the org, and end.", "sfsync run --dry-run", Orgs.EACH)
@click.option("--dry-run", is_flag=True, help="say what a pass would do, record by record; write nothing")
@click.option("--yes", is_flag=True, help="switch sfsync on for this org, and make all that are due, however many")
@click.option("--remake", is_flag=True, help="also make anew what only the template or settings changed")
def command(settings: Path, dry_run: bool, yes: bool, remake: bool) -> int:
    loaded = config.load(settings)
    blueprints, api = order_forms.load(loaded), connected(loaded)
    board, since = Board(api, loaded.settings), loaded.settings.counts_since
    if dry_run:
        return _foreseen(outlook.scope(api, loaded.settings, blueprints, remake=remake), board)
    if yes:
        switched_on = _switched_on(board, since)
        since = since or switched_on
    at_most = None if yes else loaded.settings.at_most
    with syncing(loaded, blueprints, api, at_most=at_most, since=since, remake=remake) as sync:
        report = sync.run(sweep=True)
    say(report)
    if report.error:
        complain(report.error)
    return report.exit_code


def _switched_on(board: Board, since: datetime | None) -> datetime:
    """Since when forms are made in this org: from now on, if nobody has said so yet."""
    board.look()
    if board.switched_on:
        return board.switched_on
    switched_on = board.switch_on()
    begin = f"since {since:%Y-%m-%d}, as the settings say," if since else "from now on"
    say(f"sfsync is switched on for this org: deals that reach their stage {begin} get their form.", "green")
    return switched_on


def _foreseen(scope: Scope, board: Board) -> int:
    """Say what a pass would do. 0, or 2 where something would fail."""
    board.look()
    since = scope.settings.counts_since or board.switched_on or scope.org.now()
    prospects = list(outlook.all_of(scope, since))
    show(prospects)
    say(f"\n{summary(prospects)} Nothing was written.")
    zone = scope.settings.zone
    say(
        f"Deals that reached their stage before {since.astimezone(zone):%Y-%m-%d %H:%M} count only for sfsync backfill."
    )
    if board.switched_on is None:
        say("sfsync is not switched on for this org: sfsync run --yes does that.", "yellow")
    if outlook.count(prospects) > scope.settings.at_most:
        say(f"These are more than at_most ({scope.settings.at_most:,}): sfsync run --yes makes them.", "yellow")
    return 2 if any(p.what is What.FAIL for p in prospects) else 0


def show(prospects: Sequence[Prospect]) -> None:
    """A table of what would become of each record."""
    rows = [(p.name, p.opportunity_id, _what(p), p.why, " ".join(p.lacks.split())) for p in prospects]
    table("What a pass would do", ("Opportunity", "Id", "It would", "Because", "Missing or wrong"), rows)


def _what(prospect: Prospect) -> str:
    return f"make {prospect.form}, version {prospect.version}" if prospect.what is What.MAKE else prospect.what.value


def summary(prospects: Sequence[Prospect]) -> str:
    """How many of each kind, as a sentence."""
    found = Counter(p.what for p in prospects)
    said = {
        What.MAKE: "{} to make",
        What.ASK: "{} to ask the owner for something",
        What.FAIL: "{} that would fail",
        What.RESTORE: "{} to restore",
    }
    parts = [text.format(found[what]) for what, text in said.items() if found[what]]
    return f"{', '.join(parts) or 'Nothing to do'}."
