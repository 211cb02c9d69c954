"""Words in several languages: `{{ _("Products") }}` in a template, and one YAML for each other language beside it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from sfsync.errors import SetupError, did_you_mean
from sfsync.forms.bidi import isolated
from sfsync.forms.filters import FORMATTER, WORDS, shown
from sfsync.forms.locales import wish

#: the folder of the catalogues, beside the templates
FOLDER = "words"
#: what a checkbox prints, where a catalogue says it
_OWN = ("Yes", "No")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Catalogue:
    """One language's words, as an admin wrote them."""

    #: as its file is called: de, pt_BR
    language: str
    #: as messages show it: templates/words/de.yaml
    name: str
    #: what the template says -> what this language says; empty where somebody has still to translate it
    words: Mapping[str, str] = field(default_factory=dict)
    #: line of each word
    lines: Mapping[str, int] = field(default_factory=dict)

    def told(self, marked: Iterable[str]) -> dict[str, str]:
        """The words that a template needs, and ours."""
        return {word: self.words[word] for word in (*marked, *_OWN) if word in self.words}

    def lacks(self, marked: Iterable[str]) -> list[str]:
        return [word for word in marked if not self.words.get(word)]

    def unused(self, marked: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Each word that no template marks, with its place."""
        known = {*marked, *_OWN}
        return ((word, f"{self.name}:{self.lines[word]}") for word in self.words if word not in known)


class Words(str):
    """Text in the form's own language, which goes in the direction of what stands around it."""

    __slots__ = ()


@pass_context
def translated(context: Context, word: str, **values: Any) -> str:
    """`_` in a template: the word in the form's language, with what stands for its {placeholders}."""
    form, words = context[FORMATTER], context.get(WORDS, {})
    said: str = words.get(word, word)
    if not values:
        return Words(said)
    given = {name: isolated(shown(value, form, words), backwards=form.backwards) for name, value in values.items()}
    return Words(_PLACEHOLDER.sub(lambda found: given[found[1]], said))


def placeholders(text: str) -> list[str]:
    """The names in braces, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def catalogues(folder: Path, prefix: str) -> tuple[list[Catalogue], list[SetupError]]:
    """The catalogues beside a template, and every mistake in them. `prefix` stands before their names in messages."""
    found: list[Catalogue] = []
    problems: list[SetupError] = []
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        try:
            catalogue = _read(path, f"{prefix}{FOLDER}/{path.name}")
        except SetupError as problem:
            problems.append(problem)
        else:
            found.append(catalogue)
            problems += _misfits(catalogue)
    return found, problems


def marked(call: nodes.Call) -> str | None:
    """The text that a call of `_` marks; None where translators cannot know it before there is data."""
    text = call.args[0].value if len(call.args) == 1 and isinstance(call.args[0], nodes.Const) else None
    return text if isinstance(text, str) and text.strip() and not (call.dyn_args or call.dyn_kwargs) else None


def unmatched(word: str, given: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the values that go with a word, what to do, and where to look for it."""
    wanted, given = placeholders(word), list(given)
    for name in wanted:
        if name not in given:
            yield f"There is no value for {{{name}}}.", did_you_mean(name, given) or f"Write {name}=… behind it.", word
    for name in given:
        if name not in wanted:
            yield f"The text has no {{{name}}}.", did_you_mean(name, wanted) or f"Write {{{name}}} in it.", name


def _read(path: Path, name: str) -> Catalogue:
    if wish(path.stem) is None:
        raise SetupError(f"'{path.stem}' is not a language.", where=name, remedy="Call the file as in de.yaml.")
    words: dict[str, str] = {}
    lines: dict[str, int] = {}
    for key, value in _pairs(path, name):
        where = f"{name}:{key.start_mark.line + 1}"
        if key.value in words:
            raise SetupError(f"'{key.value}' stands here twice.", where=where, remedy="Delete one of them.")
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise SetupError("Here stands no single text.", where=where, remedy='Write "Products": "Produkte".')
        # YAML takes `No` for false and `~` for nothing; here they are texts, but for what is left out
        words[key.value] = "" if value.tag == "tag:yaml.org,2002:null" and value.value != "~" else value.value
        lines[key.value] = key.start_mark.line + 1
    return Catalogue(path.stem, name, words, lines)


def _pairs(path: Path, name: str) -> list[tuple[yaml.Node, yaml.Node]]:
    try:
        node = yaml.compose(path.read_text("utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError):
        raise SetupError("It cannot be read as UTF-8 text.", where=name) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or error
        raise SetupError(
            f"This is not YAML: {what}.",
            where=f"{name}:{mark.line + 1}" if mark else name,
            remedy='Put a text with a colon or other signs in quotes: "Total: {sum}": "Summe: {sum}".',
        ) from None
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise SetupError("Here stands no list of words.", where=f"{name}:1", remedy="Write Products: Produkte.")
    return list(node.value)


def _misfits(catalogue: Catalogue) -> Iterator[SetupError]:
    """A translation that would lose a value, or print a placeholder."""
    for word, said in catalogue.words.items():
        wanted, there = placeholders(word), placeholders(said)
        where = f"{catalogue.name}:{catalogue.lines[word]}"
        for name in there:
            if name not in wanted:
                has = ", ".join(f"{{{each}}}" for each in wanted) or "none"
                remedy = did_you_mean(name, wanted) or f"The word has {has}."
                yield SetupError(f"There is no value for {{{name}}}.", where=where, remedy=remedy)
        for name in wanted:
            if said and name not in there:
                yield SetupError(f"The translation lacks {{{name}}}.", where=where, remedy="Its value would be lost.")
