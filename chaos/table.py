"""The figures of a campaign as one table, and its place in docs/reliability.md."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from chaos.campaign import Figures
from chaos.processes import TICK
from simulation import calls
from simulation.thrift import AT_MOST

_BEGIN, _END = "<!-- chaos: written by `make chaos` -->", "<!-- end of chaos -->"
_INVARIANTS = {
    "I1": "served, and the record says so",
    "I2": "no request has two files or versions",
    "I3": "the newest version shows the record as it is",
    "I4": "no field but ours is written",
    "I5": "nobody waits for ever",
    "I6": "no secret and no customer data in logs and on disk",
    "drain": "SIGTERM ends with 0 within 30 s, once Python has started",
}


def of(figures: Figures) -> str:
    """The whole section, in Markdown."""
    size = figures.size
    shared = (
        f" The machine was shared with other work: its load was {figures.load:.1f} on {figures.cores} cores before."
    )
    what = (
        f"`make chaos SEED={size.seed}`: {size.opportunities:,} Opportunities, {size.workers} workers and a pocket org "
        f"as processes of their own, {figures.forms:,} forms, {figures.seconds / 60:.0f} minutes. A tick lasts "
        f"{TICK:.0f} seconds.{shared if figures.load > figures.cores / 4 else ''}"
    )
    return "\n".join(
        [
            *("## Real processes, broken on purpose", "", what, ""),
            *("| Broken | times |", "| --- | ---: |"),
            *(f"| {what} | {times:,} |" for what, times in figures.faults.most_common()),
            *("", "| Invariant | violations |", "| --- | ---: |"),
            *_violations(figures),
            *("", "| Figure | measured | to reach |", "| --- | ---: | ---: |"),
            *(f"| {what} | {measured} | {goal} |" for what, measured, goal in _figures(figures)),
            "",
        ]
    )


def _violations(figures: Figures) -> Iterator[str]:
    counted = Counter(invariant for invariant, _ in figures.violations)
    for invariant, what in _INVARIANTS.items():
        yield f"| {invariant}: {what} | {counted[invariant]:,} |"
    if not figures.violations:
        bound = 3 / figures.size.opportunities
        yield f"| upper bound of each at 95 % (3/N) | {bound:.1e} |"


def _figures(figures: Figures) -> Iterator[tuple[str, str, str]]:
    size = figures.size
    yield "stage change to Ready, no faults, p50 and p99", _waits(figures.calm), f"p99 ≤ {TICK + 5:.0f} s"
    yield "the same with 5 % of calls broken", _waits(figures.faulty), "p99 ≤ 90 s"
    yield (
        "restart after kill -9 to its first form, at most",
        f"{max(figures.recovered, default=0):.1f} s",
        "30 s",
    )
    yield "from SIGTERM to exit code 0, at most", f"{max(figures.drained, default=0):.1f} s", "20 s"
    yield "logins after all sessions ended under load", str(figures.logins), "1"
    drained = f"{figures.outage_deals:,} forms in {figures.outage_drained:.0f} s"
    yield f"backlog after an outage (of {size.outage_seconds:.0f} s, standing for an hour)", drained, ""
    if figures.outage_least:
        spent = figures.outage_calls.total()
        share = f"{spent} : {figures.outage_least} = {spent / figures.outage_least:.2f}"
        yield "its calls, against the fewest that would do", share, str(AT_MOST)
        yield "what they were for", calls.words(figures.outage_calls.items()), ""
        ticks = round(size.outage_seconds / TICK)
        yield "calls while nothing answered, against ticks", f"{figures.outage_tries} : {ticks}", ""
    if not figures.clock_moved:
        yield "clocks were not moved", "libfaketime is missing", ""


def _waits(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    return f"{seconds[len(seconds) // 2]:.1f} s, {seconds[min(int(len(seconds) * 0.99), len(seconds) - 1)]:.1f} s"


def keep(text: str, page: Path) -> None:
    """Put the section in its place on the page, or at its end."""
    before = page.read_text("utf-8") if page.exists() else "# Reliability\n"
    section = f"{_BEGIN}\n{text}{_END}\n"
    pattern = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END) + "\n", re.DOTALL)
    after = pattern.sub(lambda _: section, before) if pattern.search(before) else f"{before.rstrip()}\n\n{section}"
    page.write_text(after, "utf-8")
