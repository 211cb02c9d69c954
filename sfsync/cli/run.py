"""`sfsync run`: one pass, or what it would do."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from sfsync import config, outlook
from sfsync.cli.app import verb
from sfsync.cli.screen import complain, say, table
from sfsync.cli.syncing import connected, syncing
from sfsync.forms import compose
from sfsync.outlook import Prospect, Scope, What


@verb("Make one pass over the org, and end.", "sfsync run --dry-run")
@click.option("--dry-run", is_flag=True, help="say what a pass would do, record by record; write nothing")
@click.option("--yes", is_flag=True, help="make them all, however many they are")
@click.option("--remake", is_flag=True, help="also make anew what only the template or settings changed")
def command(settings: Path, dry_run: bool, yes: bool, remake: bool) -> int:
    loaded = config.load(settings)
    blueprints, api = compose.load(loaded), connected()
    if dry_run:
        return _foreseen(outlook.scope(api, loaded.settings, blueprints, remake=remake))
    at_most = None if yes else loaded.settings.at_most
    with syncing(loaded, blueprints, api, at_most=at_most, remake=remake) as sync:
        report = sync.run(sweep=True)
    say(report)
    if report.error:
        complain(report.error)
    return report.exit_code


def _foreseen(scope: Scope) -> int:
    """Say what a pass would do. 0, or 2 where something would fail."""
    prospects = list(outlook.all_of(scope, scope.org.now() - scope.settings.look_back))
    show(prospects)
    say(f"\n{summary(prospects)} Nothing was written.")
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
