"""A form whose sums disagree is not made, and the record says which."""

from dataclasses import replace

from sfsync import config
from sfsync.forms import blueprint as order_forms
from sfsync.renderers import Renderers
from tests.story.conftest import SETTINGS

TEMPLATE = """\
<form title="{{ Opportunity.Name }}"><table widths="3 1" sum="2">
{% for line in Opportunity.OpportunityLineItems if line.Quantity < 5 %}
<row><td>{{ line.Product2.Name }}</td><td>{{ line.TotalPrice | money }}</td></row>
{% endfor %}</table>
<totals><total label="Total" kind="total">{{ Opportunity.Amount | money }}</total></totals></form>
"""


def test_a_row_that_the_template_drops_is_caught_and_told(world, tmp_path):
    (tmp_path / "form.xml").write_text(TEMPLATE)
    (tmp_path / "sfsync.yaml").write_text(SETTINGS)
    blueprints = order_forms.load(config.load(tmp_path / "sfsync.yaml"))
    with Renderers({b.settings.name: b.design for b in blueprints}, processes=1) as renderers:
        careful = replace(world, folder=tmp_path, renderers=renderers)
        deal = careful.deal(products=0)
        careful.product(deal, quantity=2, price=10)
        careful.product(deal, quantity=5, price=10)
        careful.move(deal)
        careful.run()
    assert careful.files(deal) == []
    assert careful.status(deal) == "Failed"
    assert "form.xml:5:9: This says $70.00, but the lines add up to $20.00." in careful.message(deal)
