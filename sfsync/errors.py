"""What can go wrong, by who acts next.

SfsyncError                what happened, where, what to do
├── RecordIncomplete       the rep, on the record
├── SetupError             the admin: a file, a permission, a refused login
│   ├── SetupErrors        several of them, found together
│   └── Held               more than anybody expects: nothing is done before somebody says yes
└── TryAgainLater          nobody: the next tick; the operator hears if it lasts
    ├── LookAgain          the record changed under us: read it again, decide again
    └── Outage             not the record but the whole org: nothing else will go through now either
        └── AnswerLost     a write may or may not have happened: look it up before anything is repeated

Anything else is a bug.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SfsyncError(Exception):
    """What happened, where (`config/sfsync.yaml:9`, a record, a host) and what to do about it."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.remedy)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" {self.remedy}" if self.remedy else "")


def _rebuild(kind: type[SfsyncError], what: str, where: str, remedy: str) -> SfsyncError:
    return kind(what, where=where, remedy=remedy)


class RecordIncomplete(SfsyncError):
    """The rep acts, on the record: `what` is the whole message, every gap at once."""


class SetupError(SfsyncError):
    """The admin acts: settings, template, permissions, login."""


class SetupErrors(SetupError):
    """Several mistakes found together, in the order of their places."""

    def __init__(self, problems: Iterable[SetupError]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems,)


class Held(SetupError):
    """More than anybody expects, or the first of its kind: nothing is done before somebody says yes."""


class TryAgainLater(SfsyncError):
    """Nobody acts: the next tick does. A lock, an outage, a limit."""


class LookAgain(TryAgainLater):
    """The record changed under us: read it again and decide again, at once."""


class Outage(TryAgainLater):
    """Not the record but the whole org: nothing else will go through now either."""


class AnswerLost(Outage):
    """A write may or may not have happened: look it up before anything is repeated."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'Did you mean X?' for the nearest known word, or an empty string.

    >>> did_you_mean("tempalte", ["template", "stage"])
    'Did you mean template?'
    """
    choices = {k.lower(): k for k in known}
    near = get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return f"Did you mean {choices[near[0]]}?" if near else ""
