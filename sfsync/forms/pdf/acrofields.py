"""The fields of a fillable PDF, as Legal drew them. `acroform` reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sfsync.forms.pdf.foreign import Box, Matrix


class Kind(StrEnum):
    """What a field is, as people call it."""

    TEXT = "text field"
    CHECK = "check box"
    RADIO = "group of radio buttons"
    CHOICE = "list"
    SIGN = "signature field"


@dataclass(frozen=True)
class Widget:
    """One place of a field."""

    #: from 0
    page: int
    #: in the coordinates that people see
    box: Box
    #: the value at which it is on; '' where it is no button
    on: str
    #: for each state of a button, the object that draws it and where
    states: Mapping[str, tuple[int, Matrix]]
    background: str
    border: str
    #: of the border, in points
    thickness: float

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class Field:
    """A field with all its places."""

    name: str
    kind: Kind
    widgets: tuple[Widget, ...]
    #: in points; 0 lets the text fit itself
    size: float
    colour: str
    bold: bool
    align: str
    multiline: bool
    #: characters; 0 sets no limit
    longest: int
    #: each character in a cell of its own, of which there are `longest`
    comb: bool
    #: what a list takes: what is written -> what is shown; empty where it takes anything
    options: Mapping[str, str]
