"""The same 20-line form by other engines, each in a process of its own, turn by turn with ours.

`make bench` installs them into `.bench`, apart from what sfsync needs.
"""

import json
import os
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.render import numbered, seconds
from sfsync.forms.render import render, warm
from tests.forms.sample import shipped

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".bench" / "bin" / "python"
ENGINES = ("typst", "z3c.rml", "fpdf2", "xhtml2pdf", "weasyprint")
FORMS = 12


class Rival:
    """One engine, asked for one form after the other."""

    def __init__(self, name: str) -> None:
        command = [str(PYTHON), "-m", "benchmarks.rivals", name]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._answer()

    def form(self, number: int) -> dict[str, Any]:
        print(f"{number} 20", file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError("it does not run here")
        answer: dict[str, Any] = json.loads(said)
        return answer

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    if not PYTHON.exists():
        print("the other engines are not installed: make bench")
        return
    design = shipped()
    warm(design)
    for number in range(3):
        render(numbered(number), design)
    print(f"{'20-line form by':<16}{'forms/s':>9}{'to sfsync':>11}{'peak MB':>9}")
    for name in ENGINES:
        try:
            print(f"{name:<16}" + _row(Rival(name), design), flush=True)
        except RuntimeError as missing:
            print(f"{name:<16}{missing}")


def _row(rival: Rival, design: Any) -> str:
    rival.form(0)
    pairs, peak = [], 0.0
    for number in range(1, FORMS):
        answer = rival.form(number)
        form = numbered(number)
        pairs.append((answer["seconds"], seconds(lambda: render(form, design))))  # noqa: B023
        peak = answer["peak"]
    rival.close()
    theirs = median(pair[0] for pair in pairs)
    return f"{1 / theirs:>9.1f}{median(a / b for a, b in pairs):>10.1f}x{peak:>9.0f}"


if __name__ == "__main__":
    main()
