"""Mistakes in Jinja's own signs, `{{ }}` and `{% %}`: all of them, each where it is, in an admin's words.

Jinja stops at the first one, and names the line on which it noticed. So each value and statement is parsed by itself
here, and what is opened is matched with what is closed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import TemplateSyntaxError
from jinja2.environment import Environment

from sfsync.errors import SetupError, did_you_mean
from sfsync.forms.template.skeleton import Part, parts, position

#: statement -> what closes it; None where it stands alone. `{% set x = 1 %}` stands alone as well.
STATEMENTS = {
    "for": "endfor",
    "if": "endif",
    "set": "endset",
    "with": "endwith",
    "filter": "endfilter",
    "include": None,
}
#: statement -> those in which it may stand
_MIDDLES = {"else": ("if", "for"), "elif": ("if",)}
#: no form needs more, and Python's own limit for loops is 20
_DEEPEST = 12
#: characters in one value or statement
_LONGEST = 2000
_SHOWN = 40
_END = r"'?end of (?:print statement|statement block)'?"
#: Jinja's message -> what is wrong, what to do
_WORDS = (
    (rf"[Ee]xpected an expression, got {_END}", "Nothing stands in it.", "Write what to print."),
    (
        rf"expected token {_END}, got '(.+)'",
        "'{0}' cannot stand here.",
        "Join texts with ~, and write a filter after |.",
    ),
    (rf"expected token '(.+)', got {_END}", "It ends where {0} should follow.", ""),
    (r"expected token '(.+)', got '(.+)'", "'{1}' stands where '{0}' should.", ""),
    (r"unexpected (?:char )?'(.+?)'.*", "'{0}' cannot stand here.", "Close each bracket and each quote once."),
    (r"unexpected end of .*", "It is not closed.", "Close each bracket and each quote once."),
    (r"Missing end of comment tag", "This comment is not closed.", "Write #} at its end."),
    (r"Missing end of raw directive", "{% raw %} is not closed.", "Write {% endraw %}."),
)


def mistakes(env: Environment, name: str, text: str, *, readable: bool = False) -> list[SetupError]:
    """Every mistake in the statements and values of a file; `name` is the file as messages show it.

    What Jinja has found `readable` as a whole can still be too long or too deep.
    """
    reading = _Reading(env, name, text, readable)
    reading.all()
    return reading.problems


@dataclass
class _Reading:
    env: Environment
    name: str
    text: str
    readable: bool
    problems: list[SetupError] = field(default_factory=list)
    opened: list[tuple[str, Part]] = field(default_factory=list)

    def all(self) -> None:
        for part in self._parts():
            if part.kind in ("variable", "block") and len(part.text) > _LONGEST:
                self._wrong(part, f"It is longer than {_LONGEST} characters.", "Use {% set %} for its parts.")
            elif part.kind == "variable":
                self._alone(part, part.text)
            elif part.kind == "block":
                self._statement(part, part.words[0] if part.words else "")
        for opener, part in self.opened:
            self._wrong(part, "It is not closed.", f"Write {{% {STATEMENTS[opener]} %}} where it ends.")

    def _parts(self) -> Iterator[Part]:
        """The parts, up to where Jinja cannot tell them apart."""
        end = 0
        try:
            for part in parts(self.env, self.text):
                yield part
                end = part.start + len(part.text)
        except TemplateSyntaxError as error:
            rest = self.text[end:]
            self._wrong(Part("", end + len(rest) - len(rest.lstrip()), rest.strip().split("\n")[0]), *_said(error))

    def _statement(self, part: Part, name: str) -> None:
        if name.startswith("end"):
            self._close(part, name)
        elif name in _MIDDLES:
            inside = self.opened[-1][0] if self.opened else ""
            if inside not in _MIDDLES[name]:
                self._wrong(part, f"It belongs to {' or '.join(f'{{% {n} %}}' for n in _MIDDLES[name])}.", "")
            else:
                self._alone(part, f"{{% if 1 %}}{part.text}{{% endif %}}")
        elif name not in STATEMENTS:
            self._unknown(part, name)
        else:
            self._open(part, name)

    def _unknown(self, part: Part, name: str) -> None:
        """Taken for the nearest known one, so that its end is not complained about, too."""
        known = [*STATEMENTS, *_MIDDLES]
        near = did_you_mean(name, known)
        what = f"There is no statement {name}." if name else "Nothing stands in it."
        self._wrong(part, what, near or f"Known: {', '.join(known)}.")
        meant = near.removeprefix("Did you mean ").rstrip("?")
        if STATEMENTS.get(meant):
            self.opened.append((meant, part))

    def _open(self, part: Part, name: str) -> None:
        closer = None if name == "set" and re.search(r"(?<![=!<>])=(?!=)", part.text) else STATEMENTS[name]
        self._alone(part, f"{part.text}{{% {closer} %}}" if closer else part.text)
        if closer:
            self.opened.append((name, part))
            if len(self.opened) == _DEEPEST + 1:
                self._wrong(part, f"It stands in {_DEEPEST} others.", "Nobody reads that: simplify it.")

    def _close(self, part: Part, name: str) -> None:
        """What was opened later and is still open is what is missing its end."""
        opener = name.removeprefix("end")
        if opener not in STATEMENTS:
            self._wrong(part, f"There is no statement {name}.", did_you_mean(name, filter(None, STATEMENTS.values())))
            self.opened = self.opened[:-1]
            return
        if opener not in [known for known, _ in self.opened]:
            self._wrong(part, f"There is no {{% {opener} %}} that it could close.", "")
            return
        while self.opened:
            inner, begun = self.opened.pop()
            if inner == opener:
                return
            line, column = position(self.text, part.start)
            self._wrong(begun, "It is not closed.", f"Write {{% {STATEMENTS[inner]} %}} before {line}:{column}.")

    def _alone(self, part: Part, text: str) -> None:
        if self.readable:
            return
        try:
            self.env.parse(text)
        except TemplateSyntaxError as error:
            self._wrong(part, *_said(error))
        except RecursionError:
            self._wrong(part, "It is nested too deeply.", "Use {% set %} for its parts.")

    def _wrong(self, part: Part, what: str, remedy: str) -> None:
        line, column = position(self.text, part.start)
        shown = " ".join(part.text.split())
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
        self.problems.append(SetupError(f"{shown}: {what}", where=f"{self.name}:{line}:{column}", remedy=remedy))


def _said(error: TemplateSyntaxError) -> tuple[str, str]:
    message = (error.message or "It cannot be read.").rstrip(".")
    for pattern, what, remedy in _WORDS:
        if match := re.fullmatch(pattern, message):
            return re.sub(r"\{(\d)\}", lambda group: match[int(group[1]) + 1], what), remedy
    return f"{message}.", ""
