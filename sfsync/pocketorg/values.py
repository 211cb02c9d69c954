"""Values on their way in: from JSON to what the store holds, or Salesforce's refusal."""

import base64
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sfsync.pocketorg import ids
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.schema import Field

_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]+")
_BOOLEANS = {"true": 1, "false": 0, "1": 1, "0": 0}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ZONE = re.compile(r"([+-]\d\d)(\d\d)$")
_TYPED = {"boolean", "int", "double", "currency", "percent", "date", "datetime", "time", "base64"}
_JAVA_SMALL, _JAVA_LARGE = 1e-3, 1e7


def stored(field: Field, value: Any) -> Any:
    """Bring a JSON value into the form of the store; None and empty text become NULL."""
    if value is None or value == "":
        return _nothing(field)
    if isinstance(value, dict | list):
        raise _misfit(field, "START_OBJECT" if isinstance(value, dict) else "START_ARRAY", "")
    read: Callable[[Field, Any], Any] = _READERS.get(field.type, _text)
    return read(field, value)


def moment(at: datetime) -> str:
    """A datetime as the store holds it: UTC, whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds")[:19] + ".000Z"


def _nothing(field: Field) -> Any:
    if field.type == "boolean":
        message = f"{field.label}: value not of required type: "
        raise ApiError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])


def _misfit(field: Field, token: str, value: object) -> ApiError:
    kind = field.type if field.type in _TYPED else "string"
    message = (
        f"Cannot deserialize instance of {kind} from {token} value {value} "
        "or request may be missing a required field at [line:1, column:1]"
    )
    return ApiError(400, "JSON_PARSER_ERROR", message)


def _token(value: object) -> str:
    if isinstance(value, bool):
        return "VALUE_TRUE" if value else "VALUE_FALSE"
    if isinstance(value, int):
        return "VALUE_NUMBER_INT"
    return "VALUE_NUMBER_FLOAT" if isinstance(value, float) else "VALUE_STRING"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse(field: Field, value: object) -> ApiError:
    return _misfit(field, _token(value), _shown(value))


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _refuse(field, value)
    # Salesforce trims text and drops characters that XML cannot carry; the long forms keep their line breaks.
    clean = _CONTROL.sub("", value).encode("utf-8", "replace").decode().replace("\r\n", "\n").strip()
    if field.length and _utf16_length(clean) > field.length:
        message = f"{field.label}: data value too large: {clean} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, [field.name])
    return clean or None


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _boolean(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise _refuse(field, value)


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool):
        raise _refuse(field, value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _refuse(field, value) from None
    if not math.isfinite(number):
        raise _refuse(field, value)
    digits = field.precision - field.scale
    if digits > 0 and abs(number) >= 10.0**digits:
        message = f"{field.label}: value outside of valid range on numeric field: {java_double(number)}"
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    return number


def _whole(field: Field, value: Any) -> int:
    number = _number(field, value)
    if number != int(number):
        raise _refuse(field, value)
    if not -(2**31) <= number < 2**31:
        raise ApiError(400, "JSON_PARSER_ERROR", f"Numeric value ({value}) out of range of int at [line:1, column:1]")
    return int(number)


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(_exactly(value, len("2026-05-01"))).isoformat()
    except ValueError:
        raise _refuse(field, value) from None


def _exactly(value: Any, length: int) -> str:
    if not isinstance(value, str) or len(value) != length:
        raise ValueError(value)
    return value


def _datetime(field: Field, value: Any) -> str:
    """ISO 8601 with a zone; milliseconds are dropped, as the platform keeps whole seconds."""
    try:
        at = datetime.fromisoformat(_ZONE.sub(r"\1:\2", value if "T" in value else ""))
        return moment(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (TypeError, ValueError, OverflowError):
        raise _refuse(field, value) from None


def _email(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    if text and not _EMAIL.fullmatch(text):
        raise ApiError(400, "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", [field.name])
    return text.lower() if text else None  # as recorded: what was sent as Ada@X.org is read as ada@x.org


def _choice(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    for each in (text or "").split(";") if field.type == "multipicklist" else [text]:
        _check_choice(field, each)
    return text


def _check_choice(field: Field, value: str | None) -> None:
    if field.restricted and value and value not in {p.value for p in field.picklist if p.active}:
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])


def _reference(field: Field, value: Any) -> str:
    found = ids.full(value) if isinstance(value, str) else None
    if found is None:
        raise ApiError(400, "MALFORMED_ID", f"{field.label}: id value of incorrect type: {_shown(value)}", [field.name])
    return found


def _binary(field: Field, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        raise _misfit(field, _token(value), _shown(value)[:20]) from None


_READERS: dict[str, Callable[[Field, Any], Any]] = {
    "boolean": _boolean,
    "int": _whole,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
    "base64": _binary,
    "email": _email,
    "picklist": _choice,
    "multipicklist": _choice,
    "reference": _reference,
    "id": _reference,
}


def java_double(number: float) -> str:
    """A double as Salesforce writes it in JSON: Java's `Double.toString`.

    >>> java_double(1234567.0), java_double(12345678.0), java_double(0.00012)
    ('1234567.0', '1.2345678E7', '1.2E-4')
    """
    if number == 0 or _JAVA_SMALL <= abs(number) < _JAVA_LARGE:
        return repr(number)
    exact = Decimal(repr(number)).normalize()
    digits = "".join(map(str, exact.as_tuple().digits))
    return f"{'-' if number < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{exact.adjusted()}"
