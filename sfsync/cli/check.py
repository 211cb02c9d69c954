"""`sfsync check`: whether everything is in place."""

import json
import os
from pathlib import Path

import click

from sfsync import schedule
from sfsync.check import Checks
from sfsync.cli.app import ADMIN_MUST_ACT, TRY_AGAIN, verb
from sfsync.cli.screen import say
from sfsync.findings import Finding, Findings, Mark

_COLOURS = {Mark.GOOD: "green", Mark.NOTE: "yellow", Mark.BAD: "red"}
_NOTES = 1


@verb("Say what is in place and what is not, each with its remedy.", "sfsync check")
@click.option("--offline", is_flag=True, help="settings, templates and fonts alone; needs no org")
@click.option("--strict", is_flag=True, help="end with 1 where there is something to note")
@click.option("--json", "as_json", is_flag=True, help="for a program")
def command(settings: Path, offline: bool, strict: bool, as_json: bool) -> int:
    listed: list[Finding] = []
    found = Findings(listed.append if as_json else _say)
    checks = Checks(found)
    reached = True
    if offline:
        checks.files(settings)
    else:
        reached = checks.everything(settings, os.environ, schedule.utc_now)
    code = _code(found, reached=reached, strict=strict)
    if as_json:
        rows = [{"mark": f.mark.name.lower(), "what": f.what, "remedy": f.remedy} for f in listed]
        say(json.dumps({"exit_code": code, "findings": rows}, ensure_ascii=False))
    else:
        say(_summary(found))
    return code


def _say(finding: Finding) -> None:
    say(finding, _COLOURS[finding.mark])


def _code(found: Findings, *, reached: bool, strict: bool) -> int:
    if not reached:
        return TRY_AGAIN
    if found.bad:
        return ADMIN_MUST_ACT
    return _NOTES if strict and found.notes else 0


def _summary(found: Findings) -> str:
    if found.bad:
        return f"{found.bad} to mend."
    return "Everything is in place." + (f" {found.notes} to note." if found.notes else "")
