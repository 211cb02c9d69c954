"""Text with its small tags: what stands inside a paragraph or a cell."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NoReturn
from xml.etree.ElementTree import Element

from sfsync.errors import SetupError
from sfsync.forms.page.theme import Theme
from sfsync.forms.template import tags
from sfsync.forms.template.filters import LINE
from sfsync.forms.template.markup import PLACE, Wrong
from sfsync.forms.text.fonts import clean
from sfsync.forms.text.lines import Style

#: points between columns
GUTTER = 16.0
# A line break in the source, with its indentation, is one space; two spaces in a customer's name stay two.
_INDENT = re.compile(r"[ \t]*[\n\t][ \t\n]*")


@dataclass(frozen=True)
class Setting:
    """What a tag has to know of the form that it stands in."""

    theme: Theme
    #: the template as messages show it
    name: str
    #: width and height in pixels of each picture
    pictures: Mapping[str, tuple[int, int]]
    align: str = "left"
    #: this page's number and how many there are; known in headers and footers only
    page: str = ""
    pages: str = ""
    #: role of each signer so far -> where
    signers: dict[str, str] = field(default_factory=dict)
    #: what e-signing tools look for on this form
    marks: list[str] = field(default_factory=list)

    def where(self, element: Element) -> str:
        place = element.get(PLACE, "")
        return place if place.count(":") > 1 else f"{self.name}:{place}"

    def wrong(self, element: Element, what: str, remedy: str = "") -> NoReturn:
        raise SetupError(what, where=self.where(element), remedy=remedy)

    def read(self, element: Element) -> dict[str, Any]:
        """The element's attributes; a wrong one, which only data can have made so, names its line."""
        if len(element.attrib) == 1:
            return {}
        try:
            return tags.read(element.tag, element.attrib)
        except Wrong as wrong:
            self.wrong(element, str(wrong))


Segment = tuple[Style, str]


def segments(element: Element, style: Style, setting: Setting) -> list[Segment]:
    """The element's text, style by style. Lines on which nothing stands are left out: an address without a street."""
    if len(element) == 0:
        text = plain(element.text)
        found = [(style, text)] if text else []
    else:
        found = [s for s in _inside(element, style, setting) if s[1]]
    return _tidy(found) if len(found) > 1 or (found and "\n" in found[0][1]) else _stripped(found)


def plain(text: str | None) -> str:
    """Text as it is drawn; a break that stood in the data is a newline."""
    if not text:
        return ""
    if "\n" in text or "\t" in text:
        text = _INDENT.sub(" ", text)
    return text if text.isascii() else clean(text.replace(LINE, "\n"))


def _inside(element: Element, style: Style, setting: Setting) -> Iterator[Segment]:
    yield style, plain(element.text)
    for child in element:
        if child.tag == "br":
            yield style, "\n"
        elif child.tag in ("page", "pages"):
            if not setting.pages:
                setting.wrong(child, f"<{child.tag}/> is known in a header or footer only.")
            yield style, setting.page if child.tag == "page" else setting.pages
        else:
            yield from _inside(child, _changed(style, child.tag, setting.theme.muted), setting)
        yield style, plain(child.tail)


@lru_cache(maxsize=256)
def _changed(style: Style, tag: str, muted: str) -> Style:
    if tag == "b":
        return style._replace(bold=True)
    if tag == "i":
        return style._replace(italic=True)
    return style._replace(size=round(style.size * 0.88, 2), colour=muted)


def _stripped(found: list[Segment]) -> list[Segment]:
    return [(style, text.strip(" ")) for style, text in found if text.strip(" ")]


def _tidy(found: list[Segment]) -> list[Segment]:
    """Without empty lines, and without spaces at the ends of lines."""
    lines: list[list[Segment]] = [[]]
    for style, text in found:
        first, *others = text.split("\n")
        lines[-1].append((style, first))
        lines += ([(style, other)] for other in others)
    out: list[Segment] = []
    for line in filter(None, map(_trimmed, lines)):
        if out:
            out.append((line[0][0], "\n"))
        out += line
    return out


def _trimmed(line: list[Segment]) -> list[Segment]:
    line = [segment for segment in line if segment[1]]
    while line and not line[0][1].strip(" "):
        line = line[1:]
    while line and not line[-1][1].strip(" "):
        line = line[:-1]
    if line:
        line[0] = (line[0][0], line[0][1].lstrip(" "))
        line[-1] = (line[-1][0], line[-1][1].rstrip(" "))
    return line
