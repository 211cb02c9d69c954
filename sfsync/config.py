"""The admin's one file, `config/sfsync.yaml`: read into `Settings`, and every mistake named with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from sfsync.errors import SetupError, SetupErrors, did_you_mean
from sfsync.settings import Company, FieldNames, OrderFormSettings, Settings

#: Where a value stands in the file: keys and list positions from the top
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """The settings together with the place of each of them in the file."""

    path: Path
    settings: Settings
    lines: dict[Place, int]

    def where(self, *place: str | int) -> str:
        """`config/sfsync.yaml:9` for a setting, or for the nearest setting above it."""
        return f"{shown(self.path)}:{_line(self.lines, place)}"

    def find(self, name: str) -> Path:
        """A template or logo, looked for in `templates` beside the settings' folder, in it, and beside the file."""
        here = self.path.resolve().parent
        folders = (here.parent / "templates", here / "templates", here)
        return next((f / name for f in folders if (f / name).is_file()), folders[0] / name)


def load(path: Path) -> Config:
    """Read the settings. Raises SetupError or SetupErrors that name file and line of every mistake."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SetupError(
            f"The settings cannot be read: {reason}.", where=str(path), remedy="Name another file with --config FILE."
        ) from None
    # text pasted from web pages brings non-breaking spaces, which YAML takes for letters
    raw, lines = _parse(text.replace("\u00a0", " "), path)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        errors = [e for e in error.errors() if e["type"] != "too_short" or error.error_count() == 1]
        problems = [_problem(each, path, lines) for each in errors]
        raise problems[0] if len(problems) == 1 else SetupErrors(problems) from None
    return Config(path, settings, lines)


def _parse(text: str, path: Path) -> tuple[object, dict[Place, int]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{shown(path)}:{mark.line + 1}" if mark else shown(path)
        raise SetupError(
            f"This is not YAML: {error.problem}.", where=place, remedy="Check the indentation, colons and quotes."
        ) from None
    except yaml.YAMLError as error:
        raise SetupError(f"This is not YAML: {error}.", where=shown(path)) from None
    if not isinstance(node, yaml.MappingNode):
        raise SetupError(
            "The settings are empty.", where=f"{shown(path)}:1", remedy="Begin with company: and order_forms:."
        )
    top: Place = ()
    return _Loader(text).get_single_data(), {top: 1, **dict(_marks(node, top, path))}


class _Loader(yaml.SafeLoader):
    """YAML in which `8:00` and `yes` are the text that the admin wrote."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own class attribute)
        first: [(tag, regexp) for tag, regexp in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _marks(node: yaml.Node, place: Place, path: Path) -> Iterator[tuple[Place, int]]:
    if isinstance(node, yaml.SequenceNode):
        for n, child in enumerate(node.value):
            yield (*place, n), child.start_mark.line + 1
            yield from _marks(child, (*place, n), path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise SetupError(
                    f"'{key.value}' stands here twice.", where=f"{shown(path)}:{line}", remedy="Delete one of them."
                )
            seen.add(key.value)
            yield (*place, key.value), line
            yield from _marks(child, (*place, key.value), path)


def _line(lines: dict[Place, int], place: Place) -> int:
    while place not in lines:
        place = place[:-1]
    return lines[place]


def shown(path: Path) -> str:
    """Write a path as the admin would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _problem(error: Any, path: Path, lines: dict[Place, int]) -> SetupError:
    place: Place = tuple(error["loc"])
    where = f"{shown(path)}:{_line(lines, place)}"
    key = str(place[-1])
    if error["type"] == "extra_forbidden":
        known = _known_keys(place[:-1])
        remedy = did_you_mean(key, known) or f"Known here: {', '.join(known)}."
        return SetupError(f"'{key}' is not a setting.", where=where, remedy=remedy)
    if error["type"] == "missing":
        return SetupError(f"'{key}' is missing.", where=where, remedy=f"Add a line {key}: …")
    if error["type"] == "value_error":
        return SetupError(str(error["ctx"]["error"]), where=where)
    return SetupError(f"'{key}': {_said(error)}.", where=where, remedy="See docs/reference.md.")


def _said(error: Any) -> str:
    if error["type"] == "string_too_short":
        return "it is empty"
    if error["type"] == "too_short":
        return "name at least one order form"
    if error["type"] == "string_type":
        return "write some text here"
    return str(error["msg"])[:1].lower() + str(error["msg"])[1:]


def _known_keys(place: Place) -> list[str]:
    parts: dict[str, type[BaseModel]] = {"company": Company, "order_forms": OrderFormSettings, "fields": FieldNames}
    return list(parts.get(str(place[0]) if place else "", Settings).model_fields)
