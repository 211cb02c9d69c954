"""Reads a template as markup before there is data: every mistake with its true line and column.

An XML parser reads the template's skeleton. The same pass notes where each tag stands; the compiled template carries
that place along, and a mistake that only data reveals names the line as well.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from sfsync.errors import SetupError, did_you_mean
from sfsync.forms.template import tags
from sfsync.forms.template.esign import anchors
from sfsync.forms.template.markup import Tag, Wrong
from sfsync.forms.template.skeleton import VALUE, Skeleton
from sfsync.forms.template.sources import Source

#: tags in each other; no form needs more
_DEEPEST = 24
#: expat's words -> what is wrong, what to do
_INVALID = "not well-formed (invalid token)"
_WORDS = {
    "undefined entity": ("This entity is not known.", "Write &amp; for &, or the character itself."),
    "junk after document element": ("After </form> nothing may follow.", "Put it inside <form>."),
    "no element found": ("There is no <form>.", 'A template begins with <form title="…">.'),
    "unclosed token": ("This tag has no > at its end.", "Close it."),
    "duplicate attribute": ("This tag says the same attribute twice.", "Write it once."),
    _INVALID: ("This is not markup.", 'Write attributes as name="value", and &lt; for <.'),
}


@dataclass
class _Open:
    """A tag that is not closed yet."""

    name: str
    line: int
    column: int
    #: of a table: how many columns it has, where the template says it
    columns: int | None = None
    #: of a row: how many of them its cells fill so far; None where only data knows
    filled: int | None = 0


class Included(NamedTuple):
    """Where a file is included."""

    outer: str
    in_loop: bool


@dataclass
class Lint:
    """One reading of one file."""

    source: Source
    has_image: Callable[[str], bool]
    #: role of each signer -> where it stands, over all files of the template
    roles: dict[str, str]
    #: in which tag the file's text stands, and whether in a loop: none for a form
    within: Included
    #: whether its statements are sound, so that a loop ends where it should
    sound: bool
    problems: list[SetupError] = field(default_factory=list)
    #: (line, column, name) of each tag
    tags: list[tuple[int, int, str]] = field(default_factory=list)
    #: name of an included file -> where it is included
    includes: dict[str, Included] = field(default_factory=dict)
    #: the language that <form> names
    language: str = ""
    _open: list[_Open] = field(default_factory=list)
    _loops: int = 0
    _shift: int = 0

    def read(self, skeleton: Skeleton) -> None:
        """Fills `problems`, `tags`, `roles`, `includes`; nothing after a mistake that leaves the rest unreadable."""
        self._statements = skeleton.statements
        self._loops = int(self.within.in_loop)
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.ProcessingInstructionHandler = self._statement
        self._parser.StartDoctypeDeclHandler = self._doctype
        try:
            if self.within.outer:
                self._shift = len("<_>")
                self._parser.Parse("<_>")
            self._parser.Parse(skeleton.text, not self.within.outer)
            if self.within.outer:
                self._parser.Parse("</_>", True)
        except expat.ExpatError as error:
            self._unreadable(error)
        except SetupError as problem:
            self.problems.append(problem)

    # ---- where

    def _at(self) -> tuple[int, int]:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber
        return line, column - (self._shift if line == 1 else 0)

    def _where(self, line: int, column: int) -> str:
        return f"{self.source.name}:{line}:{max(column, 0) + 1}"

    def _problem(self, what: str, remedy: str = "") -> None:
        self.problems.append(SetupError(what, where=self._where(*self._at()), remedy=remedy))

    # ---- what cannot be read

    def _unreadable(self, error: expat.ExpatError) -> None:
        line, column = error.lineno, error.offset - (self._shift if error.lineno == 1 else 0)
        message = expat.errors.messages[error.code]
        opened = self._open[-1] if self._open and self._open[-1].name != "_" else None
        if opened and message in ("mismatched tag", "no element found"):
            closed = f"before {line}:{column + 1}" if message == "mismatched tag" else "before the end of the file"
            what, remedy = f"<{opened.name}> is not closed.", f"Write </{opened.name}> {closed}."
            line, column = opened.line, opened.column
        elif message == "mismatched tag":
            what, remedy = "This closes a tag that was not opened.", "Remove it."
        elif message == _INVALID and (bare := self._before("&", line, column, within=2)) is not None:
            what, remedy, column = "A bare & stands here.", "In text, write &amp; for &.", bare
        else:
            begun = self._before("<", line, column, within=column)
            column = begun if begun is not None and message == _INVALID else column
            what, remedy = _WORDS.get(message, (f"The markup cannot be read: {message}.", ""))
        self.problems.append(SetupError(what, where=self._where(line, column), remedy=remedy))

    def _before(self, sign: str, line: int, column: int, *, within: int) -> int | None:
        """The column of the last `sign` before the place where the parser gave up."""
        lines = self.source.text.split("\n")
        at = lines[line - 1].rfind(sign, max(column - within, 0), column + 1) if line <= len(lines) else -1
        return at if at >= 0 else None

    def _doctype(self, *_: object) -> None:
        # Raised at once, so that no entity is ever declared.
        raise SetupError("<!DOCTYPE> is not allowed.", where=self._where(*self._at()), remedy="Remove it.")

    # ---- tags

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line, column = self._at()
        if name == "_" and self.within.outer and not self._open:
            self._open.append(_Open(self.within.outer, line, column))
            return
        parent = self._open[-1] if self._open else None
        self.tags.append((line, column, name))
        self._open.append(_Open(name, line, column))
        if len(self._open) > _DEEPEST:
            raise SetupError(f"<{name}> stands in {_DEEPEST} other tags.", where=self._where(line, column))
        if name not in tags.TAGS:
            self._problem(f"There is no tag <{name}>.", did_you_mean(name, tags.TAGS) or "See docs/templates.md.")
            return
        self._fits(name, parent.name if parent else "")
        for key, value in attributes.items():
            self._attribute(name, key, value)
        for key in tags.TAGS[name].needs:
            if key not in attributes:
                self._problem(f"<{name}> needs the attribute {key}.")
        self._count(name, attributes, parent)

    def _fits(self, name: str, parent: str) -> None:
        if not parent and name != "form":
            self._problem("A form begins with <form>.")
        elif parent in tags.TAGS and name not in tags.TAGS[parent].holds:
            inside = " ".join(f"<{n}>" for n, tag in tags.TAGS.items() if name in tag.holds)
            self._problem(f"<{name}> cannot stand in <{parent}>.", f"It stands in {inside}." if inside else "")

    def _attribute(self, name: str, key: str, value: str) -> None:
        dynamic = VALUE in value
        try:
            if not dynamic or key not in tags.TAGS[name].says:
                tags.read_one(name, key, value)
        except Wrong as wrong:
            self._problem(str(wrong))
            return
        if (name, key) == ("form", "lang"):
            self._language(value, dynamic=dynamic)
        elif (name, key) == ("sign", "role"):
            self._role(value, dynamic=dynamic)
        elif (name, key) == ("img", "src") and not dynamic and not self.has_image(value):
            self._problem(f"There is no image {value} beside the template.", "Put a PNG or JPEG there.")

    def _language(self, language: str, *, dynamic: bool) -> None:
        if dynamic:
            remedy = 'Write that of its own words, such as lang="en"; other languages stand in words/.'
            self._problem("A template's language is the same on each form.", remedy)
        self.language = language.replace("-", "_")

    def _role(self, role: str, *, dynamic: bool) -> None:
        """Proves that each role signs once, whatever the data."""
        if dynamic:
            self._problem("A role is the same on each form.", 'Write it as it is, such as role="customer".')
        elif self._loops and self.sound:
            self._problem(f"In a loop the role {role} would sign more than once.", "Take it out of the loop.")
        elif role in self.roles:
            remedy = "Give each its own. Where it depends, put the condition into the attributes of one <sign>."
            self._problem(f"The role {role} signs twice, first in {self.roles[role]}.", remedy)
        else:
            self.roles[role] = self._where(*self._at())

    # ---- cells

    def _count(self, name: str, attributes: dict[str, str], parent: _Open | None) -> None:
        if name == "table":
            columns = self._open[-1].columns = _widths(attributes.get("widths", ""))
            summed = attributes.get("sum", "")
            if columns and summed.isdecimal() and int(summed) > columns:
                self._problem(f"The column {summed} is to be summed, and the table has {columns}.")
        elif name == "td" and parent and parent.filled is not None:
            span = attributes.get("span", "1")
            parent.filled = parent.filled + int(span) if span.isdecimal() else None

    def _end(self, name: str) -> None:
        row = self._open.pop()
        table = next((tag for tag in reversed(self._open) if tag.name == "table"), None)
        if name in ("row", "head") and table and table.columns and row.filled not in (None, table.columns):
            what, remedy = tags.miscounted(name, row.filled or 0, table.columns)
            self.problems.append(SetupError(what, where=self._where(row.line, row.column), remedy=remedy))

    # ---- statements and text

    def _statement(self, target: str, _: str) -> None:
        part = self._statements.get(self._at())
        if target != "_" or part is None:
            self._problem(f"<?{target}?> is not allowed.", "Remove it.")
            return
        name, *words = part.words
        self._loops += {"for": 1, "endfor": -1}.get(name, 0)
        if self._open and name != "set":
            self._open[-1].filled = None
        if name == "include" and words:
            self.includes[words[0].strip("'\"")] = Included(self._open[-1].name if self._open else "", self._loops > 0)

    def _text(self, text: str) -> None:
        parent = self._open[-1].name if self._open else ""
        known: Tag | None = tags.TAGS.get(parent)
        if text.strip() and known and not known.text:
            inside = next((name for name in sorted(known.holds) if name in ("p", "td")), "")
            remedy = f"Put it in a <{inside}>." if inside else "Remove it."
            self._problem(f"Text cannot stand directly in <{parent}>.", remedy)


def _widths(text: str) -> int | None:
    try:
        return len(tags.read_one("table", "widths", text))
    except Wrong:
        return None


def printed_marks(source: Source, roles: dict[str, str]) -> list[SetupError]:
    """Anchors that the template's own text holds: an e-signing tool would find them twice."""
    found = [mark for role in roles for mark in anchors(role).values() if mark in source.text]
    return [
        SetupError(f"{mark} marks where somebody signs.", where=source.at(source.text.index(mark)), remedy="Remove it.")
        for mark in found
    ]
