"""The published figures: kept as data in docs/soak.json, and written from there into docs/reliability.md."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from simulation import hour
from simulation.campaign import Figures
from simulation.thrift import AT_MOST

_DOCS = Path(__file__).parents[1] / "docs"
PAGE, KEPT = _DOCS / "reliability.md", _DOCS / "soak.json"
BEGIN, END = "<!-- written by make soak -->\n", "<!-- until here -->\n"
#: three times this, over N, is what a run without violations proves at 95 %
_RULE_OF_THREE = 3
INVARIANTS = {
    "I1": "every request ends with exactly one current PDF, and timestamps that match it",
    "I2": "no request has two files or versions; an unchanged record gets nothing new",
    "I3": "the newest version shows the record as it is; none shows what was not so",
    "I4": "nothing but our own fields is written; no edit of a rep is lost",
    "I5": "nobody waits longer than 15 minutes, or than an outage lasts and 15 minutes more",
    "I7": f"while the whole org is down each worker sends at most {AT_MOST} calls a tick, and from then until all are "
    f"served at most {AT_MOST} times as many as in the same world without it",
}


def figures(kept: dict[str, Any]) -> Figures:
    """Read figures back from their data."""
    counters = {name: Counter(kept[name]) for name in ("troubles", "violations")}
    times = {
        name: Counter({int(seconds): number for seconds, number in kept[name].items()})
        for name in ("waits", "recoveries")
    }
    return Figures(**{**kept, **counters, **times})


def publish(kept: dict[str, Any]) -> None:
    """Keep the data, and write the page's section anew from it."""
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{section(json.loads(KEPT.read_text('utf-8')))}\n{END}{after}", "utf-8")


def section(kept: dict[str, Any]) -> str:
    """All tables of the simulation."""
    storm, *others = (figures(each) for each in kept["weathers"])
    last = storm.first_seed + storm.worlds - 1
    command = f"make soak N={storm.opportunities_asked} SEED={storm.first_seed} PUBLISH=1"
    so_far = "so far " if storm.opportunities < storm.opportunities_asked else ""
    made = (
        f"Made by `{command}` at commit {kept['commit']}: {so_far}{storm.worlds:,} worlds, seeds {storm.first_seed} to "
        f"{last}. Each seed is one world, and `python -m simulation --seed SEED` plays it again."
    )
    parts = [
        made,
        _violations(storm),
        _waits([*others, storm]),
        hour.words(kept["hour"]),
        _plain(kept["plain"]),
        _troubles(storm),
    ]
    return "\n\n".join(parts) + "\n"


def _violations(storm: Figures) -> str:
    rows = [f"| {name} | {words} | {storm.violations[name]} |" for name, words in INVARIANTS.items()]
    total = storm.violations.total()
    proved = (
        f"No violation in {storm.opportunities:,} Opportunities: at 95 % confidence fewer than one in "
        f"{storm.opportunities // _RULE_OF_THREE:,} (3/N)."
        if not total
        else f"{total} violations in {storm.opportunities:,} Opportunities."
    )
    return "\n".join(["| | Invariant | Violations |", "| --- | --- | ---: |", *rows, "", proved])


def _waits(weathers: list[Figures]) -> str:
    head = "| Calls in trouble | Opportunities | Forms | Median | 99 % within | Longest |"
    rows = [
        f"| {share(each)} | {each.opportunities:,} | {each.forms:,} "
        f"| {each.wait(0.5)} s | {each.wait(0.99)} s | {each.wait(1)} s |"
        for each in weathers
    ]
    note = "From a request or a correction to its file; the worker looks every 15 seconds."
    recoveries = weathers[-1].recoveries
    if recoveries:
        note += (
            f" In {recoveries.total()} of the worlds the whole org was down for ten minutes: {max(recoveries)} s after "
            "its return, at the latest, all who had waited were served."
        )
    return "\n".join([head, "| ---: | ---: | ---: | ---: | ---: | ---: |", *rows, "", note])


def share(each: Figures) -> str:
    """What part of all calls something befell."""
    return f"{each.troubles.total() / max(each.attempts, 1):.0%}"


def _plain(plain: dict[str, int]) -> str:
    number = plain["opportunities"]
    return (
        "A plain script (`benchmarks/plain.py`: query, upload, link, mark as done; what fails is left to the next "
        f"minute) in the same weather gave {plain['twice'] / number:.1%} of {number:,} Opportunities two files or "
        f"more, and left {plain['none'] / number:.1%} without."
    )


def _troubles(storm: Figures) -> str:
    rows = [f"| {name} | {number:,} |" for name, number in sorted(storm.troubles.items())]
    acts = f"Meanwhile reps made {storm.acts:,} edits, moves, deletions and mistakes."
    return "\n".join(["| Trouble | Times |", "| --- | ---: |", *rows, "", acts])
