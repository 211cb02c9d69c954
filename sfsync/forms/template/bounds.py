"""How much a template may do. No order form comes near it; one that loops without end, or grows, ends at once.

What cannot be bounded here, time and memory as such, the render processes bound.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

#: under these names, which no template can spell, stand the budget of a run, a loop's filter and that of `~`
BUDGET = "budget of a run"
ROUNDS = "rounds of a loop"
TOGETHER = "texts together"
#: rounds of all loops of a form together; a form of 5,000 lines takes some 10,000
_MOST_ROUNDS = 200_000
#: characters that a form, with its markup, and one text may have; entries of a list
_LARGEST_FORM, LARGEST_TEXT, _LONGEST_LIST = 2_000_000, 1_000_000, 100_000
_LARGEST_NUMBER, _LARGEST_POWER = Decimal(10) ** 30, 100


class TooMuch(ValueError):
    """A template asks for more than any form needs."""


@dataclass
class Budget:
    """What is left of a run's rounds."""

    rounds: int = _MOST_ROUNDS

    def spend(self, rounds: int) -> None:
        self.rounds -= rounds
        if self.rounds < 0:
            raise TooMuch(f"the loops go round more than {_MOST_ROUNDS:,} times")


@pass_context
def rounds(context: Context, values: Iterable[Any]) -> Sequence[Any]:
    """What a loop walks over, paid for before it begins."""
    found = values if isinstance(values, tuple | list) else list(islice(values, _MOST_ROUNDS + 1))
    (context.get(BUDGET) or Budget()).spend(len(found))
    return found


def text(value: str) -> str:
    if len(value) > LARGEST_TEXT:
        raise TooMuch(f"a text has more than {LARGEST_TEXT:,} characters")
    return value


def counted(*numbers: int) -> range:
    """Python's range, as far as a list may be long."""
    found = range(*numbers)
    if len(found[: _LONGEST_LIST + 1]) > _LONGEST_LIST:
        raise TooMuch(f"a range has more than {_LONGEST_LIST:,} numbers")
    return found


def listed(values: Iterable[Any]) -> list[Any]:
    found = list(islice(values, _LONGEST_LIST + 1))
    if len(found) > _LONGEST_LIST:
        raise TooMuch(f"a list has more than {_LONGEST_LIST:,} entries")
    return found


def form(parts: Iterable[str]) -> str:
    """The parts of a form, joined: Jinja's own joining has no end."""
    found, size = [], 0
    for part in parts:
        size += len(part)
        if size > _LARGEST_FORM:
            raise TooMuch(f"the form has more than {_LARGEST_FORM:,} characters")
        found.append(part)
    return "".join(found)


def operands(operator: str, left: Any, right: Any) -> None:
    """Raises TypeError or TooMuch for what is no sum: `"x" * 10 ** 9`, `9 ** 9 ** 9`."""
    if operator in ("*", "**", "%") and not (_is_number(left) and _is_number(right)):
        raise TypeError(f"{operator} needs two numbers")
    if operator == "**" and abs(right) > _LARGEST_POWER:
        raise TooMuch(f"a power is larger than {_LARGEST_POWER}")


def result(value: Any) -> Any:
    """Of a sum: a number that can be printed, a text, a list."""
    if isinstance(value, int | Decimal) and abs(Decimal(value)) > _LARGEST_NUMBER:
        raise TooMuch("a number has more than 30 digits")
    if isinstance(value, str):
        return text(value)
    return listed(value) if isinstance(value, list | tuple) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


class Bounded(NodeTransformer):
    """Sends every loop through `rounds`, and every `a ~ b` through a filter that bounds it."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 (Jinja's name)
        node.iter = nodes.Filter(node.iter, ROUNDS, [], [], None, None, lineno=node.lineno)
        return self.generic_visit(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, TOGETHER, [], [], None, None, lineno=node.lineno)
