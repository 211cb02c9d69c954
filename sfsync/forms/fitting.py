"""Text in a field of a fillable PDF: as large as it may be, whole, or not at all."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator

from sfsync.forms.page.rows import Box, Cell
from sfsync.forms.pdf.acrofields import Field, Kind, Widget
from sfsync.forms.text.fonts import Family
from sfsync.forms.text.lines import Line, Style
from sfsync.forms.text.wrapping import wrapped
from sfsync.said import say

#: the smallest text that a form may hold, in points: it is still read without a glass
LEAST_SIZE = 6.0
_USUAL, _LARGEST = 10.0, 12.0
#: a field of free size is filled to this share of its height
_SHARE = 0.66
_STEP = 0.25
#: nobody sets a form larger, in points
_GREATEST = 72.0
#: between a field's edge and its text, in points
_PAD = 2.0
#: what e-signing tools look for stands in the paper's colour, on the line
_ANCHOR = 3.0
_PAPER = "#ffffff"
_QUOTED = 40


class Misfit(ValueError):
    """A value that has no place on the form; its only argument, a message by its name, says why."""


def frame(widget: Widget, top: float) -> Iterator[Box]:
    """The field's ground and border, which the PDF keeps with the field and not on the page."""
    x, wide, high = widget.box[0], widget.width, widget.height
    if widget.background:
        yield Box(x, top, wide, high, widget.background)
    thick = widget.thickness if widget.border else 0
    if thick:
        yield Box(x, top, wide, thick, widget.border)
        yield Box(x, top + high - thick, wide, thick, widget.border)
        yield Box(x, top, thick, high, widget.border)
        yield Box(x + wide - thick, top, thick, high, widget.border)


def cells(field: Field, widget: Widget, top: float, text: str, family: Family | None) -> Iterator[Cell]:
    """The text in its field. Raises Misfit where it does not fit."""
    text = _allowed(field, text)
    style = Style(field.size, field.colour, bold=field.bold, family=family)
    if field.kind is Kind.SIGN:
        [anchor] = wrapped([(Style(_ANCHOR, _PAPER, family=family), text)], float("inf"))
        yield Cell(widget.box[0] + _PAD, top + widget.height - anchor.height - _PAD, widget.width, "left", (anchor,))
    elif field.comb:
        yield from _combed(field, widget, top, text, style)
    else:
        pad = _pad(widget)
        lines = _fitted(field, widget, text, style, widget.width - 2 * pad)
        tall = sum(line.height for line in lines)
        down = pad if field.multiline else (widget.height - tall) / 2
        yield Cell(widget.box[0] + pad, top + down, widget.width - 2 * pad, field.align, lines)


def too_narrow(field: Field, widget: Widget) -> bool:
    """Whether it has no room for any text."""
    single = field.kind is not Kind.SIGN and not field.comb
    return single and widget.width - 2 * _pad(widget) < min(LEAST_SIZE, field.size or LEAST_SIZE)


def _pad(widget: Widget) -> float:
    return _PAD + (widget.thickness if widget.border else 0)


def _allowed(field: Field, text: str) -> str:
    """As the field takes it: on one line, no longer than Legal allows, and one of its options."""
    if not field.multiline:
        text = " ".join(text.split())
    if field.longest and len(text) > field.longest:
        raise Misfit(say("too_many_characters", text=_short(text), number=len(text), most=field.longest))
    if not field.options:
        return text
    if text not in field.options and text not in field.options.values():
        raise Misfit(say("no_choice", text=_short(text), choices=", ".join(field.options.values())))
    return field.options.get(text, text)


def _fitted(field: Field, widget: Widget, text: str, style: Style, width: float) -> tuple[Line, ...]:
    """The text in the largest size that fits, down to the least."""

    def lines(size: float) -> tuple[Line, ...]:
        return wrapped([(style._replace(size=size), text)], width if field.multiline else float("inf"))

    def fits(size: float) -> bool:
        found = lines(size)
        return sum(line.height for line in found) <= widget.height if field.multiline else found[0].width <= width

    free = _USUAL if field.multiline else min(_LARGEST, max(LEAST_SIZE, widget.height * _SHARE))
    size = min(field.size or free, _GREATEST)
    least = min(LEAST_SIZE, size)
    sizes = [*(size - n * _STEP for n in range(int((size - least) / _STEP) + 1)), least]
    # what fits in one size fits in all below it, so few have to be tried
    largest = 0 if fits(size) else bisect_left(sizes, True, key=fits)
    if largest == len(sizes):
        raise Misfit(say("too_long", text=_short(text)))
    return lines(sizes[largest])


def _combed(field: Field, widget: Widget, top: float, text: str, style: Style) -> Iterator[Cell]:
    wide = widget.width / field.longest
    size = style.size or min(_LARGEST, widget.height * _SHARE)
    for number, letter in enumerate(_letters(text)):
        lines = wrapped([(style._replace(size=size), letter)], float("inf"))
        yield Cell(widget.box[0] + number * wide, top + (widget.height - lines[0].height) / 2, wide, "center", lines)


def _letters(text: str) -> list[str]:
    """Characters with the marks that stand on them."""
    letters: list[str] = []
    for character in text:
        if letters and unicodedata.combining(character):
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED].rstrip()}…"
