"""What people read: in colour on a terminal, plain text elsewhere or where NO_COLOR is set."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: text is never read as rich's markup, and lines are left to the terminal to fold: what is piped stays whole
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
if not out.is_terminal:
    out.width = 10_000  # characters: wide enough for every row of a table
_err = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)


def say(text: object, style: str = "") -> None:
    out.print(Text(str(text), style))


def heading(name: str) -> None:
    """Whose turn it is, on stderr: what a program reads stays whole."""
    _err.print(Text(f"\n{name}", "bold"))


def complain(text: object) -> None:
    """What went wrong, on stderr."""
    _err.print(Text(str(text)))


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns under a title: folded to fit a terminal, and whole lines elsewhere."""
    say(f"\n{title}", "bold")
    if not rows:
        say("Nothing.")
        return
    grid = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        grid.add_column(head, overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    out.print(grid, soft_wrap=False)
