"""XML as the SOAP APIs and the Bulk API write and read it."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from sfsync.pocketorg.errors import ApiError


class _NoDoctype(ET.TreeBuilder):
    """Builds a tree, but not of a document that brings entities of its own: they can be made to explode."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002 - the parser's call
        raise ApiError(400, "INVALID_INPUT", "DOCTYPE is not allowed")


def parse(text: bytes) -> ET.Element:
    """Read a document from the network. Raises ApiError where it is malformed or has a document type."""
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - no doctype, so no entities
    try:
        return ET.fromstring(text, parser)  # noqa: S314 - same
    except (ET.ParseError, ValueError, LookupError) as bad:
        raise ApiError(400, "INVALID_INPUT", f"not well-formed XML: {bad}") from None


def local(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def find(element: ET.Element, *path: str) -> ET.Element | None:
    """Find a child, grandchild, … by local names."""
    found: ET.Element | None = element
    for name in path:
        found = next((each for each in (found if found is not None else ()) if local(each) == name), None)
    return found


def text(element: ET.Element, *path: str) -> str:
    """The text below, or "" where there is none."""
    found = find(element, *path)
    return (found.text or "").strip() if found is not None else ""


def children(element: ET.Element) -> dict[str, str]:
    """The texts of the children by local name; of two with one name the last."""
    return {local(each): (each.text or "").strip() for each in element}


def render(name: str, value: Any) -> str:
    """Write a value as elements: a mapping nests, a list repeats, None leaves the element out."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(render(name, each) for each in value)
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(render(key, each) for key, each in value.items())}</{name}>"
    shown = str(value).lower() if isinstance(value, bool) else _printable(str(value))
    return f"<{name}>{escape(shown)}</{name}>"


def written(element: ET.Element, depth: int = 1) -> str:
    """Write an element again, indented, without namespaces and comments."""
    if not isinstance(element.tag, str):
        return ""
    margin, name = "    " * depth, local(element)
    inside = "".join(written(each, depth + 1) for each in element)
    if inside:
        return f"{margin}<{name}>\n{inside}{margin}</{name}>\n"
    said = escape((element.text or "").strip())
    return f"{margin}<{name}>{said}</{name}>\n" if said else f"{margin}<{name}/>\n"


def _printable(words: str) -> str:
    """Drop what XML 1.0 cannot hold."""
    return "".join(c for c in words if c >= " " or c in "\t\n\r")
