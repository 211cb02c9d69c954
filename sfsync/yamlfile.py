"""YAML as an admin may have written or pasted it: understood where that is safe, else named with its line.

Every value is the text that stands in the file, so `8:00`, `yes` and `0815` are what they look like.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sfsync.errors import SetupError

#: where a value stands in the file: keys and list positions from the top
Place = tuple[str | int, ...]

#: bytes: a hundred times what anybody writes, and read within a second
LARGEST = 200_000
_DEPTH = 20
#: what web pages and word processors put where a blank or nothing is meant
_BLANK = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
_NOTHING = dict.fromkeys([0x200B, 0x2060, 0xFEFF])
#: at a line's beginning, after a colon or dash, before a colon, at a line's end: elsewhere they are part of a text
_AROUND = re.compile(rf"^[ {_BLANK}]+|(?<=[:-])[ \t{_BLANK}]+|[ {_BLANK}]+(?=:|$)", re.MULTILINE)
_CURLY = {"“": "”", "„": "“”", "”": "”", "‘": "’", "«": "»"}
_SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a session of Salesforce": re.compile(r"\b00D\w{12,15}![\w.]{20,}"),
    "an access token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"),
    "a Consumer Secret": re.compile(r"\b[0-9A-F]{64}\b"),
}
_NO_SECRETS = (
    "Delete it here, and set it in the environment (SF_PRIVATE_KEY, SF_CLIENT_SECRET; on Heroku: heroku config:set). "
    "If this file was ever shared, make a new one."
)
_HINTS = (
    (r"'\\t' that cannot start", "It is indented with a tab. Use blanks, two for each level."),
    (r"unexpected end of stream", "A quote is opened and never closed."),
    (r"could not find expected ':'", "Write a colon and a blank after the setting's name."),
    (r"escape", "In \"double quotes\" a \\ is special; write 'single quotes'."),
    (r"cannot start any token", "Put the value in quotes."),
    (r"another document", "Delete the line --- and all below it, or all above it."),
    (r"undefined alias", "Put quotes around a value that begins with *."),
)


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds: mappings, lists, texts and None, with the file and line of each."""

    value: Any
    lines: dict[Place, tuple[str, int]]

    def line(self, place: Place) -> tuple[str, int]:
        """File and line of a value, or of the nearest one above it that stands in the file."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def where(self, place: Place) -> str:
        """The same as messages write it: `config/sfsync.yaml:9`."""
        return ":".join(map(str, self.line(place)))

    def over(self, base: "Document") -> "Document":
        """What both say together, this one having the last word; a list stands for the whole of the other's."""
        replaced = list(_replaced(self.value, base.value, ()))
        kept = {p: line for p, line in base.lines.items() if not any(p[: len(r)] == r for r in replaced)}
        return Document(_merged(self.value, base.value), {**kept, **self.lines})


def read(path: Path, name: str) -> Document:
    """Read a file, which messages call `name`. Raises OSError, or SetupError with the line of the first mistake."""
    if path.stat().st_size > LARGEST:
        raise SetupError(f"The file is larger than {LARGEST // 1000} kB.", where=name, remedy="Is it the right one?")
    return parse(_decoded(path.read_bytes(), name), name)


def parse(text: str, name: str) -> Document:
    """Read a file's text. Raises SetupError with the line of the first mistake."""
    _refuse_secrets(text, name)
    text = _AROUND.sub(lambda found: " " * len(found[0]), text.translate(_NOTHING))
    reading = _Reading(name, text.splitlines())
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            reading.allow(event)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise reading.mistake(error) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SetupError(
            f"There is a control character (number {error.character}).", where=f"{name}:{line}", remedy="Delete it."
        ) from None
    value = reading.value(node, ()) if node else None
    return Document(value, {place: (name, line) for place, line in ({(): 1} | reading.lines).items()})


def _merged(value: Any, base: Any) -> Any:
    if not (isinstance(value, dict) and isinstance(base, dict)):
        return value
    return {**base, **{key: _merged(own, base[key]) if key in base else own for key, own in value.items()}}


def _replaced(value: Any, base: Any, place: Place) -> Iterator[Place]:
    """The places of the base that are said anew as a whole."""
    for key in value.keys() & base.keys():
        if isinstance(value[key], dict) and isinstance(base[key], dict):
            yield from _replaced(value[key], base[key], (*place, key))
        else:
            yield (*place, key)


def _decoded(data: bytes, name: str) -> str:
    encoding = "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SetupError(
            "This is not UTF-8 text.", where=f"{name}:{line}", remedy="Save the file anew with the encoding UTF-8."
        ) from None


def _refuse_secrets(text: str, name: str) -> None:
    for kind, pattern in _SECRETS.items():
        if found := pattern.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise SetupError(f"Here stands {kind}.", where=f"{name}:{line}", remedy=_NO_SECRETS)


@dataclass(slots=True)
class _Reading:
    """One file on its way from YAML's nodes to plain values."""

    name: str
    text: list[str]
    lines: dict[Place, int] = field(default_factory=dict)
    _depth: int = 0

    def allow(self, event: yaml.Event) -> None:
        """Refuse what a file of settings has no use for, before it can grow without end."""
        self._depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line if event.start_mark else 0
        if self._depth > _DEPTH:
            raise self._problem(line, "This is nested too deeply.", "Close the brackets.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._problem(line, "A value that begins with & or * refers to another.", "Put quotes around it.")
        if getattr(event, "tag", None):
            raise self._problem(line, "A value that begins with ! asks for a type.", "Put quotes around it.")

    def value(self, node: yaml.Node, place: Place) -> Any:
        """The plain value of a node; the lines of all that it holds are noted."""
        if isinstance(node, yaml.ScalarNode):
            return _text(node)
        if isinstance(node, yaml.SequenceNode):
            for n, child in enumerate(node.value):
                self.lines[*place, n] = child.start_mark.line + 1
            return [self.value(child, (*place, n)) for n, child in enumerate(node.value)]
        return dict(self._pairs(node, place))

    def _pairs(self, node: yaml.Node, place: Place) -> Iterator[tuple[str, Any]]:
        for key, child in node.value:
            line = key.start_mark.line
            if not isinstance(key, yaml.ScalarNode):
                raise self._problem(line, "A brace or bracket stands where a name should.", self._hint(line, ""))
            name = _text(key) or ""
            if name == "<<":
                raise self._problem(line, "'<<' merges another part of the file.", "Write the settings out.")
            if (*place, name) in self.lines:
                raise self._problem(line, f"'{name}' stands here twice.", "Delete one of them.")
            self.lines[*place, name] = line + 1
            yield name, self.value(child, (*place, name))

    def mistake(self, error: yaml.MarkedYAMLError) -> SetupError:
        """What YAML could not read, with what is most likely meant."""
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context).removeprefix("but ")
        begins = error.context_mark and ("scalar" in (error.context or "") or "simple key" in (error.context or ""))
        line = error.context_mark.line if begins and error.context_mark else mark.line if mark else 0
        return self._problem(line, f"This is not YAML: {problem}.", self._hint(line, problem))

    def _hint(self, line: int, problem: str) -> str:
        here = self.text[line] if line < len(self.text) else ""
        if remedy := next((remedy for pattern, remedy in _HINTS if re.search(pattern, problem)), ""):
            return remedy
        if any(curly in here for curly in _CURLY):
            return 'The curly quotes are letters to YAML; write straight ones: "".'
        if "{{" in here:
            return 'Put quotes around the whole value: "… {{ … }} …".'
        if "mapping values are not allowed" in problem:
            return self._colon(line, here)
        return "Check the indentation, colons and quotes."

    def _colon(self, line: int, here: str) -> str:
        if here.count(": ") > 1:
            return "A value that holds a colon needs quotes around it."
        before = self.text[line - 1].strip() if line else ""
        if re.fullmatch(r"\w+:\S.*", before):
            return f"In the line above, write a blank after the colon of {before.partition(':')[0]}."
        return "It stands further right than the line above it. Settings side by side begin in the same column."

    def _problem(self, line: int, what: str, remedy: str) -> SetupError:
        return SetupError(what, where=f"{self.name}:{line + 1}", remedy=remedy)


def _text(node: yaml.ScalarNode) -> str | None:
    """The text as it stands; None where there is none, or `null`. Curly quotes around all of it are quotes."""
    text = str(node.value)
    if node.style is not None:
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    quoted = len(text) > 1 and text[-1] in _CURLY.get(text[0], "")
    return text[1:-1] if quoted else text
