"""Lines of text in any script: shaped, broken where its script allows, and read in both directions."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from sfsync.forms.text import bidi, eastasian
from sfsync.forms.text.breaks import clusters, units
from sfsync.forms.text.fonts import Face, face
from sfsync.forms.text.lines import Line, Piece, Style, line_of


def lines(segments: Iterable[tuple[Style, str]], width: float) -> Iterator[Line]:
    """No wider than `width`; a newline begins a new one, and a paragraph of its own."""
    paragraph: list[tuple[Style, str]] = []
    for style, text in segments:
        for number, part in enumerate(text.split("\n")):
            if number:
                yield from _Paragraph(paragraph).lines(width)
                paragraph = []
            paragraph.append((style, part))
    yield from _Paragraph(paragraph).lines(width)


class _Paragraph:
    """Text between two newlines, with each character's style and level. Places are offsets into its text."""

    def __init__(self, segments: Sequence[tuple[Style, str]]) -> None:
        self._text = "".join(text for _, text in segments)
        self._styles = [style for style, _ in segments]
        self._ends = list(accumulate(len(text) for _, text in segments))
        self._language = eastasian.language_of(self._text, self._styles[0].language)
        # Terms in English on a form in Hebrew: their full stops stand where English has them.
        backwards = self._styles[0].backwards and not bidi.reads_forwards(self._text)
        self._base = 1 if backwards else bidi.base_level(self._text)
        still = not self._base and not bidi.turns(self._text)
        self._levels = [0] * len(self._text) if still else bidi.levels(self._text, self._base)

    def lines(self, width: float) -> Iterator[Line]:
        """Broken before the first part that does not fit; a part wider than a line is broken between its clusters."""
        start = end = 0
        used = 0.0
        for unit in units(self._text):
            stop = end + len(unit)
            wide = self._width(end, stop)
            if start < end and used + self._width(end, stop - _spaces(unit)) > width:
                yield self._line(start, end)
                start, used = end, 0.0
            if start == end and wide > width:
                for cut in self._cuts(start, stop - _spaces(unit), width):
                    yield self._line(start, cut)
                    start = end = cut
                wide = self._width(start, stop)
            used += wide
            end = stop
        yield self._line(start, end)

    def _cuts(self, start: int, stop: int, width: float) -> Iterator[int]:
        """Where a part has to be broken again and again, until what is left fits."""
        while (cut := self._cut(start, stop, width)) < stop:
            yield cut
            start = cut

    def _cut(self, start: int, stop: int, width: float) -> int:
        """Where the text from `start` on has to be broken to fit; `stop` where it fits."""
        # No letter is narrower than an eighth of its size, so there is no need to measure thousands of them.
        most = int(8 * width / min(style.size for style in self._styles)) + 1
        near = clusters(self._text[start : min(stop, start + 64 * most)])[:most]
        cuts = list(accumulate(map(len, near), initial=start))
        fitting = bisect_right(cuts, width, lo=1, key=lambda cut: self._width(start, cut)) - 1
        return cuts[max(1, fitting)] if len(cuts) > 1 else stop

    def _line(self, start: int, end: int) -> Line:
        end -= _spaces(self._text[start:end])
        return line_of(self._pieces(start, end) or [Piece(self._styles[0], "", 0)])

    def _width(self, start: int, end: int) -> float:
        return sum(piece.width for piece in self._pieces(start, end))

    def _pieces(self, start: int, end: int) -> list[Piece]:
        """From left to right as they are seen."""
        pieces: list[Piece] = []
        levels = bidi.line_levels(self._text[start:end], self._levels[start:end], self._base)
        for first, last, level in bidi.visual(levels):
            styled = list(self._styled(start + first, start + last))
            for style, text in reversed(styled) if level % 2 else styled:
                pieces += self._drawn(style, bidi.unmarked(text), backwards=bool(level % 2))
        return pieces

    def _styled(self, start: int, end: int) -> Iterator[tuple[Style, str]]:
        for number in range(bisect_right(self._ends, start), len(self._ends)):
            if start >= end:
                return
            stop = min(end, self._ends[number])
            yield self._styles[number], self._text[start:stop]
            start = stop

    def _drawn(self, style: Style, text: str, *, backwards: bool) -> Iterator[Piece]:
        own = self._face(style)
        for part, run in own.runs(text, backwards=backwards):
            yield Piece(style, part, (run.width if run else own.width(part)) * style.size, run)

    def _face(self, style: Style) -> Face:
        return face(style.family, bold=style.bold, italic=style.italic, language=self._language)


def _spaces(text: str) -> int:
    """How many stand at its end."""
    return len(text) - len(text.rstrip(" "))
