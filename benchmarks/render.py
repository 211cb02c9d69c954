"""How many forms one core makes in a second, beside the same form drawn by hand on ReportLab's canvas.

Both take turns in one run, each form with other amounts; times are of the processor, medians, and a ratio is the
median of the pairs' ratios, since machines are noisy.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.floor import Floor
from sfsync.forms.render import render, warm
from sfsync.records import OrderForm
from sfsync.renderers import calm
from tests.forms.sample import line, lines, opportunity, order_form, shipped

ROOT = Path(__file__).parents[1]
PAIRS = {20: 60, 100: 20}
AIMS = {20: 1.5, 100: 1.25}
MANY = 2000
STARTS = 5


def numbered(number: int, count: int = 20) -> OrderForm:
    """No two forms have an amount in common."""
    items = lines(count)
    for at, item in enumerate(items):
        item |= {name: line(at)[name] + number * 7 + at for name in ("ListPrice", "UnitPrice", "TotalPrice")}
    return order_form(opportunity(items, Name=f"Deal {number}"), version=number + 1)


def seconds(make: Callable[[], object]) -> float:
    start = process_time()
    make()
    return process_time() - start


def main() -> None:
    for count in PAIRS:
        beside_the_floor(count)
    long_ones()
    cold()
    print(f"two processes to one:         {two_processes():6.2f}   (aim: at least 1.8)")
    memory()


def beside_the_floor(count: int) -> None:
    design = shipped()
    warm(design)
    calm()
    logo = design.template.images["northwind.png"]
    forms = [numbered(number, count) for number in range(PAIRS[count] + 3)]
    for form in forms[:3]:
        render(form, design), Floor(form, logo).render()
    pairs = [
        (seconds(lambda: render(form, design)), seconds(lambda: Floor(form, logo).render()))  # noqa: B023
        for form in forms[3:]
    ]
    ours, floor = (median(pair[side] for pair in pairs) for side in (0, 1))
    print(f"{count}-line form: {1 / ours:6.0f} forms/s per core   {ours * 1e3:6.1f} ms")
    print(f"  straight on the canvas     {1 / floor:6.0f} forms/s per core   {floor * 1e3:6.1f} ms")
    print(f"  ratio                      {median(a / b for a, b in pairs):6.2f}   (aim: at most {AIMS[count]})")


def long_ones() -> None:
    design = shipped()
    for count, aim in ((1000, "   (aim: at most 0.25)"), (2000, "")):
        form = numbered(9999, count)
        print(f"{count:,}-line form:              {seconds(lambda: render(form, design)):6.2f} s{aim}")  # noqa: B023


def child(what: str, *arguments: object) -> subprocess.Popen[str]:
    code = f"import sys; from benchmarks import render; render.{what}(*map(int, sys.argv[1:]))"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def cold() -> None:
    """From the start of a process to its first PDF, in seconds of the processor, all imports included."""
    taken = []
    for _ in range(STARTS):
        with subprocess.Popen([sys.executable, "-m", "benchmarks.first"], cwd=ROOT) as process:
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
        taken.append(usage.ru_utime + usage.ru_stime)
    print(f"cold start to the first PDF:  {median(taken):6.2f} s   (aim: at most 0.30)")


def several(count: int) -> None:
    """Forms one after the other; says how long it took, and the peak of memory on the way and at the end."""
    design = shipped()
    warm(design)
    calm()
    start, early = perf_counter(), 0.0
    for number in range(count):
        render(numbered(number), design)
        early = early if number > count // 10 else peak()
    print(perf_counter() - start, early, peak())


def peak() -> float:
    """The most memory that this process ever had resident, in MB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def two_processes(count: int = 150) -> float:
    """Forms per second of two processes at once, to those of one alone; turn by turn."""
    ratios = []
    for _ in range(3):
        one = _together(1, count)
        ratios.append(2 * one / _together(2, count))
    return median(ratios)


def _together(processes: int, count: int) -> float:
    """Seconds until all are done, their starts left out."""
    running = [child("several", count) for _ in range(processes)]
    return max(float(process.communicate()[0].split()[0]) for process in running)


def memory() -> None:
    said, _ = child("several", MANY).communicate()
    _, early, late = map(float, said.split())
    print(f"memory after {MANY // 10} forms:       {early:6.0f} MB")
    print(f"memory after {MANY:,} forms:     {late:6.0f} MB   (aim: at most 70, and flat)")


if __name__ == "__main__":
    main()
