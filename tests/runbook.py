"""docs/runbook.md as tests read it, and what the code says."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

#: stands for whatever is filled in: in a quote, a format string or an f-string
GAP = "…"
_FILLED = re.compile(r"%(?:%|[-+ #0]*[\d.]*[a-z])|\{[^{}]*\}")
_SPOKEN = {"warning", "error", "exception", "critical"}


def page() -> str:
    return (ROOT / "docs" / "runbook.md").read_text("utf-8")


def section(title: str) -> str:
    """What stands below a heading of the second rank."""
    return page().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head and the rows that only part it."""
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return [row for row in rows[1:] if not set(row[0]) <= {"-", " "} and any(row[1:])]


def quotes() -> list[str]:
    """Every message of the log that the runbook explains."""
    return [quote for row in table("What does the log say?") for quote in re.findall(r"`([^`]+)`", row[0])]


def fits(quote: str, said: str) -> bool:
    """Whether a message says what is quoted."""
    return re.search(".*".join(map(re.escape, quote.split(GAP))), said) is not None


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def texts() -> list[str]:
    """Every string of the code."""
    files = (path for path in (ROOT / "sfsync").rglob("*.py") if "pocketorg" not in path.parts)
    return [text for path in files for node in ast.walk(tree(path)) if (text := _text(node))]


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """Each message that a file logs at WARNING or above, with its line."""
    known = {
        target.id: _text(node.value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree(path)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=how), args=[said, *_]) if how in _SPOKEN:
                yield node.lineno, (known[said.id] if isinstance(said, ast.Name) else _text(said)) or GAP


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _FILLED.sub(GAP, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or GAP for part in node.values)
    return None
