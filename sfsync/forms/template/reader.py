"""Reads a template with all that it includes, and collects every mistake that can be found without data."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from jinja2 import TemplateSyntaxError, nodes

from sfsync.errors import SetupError, SetupErrors
from sfsync.forms.template import environment
from sfsync.forms.template.catalogue import catalogues
from sfsync.forms.template.files import Folder
from sfsync.forms.template.lint import Included, Lint, printed_marks
from sfsync.forms.template.paths import Parsed, Walk, roots
from sfsync.forms.template.shapes import Shape
from sfsync.forms.template.skeleton import parts, placed, skeleton
from sfsync.forms.template.sources import FieldPath, Source
from sfsync.forms.template.syntax import mistakes

#: in `{% include terms %}`: the file that the rule chose
TERMS = "terms"
#: what is included where no text was chosen
NO_TEXT = "no text"


class Read(NamedTuple):
    """What was read; see `Template`."""

    sources: dict[str, tuple[str, str]]
    images: dict[str, bytes]
    paths: tuple[FieldPath, ...]
    language: str
    marked: dict[str, str]
    words: dict[str, dict[str, str]]
    fingerprint: str


def read(path: Path, name: str, terms: Sequence[str]) -> Read:
    """The template, and the texts of which one is its `terms`. Raises SetupError, or SetupErrors with every mistake."""
    return _Reader(path, name, terms).all()


class _Reader:
    def __init__(self, path: Path, name: str, terms: Sequence[str]) -> None:
        self.path = path
        self.own = path.name
        self.language = ""
        self.name = name
        self.terms = tuple(terms)
        self.prefix = name[: len(name) - len(path.name)] if name.endswith(path.name) else ""
        self.folder = Folder(path.parent, self.prefix)
        self.env = environment.environment(markup=True)
        # Blanks at a statement are kept: positions in the skeleton are positions in the source.
        self.lexer = self.env.overlay(trim_blocks=False, lstrip_blocks=False, keep_trailing_newline=True)
        self.images, self.problems = self.folder.pictures()
        self.prints_terms = False
        self.texts: dict[str, Source] = {}
        self.trees: dict[str, nodes.Template | None] = {}
        self.sources: dict[str, tuple[str, str]] = {}
        self.roles: dict[str, str] = {}
        self.checked: set[tuple[str, Included]] = set()

    def all(self) -> Read:
        walk = Walk(Source(self.name, ""), self._parsed, environment.names(self.env), scope=roots(), terms=self.terms)
        try:
            walk.file("")
        except SetupError as problem:
            raise _together([*self.problems, problem]) from None
        self.problems += walk.problems
        self._check("", Included("", in_loop=False))
        self.problems += (problem for source in self.texts.values() for problem in printed_marks(source, self.roles))
        if self.terms and not self.prints_terms:
            remedy = "Write {% include terms %} where they belong."
            self.problems.append(SetupError("Nothing prints the terms.", where=self.name, remedy=remedy))
        words = self._words(walk.words) if walk.words else {}
        if self.problems:
            raise _together(self.problems)
        self.sources[NO_TEXT] = "", self.name
        texts = [self.name, *(t for key, pair in self.sources.items() for t in (key, *pair))]
        texts += (t for language, said in words.items() for pair in said.items() for t in (language, *pair))
        mark = _fingerprint(texts, self.images)
        return Read(self.sources, self.images, tuple(walk.paths.values()), self.language, walk.words, words, mark)

    def _words(self, marked: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """The words of each language that has them all."""
        found, problems = catalogues(self.path.parent, self.prefix)
        self.problems += problems
        return {c.language: c.told(marked) for c in found if not c.lacks(marked)}

    def _parsed(self, key: str) -> Parsed:
        """A file by its name in an include; the template's own is ''. Raises SetupError where it cannot be read."""
        if key not in self.texts:
            name = self.prefix + key if key else self.name
            self.texts[key] = Source(name, self.folder.text(key or self.own))
            self.trees[key] = self._tree(name, self.texts[key].text)
        return self.texts[key], self.trees[key]

    def _tree(self, name: str, text: str) -> nodes.Template | None:
        tree: nodes.Template | None = None
        last = "It is nested too deeply.", name
        try:
            tree = self.env.parse(text, name, name)
        except TemplateSyntaxError as error:
            last = f"{error.message}", f"{name}:{error.lineno}"
        except RecursionError:
            pass
        wrong = mistakes(self.lexer, name, text, readable=tree is not None)
        self.problems += wrong if wrong or tree else [SetupError(last[0], where=last[1])]
        return None if wrong else tree

    def _check(self, key: str, within: Included) -> None:
        """Checks a file as markup, then those that it includes, and writes the places of tags into it."""
        if key not in self.texts or (key, within) in self.checked:
            return
        self.checked.add((key, within))
        source = self.texts[key]
        lint = Lint(source, self.images.__contains__, self.roles, within, sound=self.trees[key] is not None)
        try:
            lint.read(skeleton(parts(self.lexer, source.text)))
        except TemplateSyntaxError:
            return  # it is among the problems already
        self.problems += lint.problems
        self.language = lint.language or self.language
        self.sources[key] = placed(source.text, lint.tags, f"{source.name}:" if key else ""), source.name
        for name, inner in lint.includes.items():
            self.prints_terms |= name == TERMS
            for each in self.terms if name == TERMS else (name,):
                self._check(each, inner)


def paths_of_line(source: str, where: str, more: Mapping[str, Shape] | None = None) -> tuple[FieldPath, ...]:
    """The fields that one line of the settings reads; every mistake in it is a mistake at `where`.

    `more` are names that it may use beside those of every template.
    """
    env = environment.environment(markup=False)
    problems = mistakes(env, where, source)
    if not problems:
        line = Source(where, source)
        walk = Walk(line, lambda _: (line, None), environment.names(env), scope={**roots(), **(more or {})})
        walk.body(env.parse(source).body)
        problems = walk.problems
        if walk.words:
            problems.append(SetupError("_() is known in templates only.", remedy="Write the text as it is."))
    if problems:
        raise _together(SetupError(p.what, where=where, remedy=p.remedy) for p in problems)
    return tuple(FieldPath(p.path, where) for p in walk.paths.values())


def _together(problems: Iterable[SetupError]) -> SetupError:
    found = sorted({str(problem): problem for problem in problems}.values(), key=_position)
    return found[0] if len(found) == 1 else SetupErrors(found)


def _position(problem: SetupError) -> tuple[str, list[int]]:
    name, *rest = problem.where.split(":")
    return name, [int(part) for part in rest if part.isdecimal()]


def _fingerprint(texts: Iterable[str], images: Mapping[str, bytes]) -> str:
    digest = sha256()
    for part in (*(text.encode() for text in texts), *(b for n, data in images.items() for b in (n.encode(), data))):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]
