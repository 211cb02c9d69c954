"""One form and nothing else: what `benchmarks.render` starts to see how long a cold start takes."""

from sfsync.forms.render import render
from tests.forms.sample import order_form, shipped

render(order_form(), shipped())
