"""Which fields a template reads."""

import pytest

from sfsync.errors import SetupError, SetupErrors
from sfsync.forms.template.sources import COMPANY_KEYS
from sfsync.forms.template.template import Condition, Template, Text
from sfsync.settings import Company


def paths(tmp_path, body):
    file = tmp_path / "form.xml"
    file.write_text(f'<form title="x">\n{body}\n</form>', encoding="utf-8")
    return [p.path for p in Template.load(file).paths]


LINES = "Opportunity.OpportunityLineItems"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{{ Opportunity.Account.BillingCity }}", ["Account.BillingCity"]),
        ("{{ Opportunity['Name'] }}", ["Name"]),
        ("{% set a = Opportunity.Account %}{{ a.Owner.Name }}", ["Account.Owner.Name"]),
        ("{% for x in LINES %}{{ x.Product2.Name }}{% endfor %}", ["lines", "lines.Product2.Name"]),
        ("{{ LINES | length }}", ["lines"]),
        ("{{ LINES | sum(attribute='TotalPrice') | money }}", ["lines", "lines.TotalPrice"]),
        (
            "{% for g in LINES | groupby('P.F') %}{% for x in g.list %}{{ x.A }}{% endfor %}{{ g.grouper }}{%endfor%}",
            ["lines", "lines.P.F", "lines.A"],
        ),
        (
            "{% for f, items in LINES | groupby('P.F') %}{{ items | map(attribute='N') | join(', ') }}{% endfor %}",
            ["lines", "lines.P.F", "lines.N"],
        ),
        (
            "{{ (LINES | selectattr('IsPrimary') | first).Contact.Email }}",
            ["lines", "lines.IsPrimary", "lines.Contact.Email"],
        ),
        ("{{ (LINES | sort(attribute='A,B') | last).C }}", ["lines", "lines.A", "lines.B", "lines.C"]),
        (
            "{{ (Opportunity.Owner if Opportunity.IsWon else Opportunity.Account.Owner).Name }}",
            ["IsWon", "Owner.Name", "Account.Owner.Name"],
        ),
        (
            "{% set s = namespace(n=0) %}{% for x in LINES %}{% set s.n = s.n + x.Quantity %}{% endfor %}{{ s.n }}",
            ["lines", "lines.Quantity"],
        ),
        (
            "{% set x = Opportunity.A %}{% if Opportunity.T %}{% set x = Opportunity.B %}{% endif %}{{ x.N }}",
            ["T", "B.N", "A.N"],
        ),
        ("{{ [Opportunity.A, Opportunity.B] | select | join(', ') }}", ["A", "B"]),
        ("{{ Opportunity.A | default(Opportunity.B) }}", ["A", "B"]),
        ("{{ Opportunity.A or Opportunity.B }}", ["A", "B"]),
        ("{{ form.number }} {{ company.name }}", []),
    ],
)
def test_the_fields_are_found_however_they_are_reached(tmp_path, body, expected):
    found = paths(tmp_path, f"<p>{body.replace('LINES', LINES)}</p>")
    assert found == [path.replace("lines", "OpportunityLineItems") for path in expected]


def test_each_field_knows_the_line_and_column_that_read_it_first(tmp_path):
    file = tmp_path / "form.xml"
    file.write_text('<form title="x">\n  <p>{{ Opportunity.Name }}</p>\n</form>')
    found = Template.load(file, name="templates/form.xml").paths
    assert [(p.path, p.where) for p in found] == [("Name", "templates/form.xml:2:9")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p>{{ Oportunity.Name }}</p>", "Did you mean Opportunity?"),
        ("<p>{{ company.nmae }}</p>", "Did you mean name?"),
        ("<p>{{ form.numbre }}</p>", "Did you mean number?"),
        ("<p>{{ Opportunity.Amount | monney }}</p>", "Did you mean money?"),
        ("<p>{{ Opportunity.Name.upper() }}</p>", "cannot be called"),
        ("<p>{{ Opportunity[form.name] }}</p>", "cannot be followed"),
        ("<p>{{ Opportunity }}</p>", "Name one of its fields"),
        ("{% macro m() %}{% endmacro %}", "There is no statement macro"),
        ("<p>{{ Opportunity.Name | safe }}</p>", "no filter safe"),
        ("{% for g in Opportunity.X | groupby('Y') %}<p>{{ g.lits }}</p>{% endfor %}", "Did you mean list?"),
        ("{% for x in Opportunity.Y recursive %}{% endfor %}", "recursive"),
        ("{% include 'nothing.xml' %}", "nothing.xml"),
        ("{% include '../secret.xml' %}", "secret.xml"),
        ("<p>{{ Opportunity.Name</p>", "2"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_line(tmp_path, body, said):
    with pytest.raises(SetupError) as refusal:
        paths(tmp_path, body)
    assert said in str(refusal.value)
    assert "form.xml:2" in str(refusal.value)


def test_several_mistakes_are_told_together_in_the_order_of_their_lines(tmp_path):
    with pytest.raises(SetupErrors) as refusal:
        paths(tmp_path, "<pp>{{ Opportunity.Name }}</pp>\n<p>{{ Oportunity.Name }}</p>\n<p colour='x'>a</p>")
    assert [p.where.split(":")[1] for p in refusal.value.problems] == ["2", "3", "4"]


def test_a_name_that_failed_to_be_set_is_complained_of_only_once(tmp_path):
    with pytest.raises(SetupError) as refusal:
        paths(tmp_path, "{% set a = Oportunity.Account %}<p>{{ a.Name }}</p>")
    assert not isinstance(refusal.value, SetupErrors)


def test_a_line_of_text_knows_its_fields_and_renders_without_escapes():
    text = Text("Order Form {{ Opportunity.Name }} {{ Opportunity.Amount | money }}", "config/sfsync.yaml:9")
    assert [p.path for p in text.paths] == ["Name", "Amount"]
    assert text.render({"Name": "AT&T\n<R&D>", "Amount": 5}) == "Order Form AT&T <R&D> $5.00"


def test_a_mistake_in_a_line_of_text_names_the_settings_line():
    with pytest.raises(SetupError, match=r"config/sfsync\.yaml:9: Oportunity .* Did you mean Opportunity\?"):
        Text("{{ Oportunity.Name }}", "config/sfsync.yaml:9")


@pytest.mark.parametrize("amount", [None, 1, 10000])
def test_an_empty_amount_is_neither_more_nor_less_than_anything(amount):
    record = {"Type": "Renewal", "Amount": amount}
    assert not Condition('Opportunity.Type == "Renewal" and Opportunity.Amount > 10000', "x").holds(record)
    assert not Condition("Opportunity.Amount < 0", "x").holds(record)


def test_a_condition_that_does_not_fit_the_data_is_the_admins_to_mend():
    with pytest.raises(SetupError, match=r"config/sfsync\.yaml:12"):
        Condition("Opportunity.Name > 3", "config/sfsync.yaml:12").holds({"Name": "text"})


def test_a_condition_that_is_no_expression_is_refused():
    with pytest.raises(SetupError):
        Condition("Opportunity.Name = 3", "config/sfsync.yaml:12")


def test_a_template_knows_all_that_the_settings_say_of_the_company():
    assert tuple(Company.model_fields) == COMPANY_KEYS
