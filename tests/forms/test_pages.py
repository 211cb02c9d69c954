"""Where pages end, for rows of any height."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfsync.forms.page.pages import Break, Flow, Page, paginate
from sfsync.forms.page.rows import Cell, Row
from sfsync.forms.text.lines import Line, Piece, Style

STYLE = Style(8.0, "#000000")
ROOM = 300.0
#: a row taller than this share of a page may be torn
TALL = 0.4 * ROOM
HEAD = Row(14.0, (Cell(0, 0, 100, "left", (Line(14.0, 10, (Piece(STYLE, "head", 10),)),)),))


def text(name: str, count: int, height: float = 10.0) -> tuple[Line, ...]:
    return tuple(Line(height, 50, (Piece(STYLE, f"{name}.{n}", 50),)) for n in range(count))


def row(name: str, count: int, **more) -> Row:
    lines = text(name, count)
    return Row(10.0 * count + 4, (Cell(0, 2, 100, "left", lines),), **more)


@st.composite
def blocks(draw, tallest=45):
    """Rows with gaps, some kept with the next, some after a page break, some under a table's head."""
    found = []
    for n in range(draw(st.integers(1, 20))):
        if draw(st.integers(0, 9)) == 0:
            found.append(Break())
        found.append(
            row(f"r{n}", draw(st.integers(1, tallest)), gap=draw(st.sampled_from([0, 3, 15])),
                keep=draw(st.sampled_from([False, False, True])), heads=draw(st.sampled_from([(), (HEAD,)])))
        )  # fmt: skip
    return found


def rows_of(found) -> list[Row]:
    return [each for each in found if isinstance(each, Row)]


def texts(pages: list[Page]) -> list[str]:
    return [
        piece.text for page in pages for _, each in page for cell in each.cells for line in cell.lines
        for piece in line.pieces
    ]  # fmt: skip


def pages_of(found: list[Page], name: str) -> set[int]:
    return {n for n, page in enumerate(found) if any(t.startswith(f"{name}.") for t in texts([page]))}


def name(each: Row) -> str:
    return each.cells[0].lines[0].pieces[0].text.split(".")[0]


@given(blocks())
def test_every_line_is_printed_once_and_in_order(given_blocks):
    found = [t for t in texts(paginate(given_blocks, lambda _: ROOM)) if t != "head"]
    assert found == texts([[(0, each) for each in rows_of(given_blocks)]])


@given(blocks())
def test_nothing_stands_below_the_page_or_on_something_else(given_blocks):
    for page in paginate(given_blocks, lambda _: ROOM):
        below = 0.0
        for y, each in page:
            assert y >= below - 0.01
            below = y + each.height
        assert below <= ROOM + 0.01


@given(blocks(tallest=11))
def test_a_row_that_is_not_tall_is_never_torn(given_blocks):
    found = paginate(given_blocks, lambda _: ROOM)
    for n, each in enumerate(rows_of(given_blocks)):
        assert each.height > TALL or len(pages_of(found, f"r{n}")) == 1


@given(blocks())
def test_no_page_is_empty(given_blocks):
    found = paginate(given_blocks, lambda _: ROOM)
    assert all(page for page in found)


@given(blocks(tallest=3))
def test_what_belongs_to_the_next_is_never_the_last_on_its_page(given_blocks):
    """Unless all that belongs together is taller than a page, or the next begins a page."""
    found = paginate(given_blocks, lambda _: ROOM)
    together = 0.0
    for one, other in pairwise(given_blocks):
        if isinstance(one, Break) or isinstance(other, Break) or not one.keep:
            together = 0.0
            continue
        together += one.height + one.gap
        if together + other.height + other.gap + HEAD.height < ROOM:
            assert max(pages_of(found, name(one))) == min(pages_of(found, name(other)))


@given(blocks())
def test_what_follows_a_break_stands_at_the_top_of_a_page(given_blocks):
    tops = {next(t for t in texts([page]) if t != "head") for page in paginate(given_blocks, lambda _: ROOM)}
    assert all(f"{name(b)}.0" in tops for a, b in pairwise(given_blocks) if isinstance(a, Break))


@given(blocks())
def test_a_tables_head_stands_above_each_page_of_its_rows(given_blocks):
    for page in paginate(given_blocks, lambda _: ROOM)[1:]:
        top = page[0][1]
        names = texts([[page[0]]])
        if names == ["head"]:
            continue
        begun = int(names[0].split(".")[0].removeprefix("r"))
        assert not rows_of(given_blocks)[begun].heads or top.height + HEAD.height > ROOM


@given(st.lists(st.integers(1, 70), min_size=1, max_size=30), st.integers(1, 3), st.floats(0, 290))
def test_clauses_in_columns_are_printed_once_and_in_order(counts, columns, before):
    paragraphs = tuple(text(f"p{n}", count) for n, count in enumerate(counts))
    clauses = [Row(before), Flow(paragraphs, columns, 100.0, 10.0, 4.0, gap=5)]
    found = paginate(clauses, lambda _: ROOM)
    assert texts(found) == [piece.text for lines in paragraphs for line in lines for piece in line.pieces]
    assert all(y + each.height <= ROOM + 0.01 for page in found for y, each in page)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=40), st.integers(1, 5))
def test_a_block_that_is_kept_stands_on_one_page(before, count):
    """As a signature block does."""
    block = [row(f"k{n}", 4, keep=n < count - 1) for n in range(count)]
    found = paginate([*(row(f"r{n}", lines) for n, lines in enumerate(before)), *block], lambda _: ROOM)
    assert len(set.union(*(pages_of(found, f"k{n}") for n in range(count)))) == 1


@pytest.mark.parametrize("broken", [[1], [0, 1], [2], [1, 2]])
def test_a_break_after_a_heading_or_at_the_end_makes_no_empty_page(broken):
    given_rows = [row("r0", 1, keep=True), row("r1", 1), row("r2", 1)]
    broken_rows = [
        b for n, each in enumerate(given_rows) for b in ([each, Break(), Break()] if n in broken else [each])
    ]
    found = paginate(broken_rows, lambda _: ROOM)
    assert Counter(texts(found)) == Counter(["r0.0", "r1.0", "r2.0"])
    assert all(texts([page]) for page in found)
    assert len(found) == 1 + sum(n < 2 for n in broken)
