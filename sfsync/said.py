"""Messages that are meant before it is known in whose words they will be told, as rendering does."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfsync.errors import RecordIncomplete

if TYPE_CHECKING:
    from sfsync.messages import Messages


@dataclass(frozen=True, slots=True)
class Said:
    """A message with its values, before it is known in whose words it will be told."""

    name: str
    values: dict[str, Any]

    def told(self, words: "Messages") -> str:
        values = {k: v.told(words) if isinstance(v, Said) else v for k, v in self.values.items()}
        return str(getattr(words, self.name).format(**values))

    def __str__(self) -> str:
        return self.told(_plainly())


def say(name: str, **values: Any) -> Said:
    """Mean a message by its name."""
    return Said(name, values)


class Gaps(RecordIncomplete):
    """What is missing or wrong, found where the settings are not known: each is told in their words later."""

    def __init__(self, gaps: Iterable[Said]) -> None:
        self.gaps = tuple(gaps)
        super().__init__(self.told(_plainly()))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.gaps,)

    def told(self, words: "Messages") -> str:
        return "\n".join(f"• {gap.told(words)}" for gap in self.gaps)


def _plainly() -> "Messages":
    """The words that come with sfsync."""
    from sfsync.messages import Messages  # noqa: PLC0415 (its pydantic costs a render process a quarter of its start)

    return Messages()
