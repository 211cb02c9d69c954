"""Reads a template as markup before there is data: every mistake with its true line and column.

What Jinja will replace is blanked out, character for character, so that an XML parser sees the skeleton and its
positions are those of the source. The same pass notes where each tag stands; the compiled template carries that place
along, and a mistake that only data reveals names the line as well.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from jinja2.environment import Environment

from sfsync.errors import SetupError, did_you_mean
from sfsync.forms import markup
from sfsync.forms.paths import Source

#: stands for a value that only data knows
_VALUE = "\ue000"
_ANCHORS = ("anchor", "date-anchor")
_REMEDIES = {
    "mismatched tag": "Each tag that is opened has to be closed, the last one first.",
    "not well-formed (invalid token)": "In text, write &amp; for & and &lt; for <.",
    "undefined entity": "Write &amp; for &, or the character itself.",
    "no element found": "A tag is not closed before the end of the file.",
    "unclosed token": "A tag is not closed.",
    "duplicate attribute": "Write it once.",
}


def skeleton(env: Environment, text: str) -> str:
    """`text` with blanks for statements and comments, and a stand-in for values; each character keeps its place."""
    out: list[str] = []
    block: list[tuple[str, str]] = []
    state = _State()
    for _, kind, value in env.lex(text):
        if not block and kind == "data":
            state.read(value)
            out.append(value)
            continue
        block.append((kind, value))
        if kind.endswith("_end"):
            out.append(_stand_in(block, in_value=bool(state.quote)))
            block = []
    return "".join(out)


def _stand_in(block: list[tuple[str, str]], *, in_value: bool) -> str:
    text = "".join(value for _, value in block)
    words = [value for kind, value in block if kind in ("name", "string")]
    if block[0][0] == "block_begin" and words[0] == "include" and len(words) > 1 and not in_value:
        # As a processing instruction the XML parser tells where it stands; it is never longer than the statement.
        named = words[1].strip("'\"")
        return f"<?include {named}?>".ljust(len(text))
    return _blank(text, _VALUE if in_value or block[0][0] == "variable_begin" else " ")


def _blank(text: str, filling: str) -> str:
    return "".join("\n" if character == "\n" else filling for character in text)


@dataclass
class _State:
    """Whether the text so far ends inside the quotes of an attribute."""

    in_tag: bool = False
    quote: str = ""

    def read(self, data: str) -> None:
        for character in data:
            if self.quote:
                self.quote = "" if character == self.quote else self.quote
            elif self.in_tag and character in "\"'":
                self.quote = character
            elif character in "<>":
                self.in_tag = character == "<"


@dataclass
class Lint:
    """One reading of one file."""

    source: Source
    has_image: Callable[[str], bool]
    #: in which tag the file's text stands: none for a form, the including tag for an included file
    outer: str = ""
    problems: list[SetupError] = field(default_factory=list)
    #: (line, column, name) of each tag
    tags: list[tuple[int, int, str]] = field(default_factory=list)
    anchors: dict[str, str] = field(default_factory=dict)
    #: name of an included file -> the tag that it is included in
    includes: dict[str, str] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _shift: int = 0

    def read(self, skeleton: str) -> None:
        """Fills `problems`, `tags`, `anchors`. After a mistake that leaves the markup unreadable, nothing more."""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = lambda _: self._open.pop()
        self._parser.CharacterDataHandler = self._text
        self._parser.ProcessingInstructionHandler = self._include
        self._parser.StartDoctypeDeclHandler = lambda *_: self._problem("<!DOCTYPE> is not allowed.", "Remove it.")
        try:
            if self.outer:
                self._shift = len("<_>")
                self._parser.Parse("<_>")
            self._parser.Parse(skeleton, not self.outer)
            if self.outer:
                self._parser.Parse("</_>", True)
        except expat.ExpatError as error:
            self._unreadable(error)

    def _unreadable(self, error: expat.ExpatError) -> None:
        what = expat.errors.messages[error.code]
        column = error.offset + 1 - (self._shift if error.lineno == 1 else 0)
        opened = f" <{self._open[-1]}> is open here." if self._open and self._open[-1] else ""
        self.problems.append(
            SetupError(
                f"The markup cannot be read: {what}.{opened}",
                where=f"{self.source.name}:{error.lineno}:{max(column, 1)}",
                remedy=_REMEDIES.get(what, ""),
            )
        )

    def _at(self) -> tuple[int, int]:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber
        return line, column - (self._shift if line == 1 else 0)

    def _problem(self, what: str, remedy: str = "") -> None:
        line, column = self._at()
        self.problems.append(SetupError(what, where=f"{self.source.name}:{line}:{column + 1}", remedy=remedy))

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "_" and self.outer and not self._open:
            self._open.append(self.outer)
            return
        self.tags.append((*self._at(), tag))
        parent = self._open[-1] if self._open else ""
        self._open.append(tag)
        if tag not in markup.TAGS:
            self._problem(f"There is no tag <{tag}>.", did_you_mean(tag, markup.TAGS))
            return
        if not self._fits(tag, parent):
            self._problem(f"<{tag}> cannot stand in <{parent}>." if parent else "A form begins with <form>.")
        for name, value in attributes.items():
            self._attribute(tag, name, value)
        for name in markup.TAGS[tag].needs:
            if name not in attributes:
                self._problem(f"<{tag}> needs the attribute {name}.")

    def _fits(self, tag: str, parent: str) -> bool:
        if not parent:
            return tag == "form"
        return parent not in markup.TAGS or tag in markup.TAGS[parent].holds

    def _attribute(self, tag: str, name: str, value: str) -> None:
        dynamic = _VALUE in value
        try:
            if not dynamic or name not in markup.TAGS[tag].says:
                markup.read_one(tag, name, value)
        except markup.Wrong as wrong:
            self._problem(str(wrong))
            return
        if dynamic:
            return
        if tag == "img" and name == "src" and not self.has_image(value):
            self._problem(f"There is no image {value} beside the template.", "Put a PNG or JPEG there.")
        if name in _ANCHORS:
            self._anchor(value)

    def _anchor(self, value: str) -> None:
        if value in self.anchors:
            self._problem(
                f"The anchor {value} stands twice, first in {self.anchors[value]}.",
                "An e-signing tool would ask for two signatures. Give each its own.",
            )
        line, column = self._at()
        self.anchors.setdefault(value, f"{self.source.name}:{line}:{column + 1}")

    def _include(self, target: str, name: str) -> None:
        if target == "include":
            self.includes[name.strip()] = self._open[-1] if self._open else ""

    def _text(self, text: str) -> None:
        parent = self._open[-1] if self._open else ""
        if text.strip() and parent in markup.TAGS and not markup.TAGS[parent].text:
            self._problem(f"Text cannot stand directly in <{parent}>.", "Put it in a <p> or a cell.")


def placed(text: str, tags: Iterable[tuple[int, int, str]], file: str = "") -> str:
    """`text` with the place of each tag written into it: `<row _="31:7">`, or `_="terms.xml:31:7"`."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    out: list[str] = []
    done = 0
    for row, column, tag in tags:
        end = starts[row - 1] + column + 1 + len(tag)
        out += [text[done:end], f' {markup.PLACE}="{file}{row}:{column + 1}"']
        done = end
    return "".join([*out, text[done:]])
