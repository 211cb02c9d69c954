"""JSON as Salesforce writes and reads it: compact, UTF-8, doubles as Java has them."""

import json
import re
from typing import Any

from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.values import java_double

# json's encoder lets nobody write a float in another way. A double that Java writes otherwise travels as a string
# between two characters that no text of the org can hold, and loses its quotes at the end.
_MARKED = re.compile(rb'"\\u0000(-?\d\.\d+E-?\d+)\\u0000"')
_SAME_IN_JAVA = (1e-3, 1e7)
_NO_DOUBLE = frozenset({str, int, bool, type(None)})
#: what Python writes for such a double; a text may look like it too, which costs time only
_UNLIKE_JAVA = re.compile(rb"(?:^|[:,\[])-?(?:\d{8,}\.|0\.000|\d[\d.]*e[+-])")


def dumps(value: Any) -> bytes:
    """Encode an answer."""
    plain = _encoded(value)
    return _MARKED.sub(rb"\1", _encoded(_with_java_doubles(value))) if _UNLIKE_JAVA.search(plain) else plain


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _with_java_doubles(value: Any) -> Any:
    if isinstance(value, float):
        low, high = _SAME_IN_JAVA
        return value if value == 0 or low <= abs(value) < high else f"\0{java_double(value)}\0"
    if isinstance(value, dict):
        return {key: each if type(each) in _NO_DOUBLE else _with_java_doubles(each) for key, each in value.items()}
    if isinstance(value, list):
        return [each if type(each) in _NO_DOUBLE else _with_java_doubles(each) for each in value]
    return value


def loads(text: bytes) -> Any:
    """Parse a request's body; None where there is none. Raises JSON_PARSER_ERROR."""
    if not text.strip():
        return None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = f"{error.msg} at [line:{error.lineno}, column:{error.colno}]"
        raise ApiError(400, "JSON_PARSER_ERROR", message) from None
    except (UnicodeDecodeError, RecursionError):
        raise ApiError(400, "JSON_PARSER_ERROR", "Invalid UTF-8 or nesting at [line:1, column:1]") from None


def _refuse_constant(name: str) -> Any:
    raise ApiError(400, "JSON_PARSER_ERROR", f"Unrecognized token '{name}' at [line:1, column:1]")
