"""Record Ids: a prefix for the object, a number, and a suffix that remembers the case of the letters."""

import re
from functools import lru_cache

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHORT = re.compile(r"[0-9A-Za-z]{15}")
_LONG = re.compile(r"[0-9A-Za-z]{15}[A-Z0-5a-z]{3}")


def suffix(short: str) -> str:
    """The three characters behind a 15-character Id: one bit for each upper-case letter, five to a character.

    >>> suffix("001B000001Lp1G2")
    'IAJ'
    """
    return _letter(short[:5]) + _letter(short[5:10]) + _letter(short[10:])


@lru_cache(maxsize=10_000)
def _letter(five: str) -> str:
    return _SUFFIX[sum(c.isupper() << i for i, c in enumerate(five))]


@lru_cache(maxsize=50_000)
def full(record_id: str) -> str | None:
    """The 18-character form of a 15- or 18-character Id, or None where it is no Id.

    The long form is case-safe: letters whose case was lost on the way get it back from the suffix.
    Source: Object Reference, "ID Field Type".
    """
    if _SHORT.fullmatch(record_id):
        return record_id + suffix(record_id)
    if not _LONG.fullmatch(record_id):
        return None
    short, tail = record_id[:15], record_id[15:].upper()
    bits = "".join(f"{_SUFFIX.index(c):05b}"[::-1] for c in tail)
    mended = "".join(c.upper() if bit == "1" else c.lower() for c, bit in zip(short, bits, strict=True))
    return mended + tail if suffix(mended) == tail else None


def numbered(prefix: str, number: int) -> str:
    """Make the Id with this number: later Ids sort behind earlier ones, as in an org."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    short = f"{prefix}Pk{digits:0>10}"
    return short + suffix(short)
