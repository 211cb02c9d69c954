"""Where people sign. Marks are in the paper's colour and never wrapped: both tools need real text in one piece."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from sfsync.forms.page.inline import GUTTER, Setting, plain
from sfsync.forms.page.pages import Page
from sfsync.forms.page.rows import Box, Cell, Row, merged, stacked
from sfsync.forms.page.theme import Theme
from sfsync.forms.template.esign import SLOTS, TEXT_TAG, anchors, text_tags
from sfsync.forms.text.lines import Line, Style
from sfsync.forms.text.wrapping import wrapped
from sfsync.said import Gaps, say

_LABELS = "Signature|Name|Title|Date"
_BOTH = frozenset({"docusign", "acrobat"})
#: points
_ANCHOR_SIZE, _TAG_SIZE = 3.0, 10.0


class _Slot(NamedTuple):
    """A line to write on: what stands on it already, the marks of e-signing tools, and its label."""

    value: tuple[Line, ...]
    marks: tuple[Line, ...]
    label: tuple[Line, ...]


def signatures(element: Element, width: float, setting: Setting) -> list[Row]:
    says = setting.read(element)
    labels = plain(says.get("labels", _LABELS)).split("|")
    if len(labels) != len(SLOTS):
        setting.wrong(element, "labels names four things.", f'Write labels="{_LABELS}" in your words.')
    wide = (width - GUTTER) / 2
    found: list[Row] = []
    for start in range(0, len(element), 2):
        pair = [_sign(sign, labels, wide, setting, says.get("esign", _BOTH)) for sign in element[start : start + 2]]
        parts = [(number * (wide + GUTTER), 0.0, row) for number, row in enumerate(pair)]
        found.append(merged(parts, max(row.height for row in pair), gap=18))
    return found


def _sign(element: Element, labels: Sequence[str], width: float, setting: Setting, tools: frozenset[str]) -> Row:
    """Signature and date beside each other, name and title below."""
    says = setting.read(element)
    party = wrapped([(setting.theme.text._replace(bold=True), plain(says["party"]) or " ")], width)
    given = ("", plain(says.get("name")), plain(says.get("title")), "")
    marks = _marks(element, says.get("role", ""), tools, setting)
    left, right = width * 0.62, width * 0.38 - GUTTER / 2
    slots = [
        _slot(label, value, marks.get(slot, ()), left if slot in ("signature", "name") else right, setting)
        for slot, label, value in zip(SLOTS, labels, given, strict=True)
    ]
    first, second = ((slots[0], slots[3]), 36.0), ((slots[1], slots[2]), 26.0)
    parts = [Row(sum(line.height for line in party), (Cell(0, 0, width, "left", party),))]
    parts += (_signed(pair, least, (left, right), width, setting.theme.muted) for pair, least in (first, second))
    return stacked(parts)


def _marks(element: Element, role: str, tools: frozenset[str], setting: Setting) -> Mapping[str, tuple[str, ...]]:
    """What the tools look for, by slot. Each role signs once, or a tool would ask for two signatures."""
    if not role:
        return {}
    if role in setting.signers:
        setting.wrong(element, f"The role {role} signs twice, first in {setting.signers[role]}.", "Give each its own.")
    setting.signers[role] = setting.where(element)
    found = [text_tags(len(setting.signers))] if "acrobat" in tools else []
    found += [anchors(role)] if "docusign" in tools else []
    return {slot: tuple(marks[slot] for marks in found) for slot in SLOTS}


def _slot(label: str, value: str, marks: Iterable[str], width: float, setting: Setting) -> _Slot:
    """A slot that is filled already needs no mark."""
    theme = setting.theme
    above = wrapped([(theme.text, value)], width) if value else ()
    found = () if value else tuple(_mark(mark, width, theme) for mark in marks)
    setting.marks.extend(piece.text for line in found for piece in line.pieces)
    return _Slot(above, found, wrapped([(theme.label, label)], width))


def _mark(text: str, width: float, theme: Theme) -> Line:
    """One line, never turned or wrapped; a text tag as wide as the slot, since its field will be."""
    style, endless = Style(_TAG_SIZE, theme.paper, family=theme.family), float("inf")
    if text.startswith("/"):
        size = _ANCHOR_SIZE
    else:
        size = _TAG_SIZE * min(1.0, width / wrapped([(style, text)], endless)[0].width)
    return wrapped([(style._replace(size=round(size - 0.05, 1)), text)], endless)[0]


def _signed(slots: tuple[_Slot, _Slot], least: float, widths: tuple[float, float], width: float, ink: str) -> Row:
    """Two lines to write on, labels below. Marks are real text in the paper's colour, on the line."""
    room = max(least, *(sum(line.height for line in slot.value) + 8 for slot in slots))
    cells, boxes = [], []
    for slot, x, wide in zip(slots, (0.0, width - widths[1]), widths, strict=True):
        for lines in (slot.value, slot.marks):
            tall = sum(line.height for line in lines)
            cells.append(Cell(x, room - tall - 1.5, wide, "left", lines))
        cells.append(Cell(x, room + 1.5, wide, "left", slot.label))
        boxes.append(Box(x, room, wide, 0.6, ink))
    return Row(max(cell.bottom for cell in cells), tuple(cells), tuple(boxes))


def check(marks: Sequence[str], pages: Iterable[Page]) -> None:
    """A tool puts a field wherever it finds its mark, so no text of the record may read like one."""
    if not marks:
        return
    cells = (cell for page in pages for _, row in page for cell in row.cells)
    lines = ["".join(piece.text for piece in line.pieces) for cell in cells for line in cell.lines]
    everything = "\n".join(lines)
    strange = (tag for tag in TEXT_TAG.findall(everything) if tag not in marks)
    twice = (mark for mark in marks if everything.count(mark) > 1)
    if found := next(twice, None) or next(strange, None):
        raise Gaps([say("sign_mark_in_text", mark=found)])
