"""What a tag and an attribute are, and the kinds of values that attributes take. `tags` lists the tags."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfsync import measures
from sfsync.errors import did_you_mean
from sfsync.forms.locales import wish

#: the attribute in which each tag of a compiled template carries its place, as in "31:7"
PLACE = "_"

_ROLE = re.compile(r"[a-z][a-z0-9-]{0,23}")
_TOOLS = ("docusign", "acrobat", "none")


class Wrong(ValueError):
    """A value that an attribute does not take, or an attribute that there is not; the message says what there is."""


@dataclass(frozen=True)
class Kind:
    """What an attribute takes: in words, and how it is read. `read` raises ValueError with what to write."""

    words: str
    read: Callable[[str], Any]


@dataclass(frozen=True)
class Attribute:
    """One thing that a tag can say."""

    kind: Kind
    means: str
    #: what holds where it is left out; None where it has to be said
    default: str | None = ""


@dataclass(frozen=True)
class Tag:
    """What a tag is for, may hold and may say."""

    means: str
    holds: frozenset[str] = frozenset()
    says: Mapping[str, Attribute] = field(default_factory=dict)
    #: whether text may stand in it
    text: bool = False
    #: how it is written, for the page of tags: it stands in a form as it is
    example: str = ""

    @property
    def needs(self) -> list[str]:
        return [name for name, attribute in self.says.items() if attribute.default is None]


def choice(*words: str) -> Kind:
    def choose(value: str) -> str:
        if value not in words:
            raise ValueError(f"'{value}' is not one of {', '.join(words)}. {did_you_mean(value, words)}".rstrip())
        return value

    return Kind(", ".join(f"`{word}`" for word in words), choose)


def _count(value: str) -> int:
    if not value.strip().isdecimal() or not 1 <= int(value) <= 12:  # noqa: PLR2004 (no page is wider)
        raise ValueError(f"'{value}' is not a number of columns. Write 1 to 12.")
    return int(value)


def _shares(value: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in value.replace(",", " ").split())
    except ValueError:
        found = ()
    if not found or not all(0 < share < 10_000 for share in found) or len(found) > 24:  # noqa: PLR2004
        raise ValueError(f"'{value}' is not a list of widths. Write one number for each column, such as 5 44 8.")
    return found


def _sides(value: str) -> tuple[str, ...]:
    return tuple(SIDE.read(part) for part in value.replace(",", " ").split())


def _role(value: str) -> str:
    if not _ROLE.fullmatch(value):
        raise ValueError(f"'{value}' is not a role. Write one word of small letters, such as customer.")
    return value


def _language(value: str) -> str:
    if wish(value) is None:
        raise ValueError(f"'{value}' is not a language. Write it like en or pt-BR.")
    return value


def _tools(value: str) -> frozenset[str]:
    words = value.split()
    if not words or not set(words) <= set(_TOOLS):
        raise ValueError(f"'{value}' is not a list of e-signing tools. Write docusign, acrobat, both, or none.")
    return frozenset(words) - {"none"}


TEXT = Kind("text", str)
#: text that is looked up, not printed
NAME = Kind("text", str.strip)
FLAG = Kind("`yes` or `no`", lambda value: bool(choice("yes", "no").read(value) == "yes"))
LENGTH = Kind("a length, such as `9pt`, `12mm` or `0.5in`", measures.length)
SHARES = Kind("a number for each column, such as `5 44 8`", _shares)
COUNT = Kind("1 to 12", _count)
SIDE = choice("left", "right", "center")
SIDES = Kind("`left`, `right` or `center` for each column", _sides)
ROLE = Kind("a word in small letters, such as `customer`", _role)
LANGUAGE = Kind("a language, such as `en` or `pt-BR`", _language)
TOOLS = Kind("`docusign`, `acrobat`, both, or `none`", _tools)
