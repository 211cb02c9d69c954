"""A form's template: read once, checked before any data exists, then frozen.

Three kinds: `Template` is a file of markup, `Text` one line such as a file's name, `Condition` a question in the
settings. Each knows the fields that it reads.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from traceback import extract_tb
from typing import Any, NoReturn

from jinja2 import Template as Compiled
from jinja2 import TemplateError, TemplateSyntaxError, nodes

from sfsync.errors import SetupError, SetupErrors
from sfsync.forms import environment
from sfsync.forms.filters import FORMATTER
from sfsync.forms.lint import Lint, placed, skeleton
from sfsync.forms.money import formatter
from sfsync.forms.paths import FieldPath, Source, Walk, roots
from sfsync.records import Values

__all__ = ["Condition", "FieldPath", "Template", "Text"]

IMAGES = (".png", ".jpg", ".jpeg")
#: in `{% include terms %}`: the file that the rule chose
TERMS = "terms"
#: what is included where no text was chosen
NO_TEXT = "no text"
_IN_SETTINGS = "settings"


@dataclass(frozen=True)
class Template:
    """A template with all that it needs, in memory: it can be sent to another process and never reads a file again."""

    #: as messages show it: templates/order_form.xml
    name: str
    #: name in an include (the template's own is '') -> source with each tag's place written into it
    sources: Mapping[str, tuple[str, str]] = field(repr=False)
    images: Mapping[str, bytes] = field(repr=False)
    paths: tuple[FieldPath, ...]
    #: 16 hexadecimal digits of everything above
    fingerprint: str

    @classmethod
    def load(cls, path: Path, *, name: str | None = None, terms: Sequence[str] = ()) -> "Template":
        """Reads and checks a file, and the texts of which one is its `terms`.

        Raises SetupError, or SetupErrors with every mistake found.
        """
        return _Reader(path, name or path.name, terms).template()

    def markup(self, variables: Mapping[str, Any], terms: str = "") -> str:
        """The form's markup with its data. A mistake that only data reveals is a SetupError with the true line.

        `terms` is the file that was chosen; it prints nothing where that is no text.
        """
        chosen = terms if terms and terms in self.sources else NO_TEXT
        return _run(_compiled(self.fingerprint, self), {**variables, TERMS: chosen}, self.name)

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
        object.__setattr__(self, "paths", _paths_of_line(self.source, self.where))

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
        object.__setattr__(self, "paths", _paths_of_line(self.line, self.where))

    @property
    def line(self) -> str:
        """The question as a template of one line, which says yes or nothing."""
        return f"{{% if {self.source} %}}yes{{% endif %}}"

    def holds(self, opportunity: Values) -> bool:
        """An empty field is neither more nor less than anything."""
        values = {"Opportunity": opportunity, FORMATTER: formatter("en_US", "USD", "UTC")}
        return _run(_compiled_line(self.line), values, _IN_SETTINGS, where=self.where) == "yes"


class _Reader:
    """Reads one template and the files that it includes, and collects every mistake."""

    def __init__(self, path: Path, name: str, terms: Sequence[str]) -> None:
        self.path = path
        self.terms = tuple(terms)
        self.prints_terms = False
        self.folder = path.parent
        self.prefix = name[: len(name) - len(path.name)] if name.endswith(path.name) else ""
        self.name = name
        self.env = environment.environment(markup=True)
        # Blanks at a statement are kept: positions in the skeleton are positions in the source.
        self.lexer = self.env.overlay(trim_blocks=False, lstrip_blocks=False, keep_trailing_newline=True)
        self.problems: list[SetupError] = []
        self.sources: dict[str, tuple[str, str]] = {}
        self.trees: dict[str, tuple[Source, nodes.Template] | None] = {}
        self.anchors: dict[str, str] = {}
        self.images = {p.name: p for p in sorted(self.folder.glob("*")) if p.suffix.lower() in IMAGES}

    def template(self) -> Template:
        paths = self._paths()
        self._check("", self.name, outer="")
        if self.terms and not self.prints_terms and not self.problems:
            remedy = "Write {% include terms %} where they belong."
            self.problems.append(SetupError("Nothing prints the terms.", where=self.name, remedy=remedy))
        if self.problems:
            raise _together(self.problems)
        self.sources[NO_TEXT] = "", self.name
        images = {name: path.read_bytes() for name, path in self.images.items()}
        mark = _fingerprint([self.name, *(t for pair in self.sources.items() for t in (pair[0], *pair[1]))], images)
        return Template(self.name, self.sources, images, paths, mark)

    def _paths(self) -> tuple[FieldPath, ...]:
        found = self._tree("", self.path, self.name)
        if found is None:
            return ()
        walk = Walk(found[0], self._include, frozenset(self.env.filters), scope=roots(), terms=self.terms)
        walk.body(found[1].body)
        self.problems += walk.problems
        return tuple(walk.paths.values())

    def _include(self, name: str) -> tuple[Source, nodes.Template] | None:
        if name not in self.trees:
            inside = (self.folder / name).resolve().parent == self.folder.resolve()
            self.trees[name] = self._tree(name, self.folder / name, self.prefix + name) if inside else None
        return self.trees[name]

    def _tree(self, key: str, path: Path, name: str) -> tuple[Source, nodes.Template] | None:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            if not key:
                self.problems.append(SetupError(f"The template cannot be read: {error}.", where=name))
            return None
        try:
            tree = self.env.parse(text, name, name)
        except TemplateSyntaxError as error:
            self.problems.append(_syntax(error, name))
            return None
        self.sources[key] = (text, name)
        self.trees[key] = Source(name, text), tree
        return self.trees[key]

    def _check(self, key: str, name: str, *, outer: str) -> None:
        """Checks a file as markup, then those that it includes, and writes the places of tags into it."""
        if key not in self.sources:
            return
        text = self.sources[key][0]
        lint = Lint(Source(name, text), self.images.__contains__, outer, anchors=self.anchors)
        lint.read(skeleton(self.lexer, text))
        self.problems += lint.problems
        self.sources[key] = (placed(text, lint.tags, f"{name}:" if key else ""), name)
        for included, parent in lint.includes.items():
            self.prints_terms |= included == TERMS
            for each in self.terms if included == TERMS else (included,):
                self._check(each, self.prefix + each, outer=parent)


def _paths_of_line(source: str, where: str) -> tuple[FieldPath, ...]:
    env = environment.environment(markup=False)
    try:
        tree = env.parse(source)
    except TemplateSyntaxError as error:
        raise _syntax(error, where, line=False) from None
    walk = Walk(Source(where, source), lambda _: None, frozenset(env.filters), scope=roots())
    walk.body(tree.body)
    if walk.problems:
        raise _together(_here(p, where) for p in walk.problems)
    return tuple(FieldPath(p.path, where) for p in walk.paths.values())


def _here(problem: SetupError, where: str) -> SetupError:
    return SetupError(problem.what, where=where, remedy=problem.remedy)


def _together(problems: Iterable[SetupError]) -> SetupError:
    found = sorted(dict((str(p), p) for p in problems).values(), key=_position)  # noqa: C402
    return found[0] if len(found) == 1 else SetupErrors(found)


def _position(problem: SetupError) -> tuple[str, list[int]]:
    name, *rest = problem.where.split(":")
    return name, [int(part) for part in rest if part.isdecimal()]


def _syntax(error: TemplateSyntaxError, name: str, *, line: bool = True) -> SetupError:
    message = (error.message or "It cannot be read.").rstrip(".")
    return SetupError(f"{message}.", where=f"{name}:{error.lineno}" if line else name)


def _fingerprint(texts: Iterable[str], images: Mapping[str, bytes]) -> str:
    digest = sha256()
    for part in (*(text.encode() for text in texts), *(b for n, data in images.items() for b in (n.encode(), data))):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


@lru_cache(maxsize=32)
def _compiled(fingerprint: str, template: Template) -> Compiled:  # noqa: ARG001 (the key)
    return environment.environment(environment.Files(template.sources), markup=True).get_template("")


@lru_cache(maxsize=256)
def _compiled_line(source: str) -> Compiled:
    return environment.compiled(environment.environment(markup=False), source, _IN_SETTINGS)


def _run(compiled: Compiled, variables: Mapping[str, Any], name: str, *, where: str = "") -> str:
    try:
        return compiled.render(variables)
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        _explain(error, compiled, name, where)


def _explain(error: Exception, compiled: Compiled, name: str, where: str) -> NoReturn:
    files = {name, *_names(compiled)}
    place = next(
        (f"{f.filename}:{f.lineno}" for f in reversed(extract_tb(error.__traceback__)) if f.filename in files), name
    )
    what = str(error).rstrip(".") or type(error).__name__
    raise SetupError(
        f"The template does not fit the data: {what}.",
        where=where or place,
        remedy="Where a field may be empty, write {% if … %} or | default(0).",
    ) from error


def _names(compiled: Compiled) -> Iterator[str]:
    loader = compiled.environment.loader
    if isinstance(loader, environment.Files):
        yield from loader.names()
