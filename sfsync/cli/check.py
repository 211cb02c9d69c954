"""`sfsync check`: whether everything is in place."""

import os
from pathlib import Path

from sfsync import schedule
from sfsync.check import Checks, Mark
from sfsync.cli.app import verb
from sfsync.cli.screen import say

_COLOURS = {Mark.GOOD: "green", Mark.NOTE: "yellow", Mark.BAD: "red"}


@verb("Say what is in place and what is not, each with its remedy.", "sfsync check")
def command(settings: Path) -> int:
    checks = Checks(lambda finding: say(finding, _COLOURS[finding.mark]))
    code = checks.run(settings, os.environ, schedule.utc_now)
    say("Everything is in place." if code == 0 else f"{checks.bad} to mend.")
    return code
