"""Where pages end. Rows go in order; nothing is torn that belongs together unless it is taller than a page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sfsync.forms.page.rows import Cell, Row
from sfsync.forms.text.lines import Line

#: a row taller than this share of a page may go over its end
_TALL = 0.4
#: points of such a row that have to fit before a page's end
_BEGIN = 72.0

#: (y from the top of the page's room, row)
Page = list[tuple[float, Row]]


@dataclass(frozen=True, slots=True)
class Flow:
    """Paragraphs in columns, as tall as needed: the first column is read to its end, then the next."""

    paragraphs: tuple[tuple[Line, ...], ...]
    columns: int
    width: float
    between: float
    space: float
    gap: float = 0

    @property
    def least(self) -> float:
        """The height below which it cannot begin."""
        return _tall(self.paragraphs[0])

    def fit(self, room: float) -> "tuple[Row, Flow | None] | None":
        """As much as `room` holds, in balanced columns where that is all; None where not one paragraph fits."""
        columns = self._dealt(min(self._balanced(), room))
        placed = sum(map(len, columns))
        if not placed:
            return None
        rest = self.paragraphs[placed:]
        return self._row(columns), replace(self, paragraphs=rest, gap=0) if rest else None

    def torn(self, room: float) -> "Flow":
        """With its first paragraph cut where `room` ends: for one that is taller than a page."""
        first, *others = self.paragraphs
        count = max(1, int(room / first[0].height))
        return replace(self, paragraphs=(first[:count], first[count:], *others))

    def _balanced(self) -> float:
        """The least height at which everything fits in the columns, to a fiftieth of a point or so."""
        high = sum(map(_tall, self.paragraphs)) + self.space * len(self.paragraphs)
        low = high / self.columns
        for _ in range(14):
            middle = (low + high) / 2
            low, high = (low, middle) if self._rest(middle) == 0 else (middle, high)
        return high

    def _rest(self, height: float) -> int:
        return len(self.paragraphs) - sum(map(len, self._dealt(height)))

    def _dealt(self, height: float) -> list[list[tuple[Line, ...]]]:
        columns: list[list[tuple[Line, ...]]] = [[]]
        used = 0.0
        for paragraph in self.paragraphs:
            tall = _tall(paragraph)
            before = self.space if columns[-1] else 0
            if used + before + tall > height:
                if len(columns) == self.columns or tall > height:
                    break
                columns.append([])
                used, before = 0.0, 0
            columns[-1].append(paragraph)
            used += before + tall
        return columns

    def _row(self, columns: Sequence[Sequence[tuple[Line, ...]]]) -> Row:
        cells = []
        for number, column in enumerate(columns):
            y = 0.0
            for paragraph in column:
                cells.append(Cell(number * (self.width + self.between), y, self.width, "left", paragraph))
                y += _tall(paragraph) + self.space
        return Row(max(cell.bottom for cell in cells), tuple(cells), gap=self.gap)


def _tall(lines: Sequence[Line]) -> float:
    return sum(line.height for line in lines)


@dataclass(frozen=True, slots=True)
class Break:
    """What follows begins a page."""


Block = Row | Flow | Break


def paginate(blocks: Iterable[Block], room: Callable[[int], float]) -> list[Page]:
    """`room` is the height that rows may fill on page 0, 1, 2 and so on."""
    press = _Press(room)
    for chunk in _chunks(blocks):
        press.take(chunk)
    return press.pages if press.pages[-1] or len(press.pages) == 1 else press.pages[:-1]


def _chunks(blocks: Iterable[Block]) -> Iterable[list[Block]]:
    """What has to begin on one page."""
    chunk: list[Block] = []
    for block in blocks:
        if chunk and isinstance(block, Break):
            yield chunk
            chunk = []
        chunk.append(block)
        if not isinstance(block, Row) or not block.keep:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _Press:
    def __init__(self, room: Callable[[int], float]) -> None:
        self._room = room
        self.pages: list[Page] = [[]]
        self._y = 0.0

    @property
    def _left(self) -> float:
        return self._room(len(self.pages) - 1) - self._y

    def take(self, chunk: list[Block]) -> None:
        need = sum(self._need(block) for block in chunk)
        full = self._room(len(self.pages))
        if need > self._left and self.pages[-1] and need <= full:
            self._turn()
        for block in chunk:
            if isinstance(block, Row):
                self._place(block)
            elif isinstance(block, Flow):
                self._pour(block)
            else:
                self._turn()

    def _need(self, block: Block) -> float:
        if isinstance(block, Break):
            return 0.0
        gap = block.gap if self.pages[-1] else 0
        if isinstance(block, Flow):
            return gap + block.least
        tall = block.height > _TALL * self._room(len(self.pages))
        return gap + (_BEGIN if tall and block.cells else block.height)

    def _turn(self) -> None:
        if self.pages[-1]:
            self.pages.append([])
            self._y = 0.0

    def _place(self, row: Row) -> None:
        before = self._before(row)
        if before + row.height > self._left + 0.01:
            self._split_or_turn(row, before)
            return
        if self.pages[-1]:
            self._y += row.gap
        else:
            for head in row.heads:
                self._put(head)
        self._put(row)

    def _before(self, row: Row) -> float:
        """What stands above a row if it is placed now: space, or at the top of a page the table's head again."""
        return row.gap if self.pages[-1] else sum(head.height for head in row.heads)

    def _split_or_turn(self, row: Row, before: float) -> None:
        parts = row.split(self._left - before) if row.height > _TALL * self._room(len(self.pages)) else None
        if parts:
            self._place(parts[0])
            self._turn()
            self._place(parts[1])
        elif self.pages[-1]:
            self._turn()
            self._place(row)
        else:
            self._put(row)  # a picture taller than a page: nothing can be done but show it

    def _put(self, row: Row) -> None:
        self.pages[-1].append((self._y, row))
        self._y += row.height

    def _pour(self, flow: Flow | None) -> None:
        while flow:
            gap = flow.gap if self.pages[-1] else 0
            fitted = flow.fit(self._left - gap)
            if fitted:
                self._y += gap
                self._put(replace(fitted[0], gap=0))
                flow = fitted[1]
            elif not self.pages[-1]:
                flow = flow.torn(self._left)
                continue
            if flow:
                self._turn()
