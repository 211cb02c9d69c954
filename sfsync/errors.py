"""What can go wrong, by who acts next.

SfsyncError                what happened, where, what to do
├── RecordIncomplete       the rep, on the record
├── SetupError             the admin: a file, a permission
│   ├── SetupErrors        several of them, found together
│   ├── Held               more than anybody expects: nothing is done before somebody says yes
│   └── LoginRefused       the org lets us do nothing at all
└── TryAgainLater          nobody: the next tick; the operator hears if it lasts
    ├── LookAgain          the record changed under us: read it again, decide again
    └── Outage             not the record but the whole org: nothing else will go through now either
        └── AnswerLost     a write may or may not have happened: look it up before anything is repeated

Anything else is a bug.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from traceback import extract_tb
from typing import TypeVar


class SfsyncError(Exception):
    """What happened, where (`config/sfsync.yaml:9`, a record, a host) and what to do about it.

    `logged` is what the log says in place of a `what` that may quote customer data; `code` is what causes are counted
    by: Salesforce's errorCode, or a word of ours.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", logged: str = "", code: str = "") -> None:
        super().__init__(what, where, remedy, logged)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.logged = logged
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self._more)

    def __str__(self) -> str:
        return self._sentence(self.what)

    @property
    def in_log(self) -> str:
        """The same without anything that may be customer data."""
        return self._sentence(self.logged or self.what)

    def again_as(self, kind: "type[_Kind]") -> "_Kind":
        """The same for somebody else to act on."""
        return kind(self.what, **self._more)

    @property
    def _more(self) -> dict[str, str]:
        return {"where": self.where, "remedy": self.remedy, "logged": self.logged, "code": self.code}

    def _sentence(self, what: str) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{what}" + (f" {self.remedy}" if self.remedy else "")


_Kind = TypeVar("_Kind", bound=SfsyncError)


def _rebuild(kind: type[SfsyncError], what: str, more: dict[str, str]) -> SfsyncError:
    return kind(what, **more)


class RecordIncomplete(SfsyncError):
    """The rep acts, on the record: `what` is the whole message, every gap at once."""


class SetupError(SfsyncError):
    """The admin acts: settings, template, permissions, login."""


class SetupErrors(SetupError):
    """Several mistakes found together, in the order of their places."""

    def __init__(self, problems: Iterable[SetupError]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)), logged="\n".join(p.in_log for p in self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems,)


class Held(SetupError):
    """More than anybody expects, or the first of its kind: nothing is done before somebody says yes."""


class LoginRefused(SetupError):
    """The org does not let us in: no record is to blame, and nothing can be written on any."""


class TryAgainLater(SfsyncError):
    """Nobody acts: the next tick does. A lock, an outage, a limit."""


class LookAgain(TryAgainLater):
    """The record changed under us: read it again and decide again, at once."""


class Outage(TryAgainLater):
    """Not the record but the whole org: nothing else will go through now either."""


class AnswerLost(Outage):
    """A write may or may not have happened: look it up before anything is repeated."""


def trail(error: BaseException) -> str:
    """Name an error of Python's by its type and its way through the code, without its text, which may quote data."""
    steps = [f"{Path(f.filename).name}:{f.lineno}" for f in extract_tb(error.__traceback__)]
    return " ".join([type(error).__name__, "at", " < ".join(reversed(steps[-6:]))]) if steps else type(error).__name__


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'Did you mean X?' for the nearest known word, or an empty string.

    >>> did_you_mean("tempalte", ["template", "stage"])
    'Did you mean template?'
    """
    choices = {k.lower(): k for k in known}
    near = get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return f"Did you mean {choices[near[0]]}?" if near else ""
