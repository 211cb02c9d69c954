"""`python -m simulation`: worlds from a seed on, and whether anything was lost, doubled or stale in them."""

import logging
import os
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import click

from simulation import campaign, hour, page, plain
from simulation.campaign import Figures
from simulation.plain import PlainFigures

#: each kind of trouble befalls this share of the calls: with fifteen kinds 5 % in all, and none
_BREEZE, _CALM = 0.05 / 15, 0.0
#: Opportunities, at most, of what is there to compare with
_LESS = 1000
#: that reach their stage in an hour in which nothing answers
_BACKLOG = 2000


@click.command()
@click.option("--seed", default=1, help="the first world's; each further one has the next")
@click.option("--opportunities", default=1000, help="in all; 1,000 make a world")
@click.option("--rate", default=campaign.STORM, help="share of calls that each kind of trouble befalls")
@click.option("--processes", type=int, help="worlds at a time (as many as there are cores)")
@click.option("--publish", is_flag=True, help="write docs/soak.json and docs/reliability.md anew")
def main(*, seed: int, opportunities: int, rate: float, processes: int | None, publish: bool) -> None:
    """Run the real worker in worlds full of trouble. Exits with 1 where an invariant did not hold."""
    logging.disable(logging.CRITICAL)  # the worker's own words about its troubles
    kept: dict[str, Any] = {}
    broken = False
    if publish:
        stop = hour.play(_BACKLOG, seed)
        broken = stop.broken
        click.echo("\n".join([stop.words(), *map(str, stop.violations)]))
        less = min(opportunities, _LESS)
        others = [_run(Figures(seed, weather, less), processes) for weather in (_CALM, _BREEZE)]
        kept = {
            "commit": _commit(),
            "plain": asdict(_run_plain(seed, less, processes)),
            "hour": stop.as_dict(),
            "others": others,
        }
    storm = _run(Figures(seed, rate, opportunities), processes, kept)
    sys.exit(1 if storm.violations or broken else 0)


def _run(figures: Figures, processes: int | None, kept: dict[str, Any] | None = None) -> Figures:
    """Play so many Opportunities, and say what came of it; keep it after each world where that is wanted."""
    plans = campaign.plans(figures.first_seed, figures.opportunities_asked, figures.rate)
    for outcome in campaign.campaign(plans, campaign.play, processes):
        figures.add(outcome)
        if outcome.verdict.violations:
            click.echo("\n".join(campaign.report(outcome)))
        if kept:
            weathers = [each.as_dict() for each in (figures, *kept["others"])]
            page.publish({**{name: kept[name] for name in ("commit", "plain", "hour")}, "weathers": weathers})
    # in a world with an outage nobody's wait says anything of the worker
    waits = f"; 99 % of forms within {figures.wait(0.99)} s" if figures.waits else ""
    click.echo(
        f"{figures.opportunities:,} Opportunities, {figures.forms:,} forms, {page.share(figures)} of "
        f"{figures.attempts:,} calls in trouble: {figures.violations.total()} violations{waits}"
    )
    return figures


def _run_plain(seed: int, opportunities: int, processes: int | None) -> PlainFigures:
    found = PlainFigures()
    for counted in campaign.campaign(plain.plans(seed, opportunities, campaign.STORM), plain.play, processes):
        found.add(*counted)
    return found


def _commit() -> str:
    head = ["git", "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(head, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 (no input)


if __name__ == "__main__":
    # sets of texts are walked through in another order with each hash seed, and a seed shall mean one world
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606 (it needs no shell)
    main()
