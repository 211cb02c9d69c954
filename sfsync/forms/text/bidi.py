"""The Unicode Bidirectional Algorithm (UAX #9): which way each character of a paragraph reads.

No library that installs by pip tells the levels, which a line needs after it was broken off its paragraph. Proved
against Unicode's own BidiCharacterTest.txt; rules are named as there. An even level reads from left to right.
"""

import re
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

_DEEPEST = 125
_MOST_BRACKETS = 63
_INITIATORS = {"LRI", "RLI", "FSI"}
_EMBEDDINGS = {"RLE": ("R", ""), "LRE": ("L", ""), "RLO": ("R", "R"), "LRO": ("L", "L")}
_REMOVED = {*_EMBEDDINGS, "PDF", "BN"}
_NEUTRAL = {"B", "S", "WS", "ON", "PDI", *_INITIATORS}
_STRONG = {"L": "L", "R": "R", "AL": "R"}
#: numbers count as right-to-left where a neutral looks around
_SIDE = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
#: brackets that are one and the same (canonical equivalents)
_SAME = {"\u2329": "\u3008", "\u232a": "\u3009"}


def base_level(text: str) -> int:
    """0 or 1 by the first strong character outside of isolates (P2, P3); 0 where there is none."""
    return int(next(_strong(_classes(text)), "L") == "R")


def reads_forwards(text: str) -> bool:
    """Whether it has letters outside of isolates, and all of them read from left to right."""
    return set(_strong(_classes(text))) == {"L"}


def levels(text: str, base: int) -> list[int]:
    """Each character's level in a paragraph of level `base`, before lines are broken."""
    classes = _classes(text)
    partners = _partners(classes)
    kinds, found = _explicit(classes, partners, base)
    kept = [at for at, kind in enumerate(classes) if kind not in _REMOVED]
    paragraph = _Paragraph(base, classes, partners, tuple(found), kept)
    for places in paragraph.sequences():
        _Sequence(text, places, kinds, *paragraph.sides(places)).resolve(found)
    return _covered(classes, found, base)


def line_levels(text: str, found: Sequence[int], base: int) -> list[int]:
    """The levels of one line: white space at its end, and before a tab, belongs to the paragraph (L1)."""
    line, trailing = list(found), True
    for at in range(len(text) - 1, -1, -1):
        kind = _class(text[at])
        trailing = kind in ("S", "B") or (trailing and (kind in ("WS", "PDI") or kind in _INITIATORS | _REMOVED))
        if trailing:
            line[at] = base
    return line


def visual(found: Sequence[int]) -> list[tuple[int, int, int]]:
    """(start, end, level) of stretches of one level, in the order in which they stand from left to right (L2)."""
    runs, at = [], 0
    for level, same in groupby(found):
        end = at + len(list(same))
        runs.append((at, end, level))
        at = end
    for level in range(max(found, default=0), 0, -1):
        runs = list(_turned(runs, level))
    return runs


def _turned(runs: Sequence[tuple[int, int, int]], level: int) -> Iterator[tuple[int, int, int]]:
    for deep, part in groupby(runs, lambda run: run[2] >= level):
        same = list(part)
        yield from reversed(same) if deep else same


@lru_cache(maxsize=4096)
def _class(character: str) -> str:
    return unicodedata.bidirectional(character) or "L"


def _classes(text: str) -> list[str]:
    return [_class(character) for character in text]


def _partners(classes: Sequence[str]) -> dict[int, int]:
    """Isolate initiators and the PDIs that end them, each to the other (BD9)."""
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for at, kind in enumerate(classes):
        if kind in _INITIATORS:
            waiting.append(at)
        elif kind == "PDI" and waiting:
            start = waiting.pop()
            pairs[start], pairs[at] = at, start
        elif kind == "B":
            waiting.clear()
    return pairs


def _strong(classes: Sequence[str]) -> Iterator[str]:
    """Each letter outside of isolates, as "L" or "R"."""
    depth = 0
    for kind in classes:
        if kind in _INITIATORS:
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif kind in _STRONG and not depth:
            yield _STRONG[kind]


def _explicit(classes: Sequence[str], partners: dict[int, int], base: int) -> tuple[list[str], list[int]]:
    """Embeddings, overrides and isolates (X1 to X8): classes as overridden, and levels."""
    kinds, found = list(classes), []
    states = _States(base)
    for at, kind in enumerate(classes):
        if kind == "PDI":
            states.close_isolate()
        found.append(base if kind == "B" else states.level)
        if states.override and kind not in _REMOVED and kind != "B":
            kinds[at] = states.override
        if kind in _EMBEDDINGS:
            states.embed(*_EMBEDDINGS[kind])
        elif kind == "PDF":
            states.close_embedding()
        elif kind in _INITIATORS:
            states.isolate(_side_of_isolate(kind, at, classes, partners))
    return kinds, found


def _side_of_isolate(kind: str, at: int, classes: Sequence[str], partners: dict[int, int]) -> str:
    if kind == "FSI":
        inside = classes[at + 1 : partners.get(at, len(classes))]
        return next(_strong(inside), "L")
    return "R" if kind == "RLI" else "L"


class _States:
    """The stack of X1: (level, override, whether an isolate began it), and what no longer fitted on it."""

    def __init__(self, base: int) -> None:
        self._stack = [(base, "", False)]
        self._isolates = self._embeddings = 0

    @property
    def level(self) -> int:
        return self._stack[-1][0]

    @property
    def override(self) -> str:
        return self._stack[-1][1]

    def _push(self, side: str, override: str, isolate: bool) -> bool:
        level = (self.level + 1) | 1 if side == "R" else (self.level + 2) & ~1
        fits = level <= _DEEPEST and not self._isolates and not self._embeddings
        if fits:
            self._stack.append((level, override, isolate))
        return fits

    def embed(self, side: str, override: str) -> None:
        if not self._push(side, override, isolate=False) and not self._isolates:
            self._embeddings += 1

    def isolate(self, side: str) -> None:
        if not self._push(side, "", isolate=True):
            self._isolates += 1

    def close_isolate(self) -> None:
        if self._isolates:
            self._isolates -= 1
        elif any(isolate for _, _, isolate in self._stack):
            self._embeddings = 0
            while not self._stack.pop()[2]:
                pass

    def close_embedding(self) -> None:
        if self._isolates:
            return
        if self._embeddings:
            self._embeddings -= 1
        elif len(self._stack) > 1 and not self._stack[-1][2]:
            self._stack.pop()


@dataclass(frozen=True)
class _Paragraph:
    """Classes and explicit levels of a paragraph, and which of its characters X9 has left."""

    base: int
    classes: Sequence[str]
    partners: dict[int, int]
    levels: tuple[int, ...]
    kept: Sequence[int]

    def sequences(self) -> list[list[int]]:
        """Runs of one level, put together over the isolates between them (X10, BD13)."""
        sequences: list[list[int]] = []
        waiting: dict[int, list[int]] = {}
        for _, same in groupby(self.kept, lambda at: self.levels[at]):
            run = list(same)
            opened = self.partners.get(run[0], -1) if self.classes[run[0]] == "PDI" else -1
            sequence = waiting.pop(opened, None)
            if sequence is None:
                sequence = []
                sequences.append(sequence)
            sequence += run
            if self.classes[run[-1]] in _INITIATORS:
                waiting[run[-1]] = sequence
        return sequences

    def sides(self, sequence: Sequence[int]) -> tuple[str, str, str]:
        """A sequence's own direction, and what counts as standing before and after it (sos and eos)."""
        own, last = self.levels[sequence[0]], sequence[-1]
        open_ended = self.classes[last] in _INITIATORS and last not in self.partners
        before, after = self._beside(sequence[0], -1), self.base if open_ended else self._beside(last, 1)
        return _direction(own), _direction(max(own, before)), _direction(max(own, after))

    def _beside(self, at: int, step: int) -> int:
        place = bisect_left(self.kept, at) + step
        return self.levels[self.kept[place]] if 0 <= place < len(self.kept) else self.base


def _direction(level: int) -> str:
    return "R" if level % 2 else "L"


@dataclass
class _Sequence:
    """An isolating run sequence; `kinds` are the classes of the whole paragraph, resolved in place."""

    text: str
    places: list[int]
    kinds: list[str]
    own: str
    before: str
    after: str

    def resolve(self, found: list[int]) -> None:
        types = [self.kinds[at] for at in self.places]
        original = list(types)
        self._weak(types)
        self._brackets(types, original)
        self._neutral(types)
        for at, kind in zip(self.places, types, strict=True):
            if self.own == "R":
                found[at] += kind != "R"
            else:
                found[at] += {"L": 0, "R": 1}.get(kind, 2)

    def _weak(self, types: list[str]) -> None:
        """Numbers and the signs in and around them (W1 to W7)."""
        last, strong = self.before, self.before
        for at in range(len(types)):  # W1, W2, W3
            if types[at] == "NSM":
                types[at] = "ON" if last == "PDI" or last in _INITIATORS else last
            last = types[at]
            if last in _STRONG:
                strong = last
            if last == "EN" and strong == "AL":
                types[at] = "AN"
        types[:] = ["R" if kind == "AL" else kind for kind in types]
        for at in range(1, len(types) - 1):  # W4
            around = types[at - 1], types[at + 1]
            if (types[at] in ("ES", "CS") and around == ("EN", "EN")) or (types[at] == "CS" and around == ("AN", "AN")):
                types[at] = around[0]
        self._signs(types)

    def _signs(self, types: list[str]) -> None:
        at = 0
        for kind, same in groupby(list(types)):  # W5
            count = len(list(same))
            beside = "EN" in (types[at - 1] if at else "", types[at + count] if at + count < len(types) else "")
            if kind == "ET":
                types[at : at + count] = ["EN" if beside else "ON"] * count
            at += count
        strong = self.before
        for at, kind in enumerate(types):  # W6, W7
            if kind in ("ES", "CS"):
                types[at] = "ON"
            elif kind in ("L", "R"):
                strong = kind
            elif kind == "EN" and strong == "L":
                types[at] = "L"

    def _brackets(self, types: list[str], original: Sequence[str]) -> None:
        """A pair takes the direction of what stands inside it, or before it (N0)."""
        for start, end in self._pairs(types):
            sides = {_SIDE.get(kind) for kind in types[start + 1 : end]}
            if self.own in sides:
                side = self.own
            elif sides - {None}:
                side = self._context(types, start)
            else:
                continue
            for at in (start, end):
                types[at] = side
                for mark in range(at + 1, len(types)):
                    if original[mark] != "NSM":
                        break
                    types[mark] = side

    def _context(self, types: Sequence[str], start: int) -> str:
        return next((_SIDE[kind] for kind in reversed(types[:start]) if kind in _SIDE), self.before)

    def _pairs(self, types: Sequence[str]) -> list[tuple[int, int]]:
        """Matching brackets by their places in the sequence (BD16)."""
        pairs: list[tuple[int, int]] = []
        waiting: list[tuple[str, int]] = []
        for at, place in enumerate(self.places):
            character = _SAME.get(self.text[place], self.text[place])
            if types[at] != "ON":
                continue
            if closing := _closing(character):
                if len(waiting) == _MOST_BRACKETS:
                    return []
                waiting.append((_SAME.get(closing, closing), at))
            elif any(wanted == character for wanted, _ in waiting):
                while (opened := waiting.pop())[0] != character:
                    pass
                insort(pairs, (opened[1], at))
        return pairs

    def _neutral(self, types: list[str]) -> None:
        """What has no direction takes that of both sides, or the sequence's (N1, N2)."""
        at = 0
        for neutral, same in groupby(list(types), lambda kind: kind in _NEUTRAL):
            count = len(list(same))
            if neutral:
                left = _SIDE[types[at - 1]] if at else self.before
                right = _SIDE[types[at + count]] if at + count < len(types) else self.after
                types[at : at + count] = [left if left == right else self.own] * count
            at += count


def _closing(character: str) -> str:
    """The bracket that closes this one, or an empty string."""
    return mirrored(character) if unicodedata.category(character) == "Ps" and mirrored(character) != character else ""


_MIRRORS = {"LEFT": "RIGHT", "RIGHT": "LEFT", "LESS": "GREATER", "GREATER": "LESS"}


@lru_cache(maxsize=4096)
def mirrored(character: str) -> str:
    """The character that looks as this one does where text reads from right to left; Unicode names both sides."""
    if not unicodedata.mirrored(character):
        return character
    name = re.sub("|".join(_MIRRORS), lambda found: _MIRRORS[found[0]], unicodedata.name(character))
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return character


def _covered(classes: Sequence[str], found: list[int], base: int) -> list[int]:
    """What X9 removed has the level of what stands before it, so that runs are not torn."""
    last = base
    for at, kind in enumerate(classes):
        if kind in _REMOVED:
            found[at] = last
        last = found[at]
    return found


#: letters that read from right to left, and marks of direction
_TURNING = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENCLOSING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def turns(text: str) -> bool:
    """Whether part of it may be read from right to left."""
    return bool(_TURNING.search(text))


def unmarked(text: str) -> str:
    """Without marks of direction, which nobody sees."""
    return text if text.isascii() else _MARKS.sub("", text)


def isolated(text: str, *, backwards: bool) -> str:
    """A value whose direction is its own affair: it turns nothing around that stands before or behind it (FSI, PDI).

    As it is where nothing could turn: in a form that is not read `backwards`, text without letters that are.
    """
    if not text or not (backwards or turns(text)):
        return text
    return f"\u2068{_ENCLOSING.sub('', text)}\u2069"
