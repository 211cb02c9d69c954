"""A form's template: read once, checked before any data exists, then frozen.

Four kinds: `Template` is a file of markup, `Text` one line such as a file's name, `Condition` a question in the
settings, `Expression` a value there. Each knows the fields that it reads.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from traceback import FrameSummary, extract_tb
from typing import Any, NoReturn, TypeVar
from xml.etree.ElementTree import Element, ParseError, fromstring

from jinja2 import Template as Compiled
from jinja2 import TemplateError, UndefinedError
from jinja2.runtime import Undefined

from sfsync.errors import SetupError
from sfsync.forms.money import formatter
from sfsync.forms.template import environment
from sfsync.forms.template.bounds import BUDGET, Budget, TooMuch
from sfsync.forms.template.filters import FORMATTER, WORDS
from sfsync.forms.template.markup import PLACE
from sfsync.forms.template.reader import NO_TEXT, TERMS, paths_of_line, read
from sfsync.forms.template.shapes import Place
from sfsync.forms.template.sources import FieldPath
from sfsync.records import Values

__all__ = ["Condition", "Expression", "FieldPath", "Template", "Text"]

_IN_SETTINGS = "settings"
#: tags in each other
_DEEPEST = 32
#: the place of a tag that `placed` wrote into a source, and the name that Jinja misses
_PLACES = re.compile(rf' {PLACE}="[^"]*"')
_MISSING = re.compile(r"'(\w+)'(?: is undefined)?$")
_LINES = "OpportunityLineItems"
_BRACES = re.compile(r"[{%#]\}|\{[{%#]")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Template:
    """A template with all that it needs, in memory: it can be sent to another process and never reads a file again."""

    #: as messages show it: templates/order_form.xml
    name: str
    #: name in an include (the template's own is '') -> source with each tag's place written into it
    sources: Mapping[str, tuple[str, str]] = field(repr=False)
    images: Mapping[str, bytes] = field(repr=False)
    paths: tuple[FieldPath, ...]
    #: that of the template's own words; empty where it does not say
    language: str
    #: each word that is marked for translation -> where
    marked: Mapping[str, str] = field(repr=False)
    #: language -> its words; a catalogue that lacks a word is not among them
    words: Mapping[str, Mapping[str, str]] = field(repr=False)
    #: 16 hexadecimal digits of everything above
    fingerprint: str

    @classmethod
    def load(cls, path: Path, *, name: str | None = None, terms: Sequence[str] = ()) -> "Template":
        """Reads and checks a file, and the texts of which one is its `terms`.

        Raises SetupError, or SetupErrors with every mistake found.
        """
        shown = name or path.name
        template = cls(shown, *read(path, shown, terms))
        _prove(template)
        return template

    def markup(self, variables: Mapping[str, Any], terms: str = "") -> str:
        """The form's markup with its data. A mistake that only data reveals is a SetupError with the true line.

        `terms` is the file that was chosen; it prints nothing where that is no text.
        """
        chosen = terms if terms and terms in self.sources else NO_TEXT
        words = self.words.get(variables["form"]["language"], {})
        return _run(_compiled(self.fingerprint, self), {**variables, TERMS: chosen, WORDS: words}, self.name)

    def tree(self, variables: Mapping[str, Any], terms: str = "") -> Element:
        """The same, read. Tags that only some data leaves open, or nests without end, are a SetupError, too."""
        text = self.markup(variables, terms)
        try:
            root = fromstring(text)  # noqa: S314 (our own markup: a template has no DOCTYPE, and so no entities)
        except ParseError as error:
            raise SetupError(
                "With this data a tag stays open, or closes none.",
                where=self._last_place(text, *error.position),
                remedy="Let each {% if %} and {% for %} hold whole tags.",
            ) from None
        if _deeper(root, _DEEPEST):
            raise SetupError("With this data tags are nested too deeply.", where=self.name)
        return root

    def _last_place(self, text: str, line: int, column: int) -> str:
        """Where the last tag before a position of the markup stands in the template."""
        before = "\n".join([*text.split("\n")[: line - 1], text.split("\n")[line - 1][:column]])
        place = before.rpartition(f' {PLACE}="')[2].partition('"')[0]
        return place if place.count(":") > 1 else f"{self.name}:{place}"

    def __hash__(self) -> int:
        return hash(self.fingerprint)


@dataclass(frozen=True)
class Text:
    """One line with values in it, such as a file's name. Nothing is escaped; line breaks become spaces."""

    source: str
    #: where it stands: config/sfsync.yaml:9
    where: str
    paths: tuple[FieldPath, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", paths_of_line(self.source, self.where))

    def render(
        self, opportunity: Values, *, locale: str = "en_US", currency: str = "USD", time_zone: str = "UTC", **more: Any
    ) -> str:
        """`more`: `form` and `company`, where the line names them."""
        values = {"Opportunity": opportunity, FORMATTER: formatter(locale, currency, time_zone), **more}
        return _run(_compiled_line(self.source), values, _IN_SETTINGS, where=self.where)


@dataclass(frozen=True)
class Condition:
    """A question about an Opportunity: `Opportunity.Type == "Renewal" and Opportunity.Amount > 10000`."""

    source: str
    where: str
    paths: tuple[FieldPath, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", paths_of_line(self.line, self.where))

    @property
    def line(self) -> str:
        """The question as a template of one line, which says yes or nothing."""
        return f"{{% if {self.source} %}}yes{{% endif %}}"

    def holds(self, opportunity: Values) -> bool:
        """An empty field is neither more nor less than anything."""
        values = {"Opportunity": opportunity, FORMATTER: formatter("en_US", "USD", "UTC")}
        return _run(_compiled_line(self.line), values, _IN_SETTINGS, where=self.where) == "yes"


@dataclass(frozen=True)
class Expression:
    """A value of an Opportunity: `Opportunity.Amount | money`."""

    source: str
    where: str
    #: whether it is one of each product, which it calls `line`
    of_line: bool = False
    paths: tuple[FieldPath, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if _BRACES.search(self.source):
            raise SetupError("It is written without braces.", where=self.where, remedy="Write Opportunity.Name.")
        line = {"line": Place((_LINES,))} if self.of_line else {}
        object.__setattr__(self, "paths", paths_of_line(f"{{{{ {self.source} }}}}", self.where, line))

    def value(self, variables: Mapping[str, Any]) -> Any:
        """As Python has it: a text where a filter made one, else the field's own value."""

        def evaluated(compiled: Compiled, known: dict[str, Any]) -> Any:
            context = compiled.new_context(known)
            deque(compiled.root_render_func(context), maxlen=0)
            found = context.vars["value"]
            return str(found) if isinstance(found, Undefined) else found

        compiled = _compiled_line(f"{{% set value = ({self.source}) %}}")
        return _tried(evaluated, compiled, variables, _IN_SETTINGS, self.where)


def _deeper(root: Element, levels: int) -> bool:
    level = [root]
    for _ in range(levels):
        level = [child for element in level for child in element]
    return bool(level)


@lru_cache(maxsize=32)
def _compiled(fingerprint: str, template: Template) -> Compiled:  # noqa: ARG001 (the key)
    return environment.environment(environment.Files(template.sources), markup=True).get_template("")


def _prove(template: Template) -> None:
    """That it can be compiled, with all that it includes; the compiled form is kept."""
    for key, (_, name) in template.sources.items():
        try:
            _compiled(template.fingerprint, template).environment.get_template(key)
        except (TemplateError, SyntaxError, RecursionError, MemoryError) as error:
            what = f"It cannot be compiled: {type(error).__name__}."
            raise SetupError(what, where=name, remedy="Simplify its longest expressions.") from None


@lru_cache(maxsize=256)
def _compiled_line(source: str) -> Compiled:
    return environment.compiled(environment.environment(markup=False), source, _IN_SETTINGS)


def _run(compiled: Compiled, variables: Mapping[str, Any], name: str, *, where: str = "") -> str:
    return _tried(Compiled.render, compiled, variables, name, where)


def _tried(
    use: Callable[[Compiled, dict[str, Any]], _T],
    compiled: Compiled,
    variables: Mapping[str, Any],
    name: str,
    where: str,
) -> _T:
    try:
        return use(compiled, {**variables, BUDGET: Budget()})
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        _explain(error, compiled, name, where)


def _explain(error: Exception, compiled: Compiled, name: str, where: str) -> NoReturn:
    texts = {name: "", **_texts(compiled)}
    frames = (frame for frame in reversed(extract_tb(error.__traceback__)) if frame.filename in texts)
    place = next((_place(frame, texts[frame.filename], error) for frame in frames), name)
    what = str(error).rstrip(".") or type(error).__name__
    if isinstance(error, TooMuch):
        what = f"The template asks for too much: {what}."
        remedy = "Look for a loop or a text that grows without end."
        raise SetupError(what, where=where or place, remedy=remedy) from error
    quotes = True
    if isinstance(error, UndefinedError) and (missing := _MISSING.search(what)):
        what, quotes = f"there is no {missing[1]}", False
    said = "The template does not fit the data"
    raise SetupError(
        f"{said}: {what}.",
        where=where or place,
        remedy="Where a field may be empty, write {% if … %} or | default(0).",
        logged=f"{said} ({type(error).__name__})." if quotes else "",
    ) from error


def _place(frame: FrameSummary, text: str, error: Exception) -> str:
    """file:line of a frame, with the column where the line leaves no doubt."""
    lines = _PLACES.sub("", text).split("\n")
    line = frame.lineno or 1
    shown = lines[line - 1] if line <= len(lines) else ""
    missing = _MISSING.search(str(error)) if isinstance(error, UndefinedError) else None
    wanted = rf"\b{missing[1]}\b" if missing else r"\{[{%]"
    found = [match.start() + 1 for match in re.finditer(wanted, shown)]
    return f"{frame.filename}:{line}:{found[0]}" if len(found) == 1 else f"{frame.filename}:{line}"


def _texts(compiled: Compiled) -> Mapping[str, str]:
    """The files by their names in messages."""
    loader = compiled.environment.loader
    return loader.texts() if isinstance(loader, environment.Files) else {}
