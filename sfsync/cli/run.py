"""`sfsync run`: one pass."""

import threading
from pathlib import Path

import click

from sfsync import config
from sfsync.cli.app import verb
from sfsync.cli.screen import complain, say
from sfsync.cli.syncing import syncing


@verb("Make one pass over the org, and end.", "sfsync run")
@click.option("--remake", is_flag=True, help="also make anew what only the template or settings changed")
def command(settings: Path, remake: bool) -> int:
    with syncing(config.load(settings), threading.Event(), remake=remake) as sync:
        report = sync.run(sweep=True)
    say(report)
    if report.error:
        complain(report.error)
    return report.exit_code
