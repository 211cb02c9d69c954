"""How many 20-line forms one core makes in a second, beside the same form drawn by hand on ReportLab's canvas.

Run as `python -m benchmarks.render`. Both take turns in one run, each form with other amounts; times are of the
processor, medians, and the ratio is the median of the pairs' ratios.
"""

from collections.abc import Callable
from statistics import median
from time import process_time

from benchmarks.floor import Floor
from sfsync.forms.render import render, warm
from sfsync.records import OrderForm
from tests.forms.sample import line, lines, opportunity, order_form, shipped

PAIRS = 60


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
    design = shipped()
    warm(design)
    logo = design.template.images["northwind.png"]
    forms = [numbered(number) for number in range(PAIRS + 3)]
    for form in forms[:3]:
        render(form, design), Floor(form, logo).render()
    pairs = [
        (seconds(lambda: render(form, design)), seconds(lambda: Floor(form, logo).render()))  # noqa: B023
        for form in forms[3:]
    ]
    ours, floor = (median(pair[side] for pair in pairs) for side in (0, 1))
    print(f"20-line form, 2 pages        {1 / ours:6.0f} forms/s per core   {ours * 1e3:6.1f} ms")
    print(f"  straight on the canvas     {1 / floor:6.0f} forms/s per core   {floor * 1e3:6.1f} ms")
    print(f"  ratio                      {median(a / b for a, b in pairs):6.2f}   (aim: at most 1.6)")
    long = numbered(9999, 1000)
    print(f"1,000-line form              {seconds(lambda: render(long, design)):6.2f} s   (aim: at most 0.30)")


if __name__ == "__main__":
    main()
