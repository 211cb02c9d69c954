"""Mistakes in a template, each with its true line and column."""

import re

import pytest

from sfsync.errors import SetupError
from sfsync.forms.design import Design
from sfsync.forms.render import render
from sfsync.forms.template.skeleton import position
from sfsync.forms.template.template import Template
from tests.forms.sample import SHIPPED, order_form, shipped

SOURCE = SHIPPED.read_text(encoding="utf-8")


def load(tmp_path, text):
    for name in ("terms.xml", "northwind.png"):
        (tmp_path / name).write_bytes((SHIPPED.parent / name).read_bytes())
    file = tmp_path / "order_form.xml"
    file.write_text(text, encoding="utf-8")
    return Template.load(file, name="templates/order_form.xml")


def refused(tmp_path, text) -> str:
    with pytest.raises(SetupError) as refusal:
        load(tmp_path, text)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("right", "wrong", "at", "said"),
    [
        # those of the field's study of template engines
        ("{% endfor %}\n</table>", "</table>", "{% for family", "It is not closed. Write {% endfor %}"),
        ("line.TotalPrice | money }}</td>", "lin.TotalPrice | money }}</td>", "lin.", "lin is not known here."),
        ("Quantity | quantity", "Quantity | quantty", "quantty", "no filter quantty. Did you mean quantity?"),
        ("<td>{{ line.Quantity | quantity }}</td>", "<td>{{ line.Quantity }}", "<td>", "<td> is not closed."),
        ("<h>", "<hh>", "<hh>", "There is no tag <hh>. Did you mean h?"),
        ('height="12mm"', 'height="blue"', "<img", "is not a length"),
        ('widths="4 48', 'widths="4mmm 48', "<table", "is not a list of widths"),
        ("<td>#</td>", "<td>N & o</td>", "& o", "write &amp; for &"),
        ('columns="4"', 'colums="4"', "<fields", "no attribute colums. Did you mean columns?"),
        # Jinja's own signs
        ("{{ line.Quantity | quantity }}", "{{ line.Quantity quantity }}", "{{ line", "'quantity' cannot stand here."),
        ("{% endif %}", "{% endfi %}", "{% endfi", "There is no statement endfi. Did you mean endif?"),
        ("{% for line in family", "{% fro line in family", "{% fro", "no statement fro. Did you mean for?"),
        ("{% for line in family.list %}", "{% for line family.list %}", "{% for", "'family' stands where 'in' should."),
        ("{% for line in family.list %}", "", "{% endfor", "no {% for %}"),
        ("{{ form.currency }}</field>", "{{ form.currency }</field>", "{{ form.currency }<", "cannot stand here"),
        ("{{ form.currency }}</field>", "{{ (form.currency }}</field>", "{{ (form", "cannot stand here"),
        ("{{ form.currency }}</field>", "{{ }}</field>", "{{ }}", "Nothing stands in it."),
        ("for &. #}", "for &.", "{#", "This comment is not closed."),
        ("{% include", "{%- include 'no.xml' %}{% include", "no.xml", "There is no no.xml beside the template."),
        # variables, wherever they are used
        ('groupby("Product2.Family"', 'grupby("Product2.Family"', "grupby", "Did you mean groupby?"),
        ("{% if line.ServiceDate %}", "{% if lime.ServiceDate %}", "lime", "lime is not known here."),
        ("{% if line.ServiceDate %}", "{% if line.ServiceDate is nome %}", "is nome", "no test nome."),
        ("in lines | groupby", "in linse | groupby", "linse", "linse is not known here. Did you mean lines?"),
        ("{{ form.number }}</field>", "{{ form.numbr }}</field>", "numbr", "Did you mean number?"),
        # markup
        ("<table sum", "<tabel sum", "<tabel", "There is no tag <tabel>. Did you mean table?"),
        ('sum="6"', 'sum="7"', "<table", "The column 7 is to be summed, and the table has 6."),
        ('kind="total"', 'kind="totla"', "<total ", "discount, tax, total. Did you mean total?"),
        ("<head>", "<p>x</p><head>", "<p>x", "<p> cannot stand in <table>."),
        ('<h>{{ _("Products', 'loose text <h>{{ _("Products', "loose", "Text cannot stand directly in <form>. Put"),
        ('label="{{ _("Currency', 'lable="{{ _("Currency', "<field lable", "Did you mean label?"),
        ('columns="4"', 'columns="40"', "<fields", "is not a number of columns"),
        ('<td>{{ _("List price") }}</td>', "", "<head>", "This <head> fills 5 columns, and the table has 6."),
        ("<td>{{ line.Quantity | quantity }}</td>", "", "<row>", "This <row> fills 5 columns"),
        ("{{ company.logo }}", "nologo.png", "<img", "There is no image nologo.png"),
        ('widths="5 5" valign', 'widths="5 5 valign', "<columns widths=", "This is not markup."),
        ("</form>", "", "<form", "<form> is not closed."),
        ("</form>", "</form><p/>", "<p/>", "After </form> nothing may follow."),
        ("<rule/>", "&nbsp;<rule/>", "&nbsp;", "This entity is not known."),
        ("<rule/>", "<?php x ?><rule/>", "<?php", "<?php?> is not allowed."),
        # signers
        ('role="supplier"', 'role="customer"', '<sign role="customer" party="{{ company', "signs twice, first in"),
        ('role="supplier"', 'role="A b"', '<sign role="A b"', "is not a role"),
        ('role="supplier"', 'role="{{ form.name }}"', '<sign role="{{ form', "A role is the same on each form."),
        ("<signatures ", '<signatures esign="dokusign" ', "<signatures", "is not a list of e-signing tools"),
        ("By signing", "By /customer-date/ signing", "/customer-date/", "marks where somebody signs"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_named_with_its_line_and_column(tmp_path, right, wrong, at, said):
    assert right in SOURCE
    text = SOURCE.replace(right, wrong, 1)
    first = refused(tmp_path, text).split("\n")[0]
    assert said in first
    places = {position(text, match.start()) for match in re.finditer(re.escape(at), text)}
    assert any(first.startswith(f"templates/order_form.xml:{line}:{column}: ") for line, column in places)


def test_several_mistakes_are_named_at_once_in_their_order(tmp_path):
    text = SOURCE.replace("<rule/>", "<rul/>").replace("| quantity", "| quantty")
    found = refused(tmp_path, text).split("\n")
    named = ["tag <rul>", "filter quantty", "tag <rul>"]
    assert all(f"There is no {what}" in line for what, line in zip(named, found, strict=True))


def test_a_mistake_in_an_included_file_names_that_file(tmp_path):
    (tmp_path / "part.xml").write_text("<p>fine</p>\n<pp>not</pp>\n")
    (tmp_path / "form.xml").write_text('<form title="x">{% include "part.xml" %}</form>')
    with pytest.raises(SetupError, match=r"part.xml:2:1: There is no tag <pp>"):
        Template.load(tmp_path / "form.xml", name="form.xml")


def test_a_signer_in_a_loop_is_refused_also_through_an_include(tmp_path):
    (tmp_path / "part.xml").write_text('<signatures><sign role="customer" party="x"/></signatures>')
    (tmp_path / "form.xml").write_text(
        '<form title="x">{% for n in range(2) %}{% include "part.xml" %}{% endfor %}</form>'
    )
    with pytest.raises(SetupError, match=r"part.xml:1:13: In a loop the role customer would sign more than once"):
        Template.load(tmp_path / "form.xml", name="form.xml")


def test_a_file_may_be_included_twice(tmp_path):
    (tmp_path / "part.xml").write_text("<p>fine</p>")
    (tmp_path / "form.xml").write_text('<form title="x">{% include "part.xml" %}{% include "part.xml" %}</form>')
    assert Template.load(tmp_path / "form.xml").sources["part.xml"][0].count("_=") == 1


def test_cells_whose_number_only_data_knows_are_counted_when_there_is_data(tmp_path):
    body = '<table widths="1 1"><row>{% if Opportunity.Name %}<td>a</td>{% endif %}<td>b</td></row></table>'
    (tmp_path / "form.xml").write_text(f'<form title="x">\n{body}\n</form>')
    design = Design(Template.load(tmp_path / "form.xml"))
    assert render(order_form({"Name": "n"}), design).pages == 1
    with pytest.raises(SetupError, match=r"form.xml:2:21: This <row> fills 1 columns, and the table has 2"):
        render(order_form({"Name": None}), design)


def test_statements_over_several_lines_and_with_dashes_move_nothing(tmp_path):
    text = '<form title="x">\n  {%-\nset\nx = 1 -%}\n\n  {%- if x\n-%} <p>a</p>  {%- endif %}\n <pp/></form>'
    (tmp_path / "form.xml").write_text(text)
    with pytest.raises(SetupError, match=r"form.xml:8:2: There is no tag <pp>"):
        Template.load(tmp_path / "form.xml")


def test_the_shipped_template_is_without_mistakes_and_its_fingerprint_lasts():
    assert shipped().fingerprint == shipped().fingerprint
    assert len(shipped().fingerprint) == 16


def test_the_fingerprint_changes_with_an_included_file_and_with_an_image(tmp_path):
    marks = {load(tmp_path, SOURCE).fingerprint}
    (tmp_path / "terms.xml").write_text("<p>Other terms.</p>")
    marks.add(Template.load(tmp_path / "order_form.xml", name="templates/order_form.xml").fingerprint)
    (tmp_path / "other.png").write_bytes((SHIPPED.parent / "northwind.png").read_bytes())
    marks.add(Template.load(tmp_path / "order_form.xml", name="templates/order_form.xml").fingerprint)
    assert len(marks) == 3


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p>\n{{ Opportunity.Amount / 0 }}</p>", "form.xml:3:1: "),
        ("<p>\n{{ Opportunity.Name * Opportunity.Name }}</p>", "form.xml:3"),
        ("<p>\n{{ Opportunity.Name | money }}</p>", "money needs a number"),
        (
            "<p>\n{{ Opportunity.Missing }}</p>",
            "form.xml:3:16: The template does not fit the data: there",
        ),
        ("<p>\n{{ form.number }}<b>x {{ Opportunity.Name / 2 }}</b></p>", "form.xml:3: "),
        ('<p/>\n<h align="{{ Opportunity.Name }}">x</h>', "form.xml:3:1"),
        ('<p/>\n<img src="{{ Opportunity.Name }}"/>', "form.xml:3:1"),
    ],
)
def test_a_mistake_that_only_data_reveals_names_the_templates_true_line(tmp_path, body, said):
    (tmp_path / "form.xml").write_text(f'<form title="x">\n{body}\n</form>')
    template = Design(Template.load(tmp_path / "form.xml"))
    with pytest.raises(SetupError) as refusal:
        render(order_form({"Name": "n", "Amount": 1}), template)
    assert said in str(refusal.value)
