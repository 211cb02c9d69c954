"""What a check finds: ticks, notes and crosses, each cross with its remedy."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from sfsync.errors import SetupError, SetupErrors

T = TypeVar("T")


class Mark(Enum):
    """What a finding means for the admin."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer."""

    mark: Mark
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.mark.value} {self.what}" + (f"\n    {self.remedy}" if self.remedy else "")


class Findings:
    """Says each finding as soon as it is known, and counts."""

    def __init__(self, say: Callable[[Finding], None]) -> None:
        self._say = say
        self.notes = 0
        self.bad = 0

    def good(self, what: str) -> None:
        self._say(Finding(Mark.GOOD, what))

    def note(self, what: str, remedy: str) -> None:
        self.notes += 1
        self._say(Finding(Mark.NOTE, what, remedy))

    def cross(self, what: str, remedy: str) -> None:
        self.bad += 1
        self._say(Finding(Mark.BAD, what, remedy))

    def trying(self, what: str, step: Callable[[], T], *, shown: bool = False) -> T | None:
        """Tick when the step succeeds; a cross for each of its mistakes when not."""
        try:
            result = step()
        except SetupErrors as several:
            for problem in several.problems:
                self.cross(_said(problem), problem.remedy)
        except SetupError as problem:
            self.cross(_said(problem), problem.remedy)
        else:
            self.good(f"{what}: {result}" if shown else what)
            return result
        return None


def _said(problem: SetupError) -> str:
    return f"{problem.where}: {problem.what}" if problem.where else problem.what
