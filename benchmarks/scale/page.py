"""Figures as a table on the terminal, and between the markers of docs/scaling.md."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scale import machine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scaling.md"


@dataclass
class Figures:
    """What one part measured, line by line: what, how much, and a word to it."""

    name: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def say(self, what: str, figure: str, word: str = "") -> None:
        self.rows.append((what, figure, word))
        print(f"  {what:<56}{figure:>16}" + (f"   ({word})" if word else ""), flush=True)

    def publish(self) -> None:
        """Write them between this part's markers."""
        head, rest = PAGE.read_text("utf-8").split(f"<!-- figures: {self.name} -->\n")
        _, tail = rest.split("<!-- end -->", 1)
        rows = "".join(f"| {what} | {figure} | {word} |\n" for what, figure, word in self.rows)
        table = f"\n| | | |\n| --- | ---: | --- |\n{rows}\n{_made(self.name)}\n\n"
        PAGE.write_text(f"{head}<!-- figures: {self.name} -->\n{table}<!-- end -->{tail}", "utf-8")


def _made(name: str) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short=10", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return f"`python -m benchmarks scale {name}` at commit {commit}, {machine.load()} at its end."
