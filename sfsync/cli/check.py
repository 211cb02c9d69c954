"""`sfsync check`: whether everything is in place."""

import json
import os
from pathlib import Path

import click

from sfsync import config, schedule
from sfsync.check import Checks
from sfsync.cli.app import ADMIN_MUST_ACT, TRY_AGAIN, Orgs, verb
from sfsync.cli.screen import say
from sfsync.cli.syncing import named, way_into
from sfsync.findings import Finding, Findings, Mark
from sfsync.probe import Answer, Probe, report

_COLOURS = {Mark.GOOD: "green", Mark.NOTE: "yellow", Mark.BAD: "red"}
_NOTES = 1
_REPORT = Path("sfsync-probe.md")


@verb("Say what is in place and what is not, each with its remedy.", "sfsync check", Orgs.EACH)
@click.option("--offline", is_flag=True, help="settings, templates and fonts alone; needs no org")
@click.option("--strict", is_flag=True, help="end with 1 where there is something to note")
@click.option("--probe", is_flag=True, help="try what only a real org can tell, on a record that is deleted again")
@click.option("--json", "as_json", is_flag=True, help="for a program")
def command(settings: Path, offline: bool, strict: bool, probe: bool, as_json: bool) -> int:
    if probe:
        return _probe(settings)
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
        say(json.dumps({**named(settings), "exit_code": code, "findings": rows}, ensure_ascii=False))
    else:
        say(_summary(found))
    return code


def _probe(settings: Path) -> int:
    """Needs more rights than the worker has: an admin's login in the environment."""
    loaded = config.load(settings)
    watched = {form.stage for form in loaded.settings.order_forms}
    answers: list[Answer] = []
    for answer in Probe(way_into(loaded), watched).run():
        answers.append(answer)
        say(answer, "green" if answer.holds else "red")
    _REPORT.write_text(report(answers, schedule.utc_now().date()), "utf-8")
    say(f"{_REPORT} holds the answers: no name, no Id, no secret.")
    return 0 if all(answer.holds for answer in answers) else ADMIN_MUST_ACT


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
