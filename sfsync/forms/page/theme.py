"""How forms look, apart from what they say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfsync import measures
from sfsync.forms.text.fonts import Family
from sfsync.forms.text.lines import Style

if TYPE_CHECKING:  # pydantic costs a render process a quarter of its start
    from sfsync.settings import ThemeSettings

#: the least contrast at which text of a form's size reads well, and large or less important text (WCAG 2.2, AA)
_READABLE, _PASSABLE = 4.5, 3.0


@dataclass(frozen=True)
class Theme:
    """Colours as '#rrggbb', lengths in points."""

    accent: str = "#1f4e79"
    ink: str = "#1c232b"
    muted: str = "#66717d"
    tint: str = "#f3f5f8"
    hairline: str = "#d9dee4"
    paper: str = "#ffffff"
    size: float = 8.5
    #: width and height of the page
    page: tuple[float, float] = measures.PAPERS["A4"]
    #: top, right, bottom, left
    margins: tuple[float, float, float, float] = (42.0, 48.0, 36.0, 48.0)
    #: None for Noto Sans
    family: Family | None = None
    #: of the form, as BCP 47 spells it
    language: str = ""

    @property
    def text(self) -> Style:
        return Style(self.size, self.ink, family=self.family, language=self.language)

    @property
    def label(self) -> Style:
        return self.text._replace(size=round(self.size * 0.82, 2), colour=self.muted)

    def hard_to_read(self) -> list[str]:
        """What reads badly on paper, or in the paper's colour: the names of colours, each with its contrast."""
        least = {"accent": _READABLE, "ink": _READABLE, "muted": _PASSABLE}
        found = {name: measures.contrast(getattr(self, name), self.paper) for name in least}
        return [f"{name} {getattr(self, name)}: {found[name]:.1f} to 1, and {least[name]} is the least"
                for name in least if found[name] < least[name]]  # fmt: skip

    @property
    def width(self) -> float:
        """What stands between the margins."""
        return self.page[0] - self.margins[1] - self.margins[3]


def merged(common: "ThemeSettings", own: "ThemeSettings") -> "ThemeSettings":
    """What a form says of its own goes before what holds for all."""
    said = common.model_dump(exclude_unset=True) | own.model_dump(exclude_unset=True)
    return type(common).model_validate(said)


def theme(said: "ThemeSettings", family: Family | None) -> Theme:
    """The theme that the settings describe, with the typeface that they name."""
    return Theme(
        family=family,
        accent=said.accent,
        ink=said.ink,
        muted=said.muted,
        tint=said.tint,
        size=measures.length(said.size),
        page=measures.PAPERS[said.page],
        margins=measures.lengths(said.margins),
    )
