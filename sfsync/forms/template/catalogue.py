"""Catalogues of words: one YAML for each other language, beside the templates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from sfsync.errors import SetupError, did_you_mean
from sfsync.forms.locales import wish
from sfsync.forms.template.words import placeholders
from sfsync.yamlfile import LARGEST

#: the folder of the catalogues, beside the templates
FOLDER = "words"
#: what a checkbox prints, where a catalogue says it
_OWN = ("Yes", "No")


#: libyaml's where it is there, since pure Python takes ten times as long
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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
    if path.stat().st_size > LARGEST:
        raise SetupError(f"It is larger than {LARGEST // 1000} kB.", where=name, remedy="Is it the right file?")
    try:
        node = yaml.compose(path.read_text("utf-8-sig"), Loader=_LOADER)
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
