"""Where a line may end: UAX #14 by unicode-segmentation-rs, Thai by BudouX's model, and never within a cluster."""

import re
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from unicode_segmentation_rs import graphemes, line_break_units

if TYPE_CHECKING:
    import budoux

_THAI = re.compile("[\u0e00-\u0e7f]{2,}")


def clusters(text: str) -> list[str]:
    """What people take for single letters: a letter with its marks, a syllable's parts (UAX #29)."""
    return list(graphemes(text, is_extended=True))


def units(text: str) -> list[str]:
    """The text in parts between which a line may end; spaces end the part before them."""
    parts: list[str] = []
    for unit in line_break_units(text):
        parts += _thai(unit) if _THAI.search(unit) else [unit]
    return parts


def _thai(unit: str) -> list[str]:
    """Thai writes no spaces between words; a model of 100 kB finds them well enough."""
    ends: set[int] = set()
    for found in _THAI.finditer(unit):
        ends.update(accumulate(map(len, _parser().parse(found[0])), initial=found.start()))
    cuts = ends.intersection(accumulate(map(len, clusters(unit))))
    return [unit[start:end] for start, end in pairwise(sorted({0, *cuts, len(unit)}))]


@lru_cache(maxsize=1)
def _parser() -> "budoux.Parser":
    import budoux  # noqa: PLC0415 (with what it needs, as slow to import as all of this room)

    return budoux.load_default_thai_parser()
