"""What people read: in colour on a terminal, plain text elsewhere or where NO_COLOR is set."""

from rich.console import Console
from rich.text import Text

#: text is never read as rich's markup, and lines are left to the terminal to fold: what is piped stays whole
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
_err = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=True)


def say(text: object, style: str = "") -> None:
    out.print(Text(str(text), style))


def complain(text: object) -> None:
    """What went wrong, on stderr."""
    _err.print(Text(str(text)))
