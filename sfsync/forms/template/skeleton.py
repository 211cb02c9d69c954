"""A template in its parts: markup, and what Jinja will replace; and its skeleton, which an XML parser can read.

What Jinja will replace is blanked out, character for character: positions in the skeleton are those of the source.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from jinja2.environment import Environment

from sfsync.forms.template.markup import PLACE

#: stands for a value that only data knows
VALUE = "\ue000"
#: a processing instruction: the XML parser tells where it stands
_MARK = "<?_?>"


class Part(NamedTuple):
    """A stretch of a template."""

    #: 'data', 'variable', 'block', 'comment' or 'raw' (the marks of a raw block, not what stands in it)
    kind: str
    start: int
    text: str
    #: the names and quoted texts in it
    words: tuple[str, ...] = ()


def parts(env: Environment, text: str) -> Iterator[Part]:
    """The parts, in order, without a gap. Raises TemplateSyntaxError where Jinja cannot tell them apart.

    Jinja's lexer drops the blanks before a `{%-`; here they are put back.
    """
    cursor, begun = 0, Part("data", 0, "")
    words: list[str] = []
    for _, kind, value in env.lex(text):
        at = text.index(value, cursor)
        if begun.kind == "data" and at > cursor:
            yield Part("data", cursor, text[cursor:at])
        cursor = at + len(value)
        if begun.kind == "data" and kind == "data":
            yield Part("data", at, value)
        elif kind in ("raw_begin", "raw_end"):
            yield Part("raw", at, value)
        elif begun.kind == "data":
            begun, words = Part(kind.removesuffix("_begin"), at, ""), []
        elif kind == f"{begun.kind}_end":
            yield begun._replace(text=text[begun.start : cursor], words=tuple(words))
            begun = Part("data", cursor, "")
        elif kind in ("name", "string"):
            words.append(value)
    if cursor < len(text):
        yield Part("data", cursor, text[cursor:])


def position(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character, both counted from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class Skeleton(NamedTuple):
    """What an XML parser reads."""

    text: str
    #: where a statement's mark stands (line from 1, column from 0) -> the statement
    statements: dict[tuple[int, int], Part]


def skeleton(found: Iterable[Part]) -> Skeleton:
    """The parts with blanks for comments, marks for statements and a stand-in for values; nothing moves."""
    out: list[str] = []
    marks: list[tuple[int, Part]] = []
    state = _State()
    for part in found:
        if part.kind == "data":
            state.read(part.text)
            out.append(part.text)
            continue
        blank = _blank(part.text, VALUE if state.quote or part.kind == "variable" else " ")
        at = _room(blank) if part.kind == "block" and not state.in_tag else None
        if at is not None:
            marks.append((part.start + at, part))
            blank = blank[:at] + _MARK + blank[at + len(_MARK) :]
        out.append(blank)
    text = "".join(out)
    return Skeleton(text, {(line, column - 1): part for at, part in marks for line, column in [position(text, at)]})


def _blank(text: str, filling: str) -> str:
    return "".join("\n" if character == "\n" else filling for character in text)


def _room(blank: str) -> int | None:
    """Where the mark stands within one line; any statement but the strangest has room for it."""
    places = range(len(blank) - len(_MARK) + 1)
    return next((at for at in places if "\n" not in blank[at : at + len(_MARK)]), None)


@dataclass
class _State:
    """Whether the text so far ends inside a tag, and inside the quotes of an attribute."""

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


def placed(text: str, tags: Iterable[tuple[int, int, str]], file: str = "") -> str:
    """`text` with the place of each tag written into it: `<row _="31:7">`, or `_="terms.xml:31:7"`."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    out: list[str] = []
    done = 0
    for row, column, tag in tags:
        end = starts[row - 1] + column + 1 + len(tag)
        out += [text[done:end], f' {PLACE}="{file}{row}:{column + 1}"']
        done = end
    return "".join([*out, text[done:]])
