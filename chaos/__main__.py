"""`python -m chaos`: break real processes, and say whether anything was lost, doubled, stale or leaked."""

import sys
from pathlib import Path

import click

from chaos import table
from chaos.campaign import Size, campaign

_PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"


@click.command()
@click.option("--opportunities", default=5000, show_default=True)
@click.option("--kills", default=300, show_default=True, help="of workers, at random moments")
@click.option("--workers", default=2, show_default=True)
@click.option("--backlog", default=2000, show_default=True, help="Opportunities that wait when an outage ends")
@click.option("--outage", default=60.0, show_default=True, help="seconds")
@click.option("--restarts", default=10, show_default=True, help="of everything at once")
@click.option("--stops", default=30, show_default=True, help="SIGTERMs within a worker's first seconds")
@click.option("--measured", default=300, show_default=True, help="Opportunities whose waits are measured, twice")
@click.option("--seed", default=1, show_default=True)
@click.option("--keep", is_flag=True, help="write the result into docs/reliability.md")
def main(keep: bool, outage: float, **given: int) -> None:
    size = Size(outage_seconds=outage, **given)
    with campaign(size, lambda text: print(text, file=sys.stderr, flush=True)) as one:
        figures = one.run()
    text = table.of(figures)
    print(text)
    for invariant, what in figures.violations[:50]:
        print(f"{invariant} {what}", file=sys.stderr)
    if keep:
        table.keep(text, _PAGE)
    sys.exit(1 if figures.violations else 0)


if __name__ == "__main__":
    main()
