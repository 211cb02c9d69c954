"""What an org has, beside what we would put there.

Salesforce gives metadata back with every default filled in. So what ours says must be there, and what ours leaves out
may be anything; but in a permission set whatever is granted counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from xml.etree import ElementTree as ET

from sfsync.setup.source import NAMESPACE, Component

#: lists whose entries are known by one of their elements, wherever they stand
_KEYS = {
    "fieldPermissions": "field",
    "objectPermissions": "object",
    "userPermissions": "name",
    "tabSettings": "tab",
    "value": "fullName",
}
_GRANTS = ("fieldPermissions", "objectPermissions", "userPermissions", "tabSettings", "applicationVisibilities")
_NO_GRANT = frozenset({"false", "None", ""})


class State(Enum):
    """What a deployment would do to a component."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the org says otherwise; `None` where one of the two says nothing."""

    what: str
    theirs: str | None
    ours: str | None

    def __str__(self) -> str:
        if self.theirs is None:
            return f"{self.what}: here {self.ours}, not in the org"
        if self.ours is None:
            return f"{self.what}: {self.theirs} in the org, not here"
        return f"{self.what}: {self.theirs} in the org, here {self.ours}"


@dataclass(frozen=True, slots=True)
class Compared:
    """A component, and how it stands in the org."""

    component: Component
    state: State
    differences: tuple[Difference, ...] = ()


def compare(component: Component, theirs: Component | None) -> Compared:
    """How ours stands to what the org has under that name."""
    if theirs is None:
        return Compared(component, State.NEW)
    found = tuple(_differences(component, theirs))
    return Compared(component, State.CHANGED if found else State.SAME, found)


def _differences(ours: Component, theirs: Component) -> Iterator[Difference]:
    mine, other = ours.xml, theirs.xml
    yield from _below("", mine, other)
    if ours.kind == "PermissionSet":
        for tag in _GRANTS:
            if mine.find(f"{NAMESPACE}{tag}") is None:
                yield from _in_list(tag, {}, _keyed(tag, _all(other, tag)))


def _below(where: str, mine: ET.Element, other: ET.Element) -> Iterator[Difference]:
    for tag in dict.fromkeys(_local(each) for each in mine):
        place = f"{where} {tag}".strip()
        yield from _in_list(place, _keyed(tag, _all(mine, tag)), _keyed(tag, _all(other, tag)))


def _in_list(where: str, mine: Mapping[str, ET.Element], other: Mapping[str, ET.Element]) -> Iterator[Difference]:
    for key in dict.fromkeys([*mine, *other]):
        place = f"{where} {key}".strip()
        if key in mine and key in other:
            yield from _between(place, mine[key], other[key])
        elif key in mine and _says(mine[key]):
            yield Difference(place, None, _says(mine[key]))
        elif key in other and _says(other[key]):
            yield Difference(place, _says(other[key]), None)


def _between(where: str, mine: ET.Element, other: ET.Element) -> Iterator[Difference]:
    if len(mine):
        yield from _below(where, mine, other)
    elif _text(mine) != _text(other):
        yield Difference(where, _text(other), _text(mine))


def _keyed(tag: str, elements: list[ET.Element]) -> dict[str, ET.Element]:
    """By what they are known; else by their place, of which a single one needs none."""
    if key := _KEYS.get(tag):
        return {each.findtext(f"{NAMESPACE}{key}", ""): each for each in elements}
    return {str(n) if n else "": each for n, each in enumerate(elements)}


def _says(element: ET.Element) -> str:
    """An entry in few words: its text, or what it grants. Empty where it says no more than its absence does."""
    if not len(element):
        return "" if _text(element) in _NO_GRANT else _text(element)
    names = set(_KEYS.values())
    said = [(_local(each), _text(each)) for each in element if not len(each) and _local(each) not in names]
    granted = [tag if text == "true" else text for tag, text in said if text not in _NO_GRANT]
    return ", ".join(granted) if said else "set"


def _all(element: ET.Element, tag: str) -> list[ET.Element]:
    return element.findall(f"{NAMESPACE}{tag}")


def _local(element: ET.Element) -> str:
    return element.tag.removeprefix(NAMESPACE)


def _text(element: ET.Element) -> str:
    return " ".join((element.text or "").split())
