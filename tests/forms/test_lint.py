"""Mistakes in a template's markup, each with its true line and column."""

import pytest

from sfsync.errors import SetupError
from sfsync.forms.design import Design
from sfsync.forms.render import render
from sfsync.forms.template import Template
from tests.forms.sample import SHIPPED, order_form, shipped

SOURCE = SHIPPED.read_text(encoding="utf-8")


def load(tmp_path, text):
    for name in ("terms.xml", "northwind.png"):
        (tmp_path / name).write_bytes((SHIPPED.parent / name).read_bytes())
    file = tmp_path / "order_form.xml"
    file.write_text(text, encoding="utf-8")
    return Template.load(file, name="templates/order_form.xml")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("<table widths", "<tabel widths", "There is no tag <tabel>. Did you mean table?"),
        ('widths="4 48', 'widhts="4 48', "no attribute widhts. Did you mean widths?"),
        ('accent="#16324f"', 'accent="blue"', "is not a colour"),
        ('height="12mm"', 'height="12 metres"', "is not a length"),
        ('widths="4 48', 'widths="4 x48', "is not a list of widths"),
        ("<td>List price</td>", "<td>List price", "mismatched tag"),
        ("<td>List price</td>", "<td>List & price</td>", "write &amp; for &"),
        ('columns="4"', 'columns="40"', "is not a number of columns"),
        ('date-anchor="/sd2/"', 'date-anchor="/sd1/"', "stands twice"),
        ("{{ company.logo }}", "nologo.png", "There is no image nologo.png"),
        ("{% endfor %}\n</table>", "</table>", "endfor"),
        ("<h>Products", "loose text <h>Products", "Text cannot stand directly in <form>"),
        ('label="Currency"', 'lable="Currency"', "Did you mean label?"),
        ("<head>", "<p>x</p><head>", "<p> cannot stand in <table>"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_named_with_its_line(tmp_path, right, wrong, said):
    assert right in SOURCE
    line = SOURCE[: SOURCE.index(right)].count("\n") + 1
    with pytest.raises(SetupError) as refusal:
        load(tmp_path, SOURCE.replace(right, wrong, 1))
    assert said in str(refusal.value)
    if "endfor" not in said:  # Jinja can only tell where it ran out of template
        assert f"templates/order_form.xml:{line}:" in str(refusal.value)


def test_a_mistake_in_an_included_file_names_that_file(tmp_path):
    (tmp_path / "part.xml").write_text("<p>fine</p>\n<pp>not</pp>\n")
    (tmp_path / "form.xml").write_text('<form title="x">{% include "part.xml" %}</form>')
    with pytest.raises(SetupError, match=r"part.xml:2:1: There is no tag <pp>"):
        Template.load(tmp_path / "form.xml", name="form.xml")


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
        ("<p>\n{{ Opportunity.Amount / 0 }}</p>", "form.xml:3"),
        ("<p>\n{{ Opportunity.Name * Opportunity.Name }}</p>", "form.xml:3"),
        ("<p>\n{{ Opportunity.Name | money }}</p>", "money needs a number"),
        ("<p>\n{{ Opportunity.Missing }}</p>", "form.xml:3"),
        ('<p/>\n<h align="{{ Opportunity.Name }}">x</h>', "form.xml:3:1"),
        ('<p/>\n<table widths="1 1"><row><td>x</td></row></table>', "form.xml:3:21"),
        ('<p/>\n<img src="{{ Opportunity.Name }}"/>', "form.xml:3:1"),
    ],
)
def test_a_mistake_that_only_data_reveals_names_the_templates_true_line(tmp_path, body, said):
    (tmp_path / "form.xml").write_text(f'<form title="x">\n{body}\n</form>')
    template = Design(Template.load(tmp_path / "form.xml"))
    with pytest.raises(SetupError) as refusal:
        render(order_form({"Name": "n", "Amount": 1}), template)
    assert said in str(refusal.value)
