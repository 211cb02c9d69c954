"""A form explains itself: why each part of it is in or out."""

import pytest

from sfsync.forms.explain import explain
from sfsync.forms.render import variables
from sfsync.forms.template.template import Template
from tests.forms.sample import lines, opportunity, order_form, shipped


@pytest.fixture
def explained(tmp_path):
    def told(body: str, **values):
        (tmp_path / "form.xml").write_text(f'<form title="x">\n{body}\n</form>')
        (tmp_path / "part.xml").write_text("<p>{% if Opportunity.Type == 'Renewal' %}again{% endif %}</p>")
        template = Template.load(tmp_path / "form.xml", name="templates/form.xml")
        found = explain(template, variables(order_form(opportunity(lines(6), **values))))
        return [(b.where, b.condition, b.shown, b.skipped, dict(b.values)) for b in found]

    return told


def test_a_condition_says_where_it_stands_how_it_went_and_what_it_looked_at(explained):
    told = explained("{% if Opportunity.Account.BillingCountry == 'USA' %}<p>Yes</p>{% endif %}")
    seen = {"Opportunity.Account.BillingCountry": ("USA",)}
    assert told == [("templates/form.xml:2", "Opportunity.Account.BillingCountry == 'USA'", 1, 0, seen)]


def test_an_empty_field_is_named_as_such(explained):
    told = explained("{% if Opportunity.Type %}<p>Yes</p>{% endif %}", Type=None)
    assert told == [("templates/form.xml:2", "Opportunity.Type", 0, 1, {"Opportunity.Type": ("(empty)",)})]


def test_what_is_asked_for_each_product_is_counted(explained):
    body = "{% for line in Opportunity.OpportunityLineItems %}{% if line.ServiceDate %}<p>x</p>{% endif %}{% endfor %}"
    [(_, condition, shown, skipped, values)] = explained(body)
    assert (condition, shown, skipped) == ("line.ServiceDate", 2, 4)
    assert values == {"line.ServiceDate": ("Jan 1, 2027", "(empty)")}


def test_several_conditions_on_one_line_are_told_apart_and_elif_is_asked_only_where_if_was_not(explained):
    first = "{% if Opportunity.Amount > 1 %}a{% elif Opportunity.Type %}b{% endif %}"
    body = f"<p>{first}{{% if not Opportunity.Name %}}c{{% endif %}}</p>"
    assert [(c, s, k) for _, c, s, k, _ in explained(body)] == [
        ("Opportunity.Amount > 1", 1, 0),
        ("not Opportunity.Name", 0, 1),
    ]


def test_included_files_are_explained_under_their_own_name(explained):
    [(where, condition, shown, skipped, _)] = explained('{% include "part.xml" %}')
    assert (where, condition, shown, skipped) == ("templates/part.xml:1", "Opportunity.Type == 'Renewal'", 0, 1)


def test_the_shipped_form_explains_itself():
    branches = explain(shipped().template, variables(order_form()))
    assert any(b.condition == "line.ServiceDate" for b in branches)
