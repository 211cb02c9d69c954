"""What an expression of a template can stand for, before there is data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """Somewhere in the Opportunity: a field, a parent or a child relationship; only the org knows which."""

    path: tuple[str, ...]

    def step(self, name: str) -> "Place":
        return Place((*self.path, name))

    def __str__(self) -> str:
        return ".".join(("Opportunity", *self.path))


@dataclass(frozen=True)
class Text:
    """A finished value: text, number, date."""

    def __str__(self) -> str:
        return "a text or number"


@dataclass(frozen=True)
class Many:
    """A list."""

    member: "Shape"

    def __str__(self) -> str:
        return f"The list of {self.member}"


@dataclass(frozen=True)
class Group:
    """What groupby yields."""

    key: "Shape"
    members: "Shape"

    def __str__(self) -> str:
        return "A group"


@dataclass(frozen=True)
class Known:
    """A thing of ours with fixed members, such as `company`."""

    name: str
    texts: tuple[str, ...]
    others: Mapping[str, "Shape"] = field(hash=False)

    def __str__(self) -> str:
        return self.name


@dataclass
class Namespace:
    """Jinja's namespace(): the one thing that a loop can write to."""

    values: dict[str, "Shape"]

    __hash__ = object.__hash__

    def __str__(self) -> str:
        return "The namespace"


@dataclass(frozen=True)
class Either:
    """One of several, by a condition."""

    options: tuple["Shape", ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.options))


@dataclass(frozen=True)
class Lost:
    """What a refused statement would have set: nobody complains twice."""


Shape = Place | Text | Many | Group | Known | Namespace | Either | Lost
TEXT = Text()
LOST = Lost()


def parts(shape: Shape) -> tuple[Shape, ...]:
    return shape.options if isinstance(shape, Either) else (shape,)


def either(*shapes: Shape) -> Shape:
    options = tuple(dict.fromkeys(part for shape in shapes for part in parts(shape)))
    return options[0] if len(options) == 1 else Either(options)


def many(member: Shape) -> Many:
    return Many(member)


def members(shape: Shape) -> dict[str, Shape]:
    """What may stand behind the dot."""
    if isinstance(shape, Group):
        return {"grouper": shape.key, "list": shape.members}
    if isinstance(shape, Namespace):
        return shape.values
    if isinstance(shape, Known):
        return dict.fromkeys(shape.texts, TEXT) | dict(shape.others)
    return {}
