"""How forms look, apart from what they say."""

from dataclasses import dataclass

from sfsync.forms.rows import Style


@dataclass(frozen=True)
class Theme:
    """How a form looks where the template does not say."""

    accent: str = "#1f4e79"
    size: float = 8.5
    ink: str = "#1c232b"
    muted: str = "#66717d"
    hairline: str = "#d9dee4"
    tint: str = "#f3f5f8"
    paper: str = "#ffffff"

    @property
    def text(self) -> Style:
        return Style(self.size, self.ink)

    @property
    def label(self) -> Style:
        return Style(round(self.size * 0.82, 2), self.muted)
