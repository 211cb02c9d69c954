"""The markup's words: which tags there are, where each may stand, and what each attribute takes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfsync.errors import did_you_mean

#: points per unit
UNITS = {"pt": 1.0, "mm": 72 / 25.4, "cm": 720 / 25.4, "in": 72.0}
#: width and height in points
PAGES = {"A4": (595.28, 841.89), "Letter": (612.0, 792.0)}
#: the attribute in which each tag of a compiled template carries its place, as in "31:7"
PLACE = "_"

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(pt|mm|cm|in)")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_ANCHOR = re.compile(r"[!-~]{3,40}")
_INLINE = frozenset({"b", "i", "small", "br", "page", "pages"})
_BLOCKS = frozenset({"h", "p", "fields", "img", "space", "rule"})


class Wrong(ValueError):
    """A value that an attribute does not take; the message says what it does."""


Kind = Callable[[str], Any]


def text(value: str) -> str:
    return value


def flag(value: str) -> bool:
    return bool(_choice("yes", "no")(value) == "yes")


def length(value: str) -> float:
    """Points of '18mm', '9pt', '1.5cm' or '0.5in'."""
    match = _LENGTH.fullmatch(value.strip())
    if not match:
        raise Wrong(f"'{value}' is not a length. Write a number and pt, mm, cm or in, such as 18mm.")
    return float(match[1]) * UNITS[match[2]]


def lengths(value: str) -> tuple[float, float, float, float]:
    """Top, right, bottom and left, as in CSS: one value for all, two for pairs, or four."""
    found = tuple(map(length, value.split()))
    if len(found) not in (1, 2, 4):
        raise Wrong(f"'{value}' names {len(found)} lengths. Write one, two or four, such as 18mm 16mm.")
    top, right, bottom, left = (found * 4)[:4]
    return top, right, bottom, left


def colour(value: str) -> str:
    if not _COLOUR.fullmatch(value.strip()):
        raise Wrong(f"'{value}' is not a colour. Write it as # and six hexadecimal digits, such as #1456a0.")
    return value.strip().lower()


def shares(value: str) -> tuple[float, ...]:
    """Relative widths: '5 44 8' or '5, 44, 8'."""
    try:
        found = tuple(float(part) for part in value.replace(",", " ").split())
    except ValueError:
        found = ()
    if not found or min(found) <= 0:
        raise Wrong(f"'{value}' is not a list of widths. Write one number for each column, such as 5 44 8.")
    return found


def sides(value: str) -> tuple[str, ...]:
    return tuple(side(part) for part in value.replace(",", " ").split())


def count(value: str) -> int:
    if not value.strip().isdecimal() or not 1 <= int(value) <= 12:  # noqa: PLR2004 (no page is wider)
        raise Wrong(f"'{value}' is not a number of columns. Write 1 to 12.")
    return int(value)


def anchor(value: str) -> str:
    """One word of plain letters, digits and signs: e-signing tools look for it in the page's text."""
    if not _ANCHOR.fullmatch(value):
        raise Wrong(f"'{value}' is not an anchor. Write one word of 3 to 40 plain characters, such as /sn1/.")
    return value


def _choice(*words: str) -> Kind:
    def choose(value: str) -> str:
        if value not in words:
            raise Wrong(f"'{value}' is not one of {', '.join(words)}. {did_you_mean(value, words)}".rstrip())
        return value

    return choose


side = _choice("left", "right", "center")


@dataclass(frozen=True)
class Tag:
    """What a tag may hold and say."""

    holds: frozenset[str] = frozenset()
    says: Mapping[str, Kind] = field(default_factory=dict)
    #: whether text may stand in it
    text: bool = False
    needs: tuple[str, ...] = ()


_LOOK: Mapping[str, Kind] = {"align": side, "size": length, "muted": flag, "color": colour}
_RUNNING = _choice("every", "first", "later")

TAGS: Mapping[str, Tag] = {
    "form": Tag(
        _BLOCKS | {"header", "footer", "columns", "table", "totals", "terms", "signatures", "pagebreak", "keep"},
        {"title": text, "author": text, "subject": text, "lang": text, "page": _choice(*PAGES), "margins": lengths,
         "accent": colour, "size": length},
        needs=("title",),
    ),
    "header": Tag(_BLOCKS | {"columns"}, {"on": _RUNNING}),
    "footer": Tag(_BLOCKS | {"columns"}, {"on": _RUNNING}),
    "keep": Tag(_BLOCKS | {"columns", "table", "totals", "terms", "signatures"}),
    "columns": Tag(frozenset({"column"}), {"widths": shares, "valign": _choice("top", "middle", "bottom")}),
    "column": Tag(_BLOCKS, {"align": side}),
    "h": Tag(_INLINE, {"level": _choice("1", "2", "3"), "align": side}, text=True),
    "p": Tag(_INLINE, _LOOK, text=True),
    "fields": Tag(frozenset({"field"}), {"columns": count}),
    "field": Tag(_INLINE, {"label": text}, text=True, needs=("label",)),
    "table": Tag(frozenset({"head", "row", "group"}), {"widths": shares, "align": sides}, needs=("widths",)),
    "head": Tag(frozenset({"td"})),
    "row": Tag(frozenset({"td"}), {"bold": flag}),
    "group": Tag(frozenset({"row"}), {"label": text, "total-label": text, "total": text}),
    "td": Tag(_INLINE, {"align": side, "span": count}, text=True),
    "totals": Tag(frozenset({"total"})),
    "total": Tag(_INLINE, {"label": text, "strong": flag}, text=True, needs=("label",)),
    "terms": Tag(frozenset({"p"}), {"columns": count, "size": length}),
    "signatures": Tag(frozenset({"sign"}), {"labels": text}),
    "sign": Tag(says={"party": text, "name": text, "title": text, "anchor": anchor, "date-anchor": anchor},
                needs=("party",)),
    "img": Tag(says={"src": text, "width": length, "height": length, "align": side}, needs=("src",)),
    "rule": Tag(says={"color": colour}),
    "space": Tag(says={"height": length}, needs=("height",)),
    "pagebreak": Tag(),
    "b": Tag(_INLINE, text=True),
    "i": Tag(_INLINE, text=True),
    "small": Tag(_INLINE, text=True),
    "br": Tag(),
    "page": Tag(),
    "pages": Tag(),
}  # fmt: skip


def read(tag: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    """The attributes as values; raises Wrong for the first that does not fit, naming it."""
    return {name: read_one(tag, name, value) for name, value in attributes.items() if name != PLACE}


def read_one(tag: str, name: str, value: str) -> Any:
    kind = TAGS[tag].says.get(name)
    if kind is None:
        known = did_you_mean(name, TAGS[tag].says) or _listed(TAGS[tag].says)
        raise Wrong(f"<{tag}> has no attribute {name}. {known}")
    try:
        return kind(value)
    except Wrong as wrong:
        raise Wrong(f'{name}="…" of <{tag}>: {wrong}') from None


def _listed(names: Mapping[str, Kind]) -> str:
    return f"It knows {', '.join(names)}." if names else "It knows none."
