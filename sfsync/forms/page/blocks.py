"""From elements to rows, tag by tag."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from xml.etree.ElementTree import Element

from sfsync.errors import did_you_mean
from sfsync.forms.page.inline import GUTTER, Setting, plain, segments
from sfsync.forms.page.pages import Block, Break, Flow
from sfsync.forms.page.rows import Box, Cell, Picture, Row, merged, stacked
from sfsync.forms.page.signing import signatures
from sfsync.forms.page.table import table
from sfsync.forms.text.lines import Line, Style
from sfsync.forms.text.wrapping import wrapped

#: level -> (size relative to the text, space before)
_HEADINGS = {"1": (2.5, 0.0), "2": (1.3, 15.0), "3": (0.86, 8.0)}


def blocks(elements: Iterable[Element], width: float, setting: Setting) -> list[Block]:
    """Every element's rows, in order."""
    found: list[Block] = []
    for element in elements:
        rows = _BUILDERS[element.tag](element, width, setting)
        if _begins_with_totals(element) and found and isinstance(found[-1], Row):
            found[-1] = replace(found[-1], keep=True)
        found += rows
    return found


def _begins_with_totals(element: Element) -> bool:
    inner = element[0] if element.tag == "keep" and len(element) else element
    return inner.tag == "totals"


def rows(elements: Iterable[Element], width: float, setting: Setting) -> list[Row]:
    """As `blocks`, where nothing can flow."""
    return [block for block in blocks(elements, width, setting) if isinstance(block, Row)]


def _text(element: Element, width: float, setting: Setting, style: Style) -> tuple[Line, ...]:
    found = segments(element, style, setting)
    return wrapped(found, width) if found else ()


def _lines(lines: tuple[Line, ...], width: float, align: str, *, gap: float = 0, keep: bool = False) -> list[Row]:
    if not lines:
        return []
    cell = Cell(0, 0, width, align, lines)
    return [Row(cell.bottom, (cell,), gap=gap, keep=keep)]


def _h(element: Element, width: float, setting: Setting) -> list[Row]:
    says, theme = setting.read(element), setting.theme
    level = says.get("level", "2")
    size, gap = _HEADINGS[level]
    colour = theme.muted if level == "3" else theme.accent
    style = theme.text._replace(size=round(theme.size * size, 2), colour=colour, bold=True)
    lines = _text(element, width, setting, style)
    return _lines(lines, width, says.get("align", setting.align), gap=gap, keep=True)


def _p(element: Element, width: float, setting: Setting) -> list[Row]:
    says, theme = setting.read(element), setting.theme
    colour = theme.muted if says.get("muted") else theme.ink
    style = theme.text._replace(size=says.get("size", theme.size), colour=colour)
    lines = _text(element, width, setting, style)
    return _lines(lines, width, says.get("align", setting.align), gap=3)


def _columns(element: Element, width: float, setting: Setting) -> list[Row]:
    says = setting.read(element)
    shares: Sequence[float] = says.get("widths", (1.0,) * len(element))
    if len(shares) != len(element):
        setting.wrong(element, f"widths names {len(shares)} columns, and there are {len(element)}.")
    if not shares:
        return []
    room = width - GUTTER * (len(shares) - 1)
    starts = accumulate((room * share / sum(shares) + GUTTER for share in shares), initial=0.0)
    columns = [
        stacked(rows(column, room * share / sum(shares), _leaning(column, setting)))
        for column, share in zip(element, shares, strict=True)
    ]
    height = max(column.height for column in columns)
    drop = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[says.get("valign", "top")]
    parts = [(x, (height - c.height) * drop, c) for x, c in zip(starts, columns, strict=False)]
    return [merged(parts, height, gap=8)]


def _leaning(column: Element, setting: Setting) -> Setting:
    align = setting.read(column).get("align")
    return replace(setting, align=align) if align else setting


def _fields(element: Element, width: float, setting: Setting) -> list[Row]:
    """Labels over values on a tinted band, as many beside each other as `columns` says."""
    count = setting.read(element).get("columns", len(element) or 1)
    pad = 6.0
    wide = (width - pad) / count
    found: list[Row] = []
    for start in range(0, len(element), count):
        parts = [
            (pad + number * wide, pad * 0.8, _field(field, wide - pad, setting))
            for number, field in enumerate(element[start : start + count])
        ]
        row = merged(parts, max(part[2].height for part in parts) + 1.6 * pad, gap=0 if start else 10)
        found.append(replace(row, boxes=(Box(0, 0, width, row.height, setting.theme.tint),)))
    return found


def _field(element: Element, width: float, setting: Setting) -> Row:
    label = wrapped([(setting.theme.label, plain(setting.read(element)["label"]))], width)
    value = _text(element, width, setting, setting.theme.text) or wrapped([(setting.theme.text, "–")], width)
    cell = Cell(0, 0, width, "left", (*label, *value))
    return Row(cell.bottom, (cell,))


def _totals(element: Element, width: float, setting: Setting) -> list[Block]:
    wide = width * 0.46
    found = [_total(child, wide, setting) for child in element]
    placed = [merged([(width - wide, 0, row)], row.height, gap=0 if n else 6) for n, row in enumerate(found)]
    return _kept(placed)


def _total(element: Element, width: float, setting: Setting) -> Row:
    says, theme = setting.read(element), setting.theme
    strong = says.get("strong", False)
    style = theme.text._replace(size=theme.size * 1.18, colour=theme.paper, bold=True) if strong else theme.text
    pad = 5.0 if strong else 3.4
    amount = _text(element, width * 0.6, setting, style._replace(bold=True))
    room = width - 18 - max((line.width for line in amount), default=0)
    label = wrapped([(style, plain(says["label"]))], room)
    cells = (Cell(6, pad, room, "left", label), Cell(width * 0.4 - 6, pad, width * 0.6, "right", amount))
    height = max(cell.bottom for cell in cells) + pad
    fill = Box(0, 0, width, height, theme.accent)
    return Row(height, cells, (fill if strong else Box(0, height - 0.5, width, 0.5, theme.hairline),))


def _terms(element: Element, width: float, setting: Setting) -> list[Block]:
    says = setting.read(element)
    count = says.get("columns", 1)
    wide = (width - GUTTER * (count - 1)) / count
    style = setting.theme.text._replace(size=says.get("size", setting.theme.size * 0.85))
    found = tuple(lines for p in element if (lines := _text(p, wide, setting, style)))
    return [Flow(found, count, wide, GUTTER, 4.0, gap=5)] if found else []


def _img(element: Element, width: float, setting: Setting) -> list[Row]:
    """Its size from one of width and height; never wider than its column. No file named: no picture."""
    says = setting.read(element)
    name = says["src"].strip()
    if not name:
        return []
    if name not in setting.pictures:
        near = did_you_mean(name, setting.pictures)
        setting.wrong(element, f"There is no image {name} beside the template.", near or "Put a PNG or JPEG there.")
    pixels = setting.pictures[name]
    ratio = pixels[0] / pixels[1]
    wide = says.get("width") or (says["height"] * ratio if "height" in says else pixels[0] * 0.24)
    wide = min(wide, width)
    tall = min(wide / ratio, says.get("height", wide / ratio))
    wide = tall * ratio
    left = {"left": 0.0, "center": (width - wide) / 2, "right": width - wide}[says.get("align", setting.align)]
    return [Row(tall, pictures=(Picture(left, 0, wide, tall, name),), gap=3)]


def _rule(element: Element, width: float, setting: Setting) -> list[Row]:  # noqa: ARG001 (as its sisters)
    return [Row(0.6, boxes=(Box(0, 0, width, 0.6, setting.theme.hairline),), gap=6)]


def _space(element: Element, width: float, setting: Setting) -> list[Row]:  # noqa: ARG001
    return [Row(setting.read(element)["height"])]


def _pagebreak(element: Element, width: float, setting: Setting) -> list[Block]:  # noqa: ARG001
    return [Break()]


def _keep(element: Element, width: float, setting: Setting) -> list[Block]:
    return _kept(blocks(element, width, setting))


def _kept(found: Sequence[Block]) -> list[Block]:
    """On one page, where they fit on one."""
    return [replace(b, keep=True) if isinstance(b, Row) and b is not found[-1] else b for b in found]


_BUILDERS: Mapping[str, Callable[[Element, float, Setting], Sequence[Block]]] = {
    "h": _h, "p": _p, "columns": _columns, "fields": _fields, "table": table, "totals": _totals, "terms": _terms,
    "signatures": signatures, "img": _img, "rule": _rule, "space": _space, "pagebreak": _pagebreak, "keep": _keep,
}  # fmt: skip
