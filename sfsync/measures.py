"""Lengths, colours and paper, as people write them. Each raises ValueError with what to write instead."""

import re

from sfsync.errors import did_you_mean

#: points per unit
UNITS = {"pt": 1.0, "mm": 72 / 25.4, "cm": 720 / 25.4, "in": 72.0}
#: width and height in points
PAPERS = {
    "A4": (595.28, 841.89),
    "A4 landscape": (841.89, 595.28),
    "Letter": (612.0, 792.0),
    "Letter landscape": (792.0, 612.0),
    "Legal": (612.0, 1008.0),
    "A3": (841.89, 1190.55),
    "A5": (419.53, 595.28),
}
#: a page is at most this long (PDF readers draw no more), and no text needs more
_LONGEST = 14400.0

_LENGTH = re.compile(r"(\d{1,5}(?:\.\d{1,4})?)\s*(pt|mm|cm|in)")
#: below it, sRGB is linear
_DARK = 0.04045
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def length(value: str) -> float:
    """Points of '18mm', '9pt', '1.5cm' or '0.5in'."""
    match = _LENGTH.fullmatch(value.strip())
    if not match or (points := float(match[1]) * UNITS[match[2]]) > _LONGEST:
        raise ValueError(f"'{value}' is not a length. Write a number and pt, mm, cm or in, such as 18mm.")
    return points


def lengths(value: str) -> tuple[float, float, float, float]:
    """Top, right, bottom and left, as in CSS: one value for all, two for pairs, or four."""
    found = tuple(map(length, value.split()))
    if len(found) not in (1, 2, 4):
        raise ValueError(f"'{value}' names {len(found)} lengths. Write one, two or four, such as 18mm 16mm.")
    top, right, bottom, left = (found * 4)[:4]
    return top, right, bottom, left


def colour(value: str) -> str:
    """'#1456a0', in small letters."""
    if not _COLOUR.fullmatch(value.strip()):
        raise ValueError(f"'{value}' is not a colour. Write it as # and six hexadecimal digits, such as #1456a0.")
    return value.strip().lower()


def paper(value: str) -> str:
    """The name of a paper, however its letters are cased."""
    names = {name.lower(): name for name in PAPERS}
    if value.strip().lower() not in names:
        near = did_you_mean(value, PAPERS) or f"Known: {', '.join(PAPERS)}."
        raise ValueError(f"'{value}' is not a paper that is known. {near}")
    return names[value.strip().lower()]


def contrast(one: str, other: str) -> float:
    """How well one colour reads on the other: 1 to 21 (WCAG 2.2, contrast ratio)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(hexadecimal: str) -> float:
    parts = [int(hexadecimal[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= _DARK else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
