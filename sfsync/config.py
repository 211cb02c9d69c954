"""The admin's one file, `config/sfsync.yaml`: read into `Settings`, and every mistake named with its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from sfsync import yamlfile
from sfsync.errors import SetupError, SetupErrors, did_you_mean
from sfsync.settings import Settings
from sfsync.yamlfile import Document, Place

_EXTENDS = "extends"
_SECRET = re.compile(r"secret|passw|private.?key|token|api.?key|credential", re.IGNORECASE)
#: what people look for in this file though it stands in the environment
_ENVIRONMENT = {
    "client_id": "SF_CLIENT_ID",
    "consumer_key": "SF_CLIENT_ID",
    "username": "SF_USERNAME",
    "user": "SF_USERNAME",
    "login_url": "SF_LOGIN_URL",
    "instance_url": "SF_LOGIN_URL",
    "domain": "SF_LOGIN_URL",
}
_SAID = {
    "string_too_short": "it is empty",
    "too_short": "name at least one",
    "string_type": "write some text here",
    "tuple_type": "write a list, each entry after a dash",
    "dict_type": "write its settings below it, indented, each with a colon",
    "model_type": "write its settings below it, indented, each with a colon",
    "decimal_parsing": "write a number, such as 0.01",
    "decimal_type": "write a number, such as 0.01",
    "int_parsing": "write a whole number, such as 200",
    "int_type": "write a whole number, such as 200",
    "bool_parsing": "write yes or no",
    "bool_type": "write yes or no",
}


@dataclass(frozen=True, slots=True)
class Config:
    """The settings together with the place of each of them in the file."""

    path: Path
    settings: Settings
    document: Document
    #: the files that it extends, the nearest first
    bases: tuple[Path, ...] = ()

    def where(self, *place: str | int) -> str:
        """`config/sfsync.yaml:9` for a setting, or for the nearest setting above it."""
        return self.document.where(place)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where templates are looked for: its own folders, and those of the files that it extends."""
        return tuple(dict.fromkeys(folder for path in (self.path, *self.bases) for folder in template_folders(path)))

    def find(self, name: str) -> Path:
        """A template or logo, looked for in `templates` beside the settings' folder, in it, and beside the file."""
        return next((f / name for f in self.folders if (f / name).is_file()), self.folders[0] / name)


def template_folders(path: Path) -> tuple[Path, ...]:
    """Where the templates of these settings are looked for, in this order."""
    here = path.resolve().parent
    return here.parent / "templates", here / "templates", here


def load(path: Path) -> Config:
    """Read the settings. Raises SetupError or SetupErrors that name file and line of every mistake."""
    documents, paths = (
        [_read(path, str(path), "Name another file with --config FILE, or begin with sfsync init.")],
        [path],
    )
    while base := _extended(documents[-1], paths):
        name, paths = documents[-1].where((_EXTENDS,)), [*paths, base]
        documents.append(_read(base, name, f"It is looked for beside that file: {shown(base)}."))
    document = reduce(Document.over, documents)
    try:
        settings = Settings.model_validate(document.value)
    except ValidationError as error:
        problems = list(_problems(error, document))
        raise problems[0] if len(problems) == 1 else SetupErrors(problems) from None
    return Config(path, settings, document, tuple(paths[1:]))


def _read(path: Path, where: str, remedy: str) -> Document:
    try:
        document = yamlfile.read(path, shown(path))
    except OSError as error:
        raise SetupError(f"The settings cannot be read: {error.strerror}.", where=where, remedy=remedy) from None
    if not isinstance(document.value, dict):
        remedy = "Begin with company: and order_forms:."
        raise SetupError("There are no settings here.", where=f"{shown(path)}:1", remedy=remedy)
    return document


def _extended(document: Document, paths: list[Path]) -> Path | None:
    """The file that the last of these extends, if it does. Raises SetupError where that goes in a circle."""
    name = document.value.get(_EXTENDS)
    if not name or not isinstance(name, str):  # what is no text is named by the settings' model
        return None
    base = paths[-1].parent / name
    if base.resolve() in {path.resolve() for path in paths}:
        remedy = "Name another file."
        raise SetupError("The file extends itself.", where=document.where((_EXTENDS,)), remedy=remedy)
    return base


def shown(path: Path) -> str:
    """Write a path as the admin would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _problems(error: ValidationError, document: Document) -> Iterator[SetupError]:
    """Every mistake, in the order of the lines."""
    errors = [e for e in error.errors() if e["type"] != "too_short" or error.error_count() == 1]
    for each in sorted(errors, key=lambda e: document.line(e["loc"])):
        yield _problem(each, document.where(each["loc"]), document)


def _problem(error: Any, where: str, document: Document) -> SetupError:
    place: Place = tuple(error["loc"])
    key = str(place[-1])
    if error["type"] == "extra_forbidden":
        return _unknown(place, where)
    if error["type"] == "missing":
        return SetupError(f"'{key}' is missing.", where=where, remedy=f"Add a line {key}: …")
    if error["type"] == "value_error":
        return SetupError(str(error["ctx"]["error"]), where=where)
    while place not in document.lines:  # pydantic also names its own types
        place = place[:-1]
    said = _SAID.get(error["type"]) or str(error["msg"])[:1].lower() + str(error["msg"])[1:]
    return SetupError(f"'{_dotted(place)}': {said}.", where=where, remedy="See docs/reference.md.")


def _dotted(place: Place) -> str:
    """The last name, with what follows it: `needs`, `order_forms.1`."""
    names = [str(part) for part in place]
    first = max(n for n, part in enumerate(place) if isinstance(part, str))
    return ".".join(names[first:])


def _unknown(place: Place, where: str) -> SetupError:
    """Say what is meant by a key that is no setting: a secret, one of the environment, one of another level."""
    key = str(place[-1])
    known = list(_model_at(place[:-1]).model_fields)
    if variable := _ENVIRONMENT.get(key.lower().removeprefix("sf_")):
        remedy = f"Delete it here, and set {variable} in the environment."
    elif _SECRET.search(key):
        return SetupError(f"'{key}' is a secret, and has no place in this file.", where=where, remedy=_kept(key))
    elif elsewhere := [name for name, model in _models("", Settings) if key in model.model_fields]:
        remedy = f"It belongs under {elsewhere[0]}." if elsewhere[0] else "It belongs at the left margin."
    else:
        remedy = did_you_mean(key, known) or f"Known here: {', '.join(known)}."
    return SetupError(f"'{key}' is not a setting{' here' if 'belongs' in remedy else ''}.", where=where, remedy=remedy)


def _kept(key: str) -> str:
    """Where a secret is kept."""
    if "key" in key.lower():
        variable = "SF_PRIVATE_KEY, or SF_PRIVATE_KEY_FILE,"
    elif "secret" in key.lower():
        variable = "SF_CLIENT_SECRET"
    else:
        return (
            "Delete it. sfsync takes no passwords: docs/salesforce-setup.md leads to a certificate or a client secret."
        )
    return f"Delete it here, and set {variable} in the environment. If this file was ever shared, make a new one."


def _models(name: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model of the settings, by the setting that holds it."""
    yield name, model
    for inner, info in model.model_fields.items():
        if found := _model_in(info.annotation):
            yield from _models(inner, found)


def _model_at(place: Place) -> type[BaseModel]:
    """The model that says what may stand at a place."""
    model: type[BaseModel] = Settings
    for key in place:
        info = model.model_fields.get(str(key))
        model = (_model_in(info.annotation) if info else None) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
