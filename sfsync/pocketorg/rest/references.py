"""`@{ref.field}`: how one subrequest takes a value from the answer of another."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sfsync.pocketorg.errors import ApiError

_REFERENCE = re.compile(r"@\{([A-Za-z0-9_-]+)((?:\.|\[)[^}]*)\}")
_STEP = re.compile(r"\.?([A-Za-z0-9_]+)|\[(\d+)\]")


def used(value: Any) -> Iterator[str]:
    """The referenceIds that a URL or body mentions."""
    if isinstance(value, str):
        yield from (found[1] for found in _REFERENCE.finditer(value))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from used(each)
    elif isinstance(value, list):
        for each in value:
            yield from used(each)


def resolve(value: Any, answers: Mapping[str, Any]) -> Any:
    """Put the values in. Raises PROCESSING_HALTED where an answer is missing or has no such value."""
    if isinstance(value, str):
        return _resolve_text(value, answers)
    if isinstance(value, Mapping):
        return {key: resolve(each, answers) for key, each in value.items()}
    if isinstance(value, list):
        return [resolve(each, answers) for each in value]
    return value


def _resolve_text(text: str, answers: Mapping[str, Any]) -> Any:
    alone = _REFERENCE.fullmatch(text)
    if alone:
        return _look_up(alone[1], alone[2], answers)
    return _REFERENCE.sub(lambda found: _shown(_look_up(found[1], found[2], answers)), text)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _look_up(reference: str, path: str, answers: Mapping[str, Any]) -> Any:
    value: Any = answers.get(reference)
    for name, index in _STEP.findall(path):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError):
            text = f"Invalid reference specified. No value for {reference}{path} found in {reference}"
            raise ApiError(400, "PROCESSING_HALTED", text) from None
    return value
