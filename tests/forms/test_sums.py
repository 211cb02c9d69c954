"""What the customer reads adds up, or the form is not made."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from sfsync.errors import SetupError
from sfsync.forms.design import Design
from sfsync.forms.render import render
from sfsync.forms.template.template import Template
from tests.forms.sample import ROOT, line, opportunity, order_form, shipped

ROW = "<row{counts}><td>x</td><td>{cell}</td></row>"


@pytest.fixture
def made(tmp_path):
    """The form of a body that prints numbers through `| money`: 5 stands for {{ 5 | money }}."""

    def made_(body: str, **form):
        printed = re.sub(r"\[(-?[\d.]+)\]", r"{{ (\1) | money }}", body)
        (tmp_path / "form.xml").write_text(f'<form title="x">\n{printed}\n</form>', encoding="utf-8")
        template = Template.load(tmp_path / "form.xml", name="templates/form.xml")
        return render(order_form({"Name": "n", "Amount": None}, **form), Design(template))

    return made_


def table(*cells: str, attributes: str = 'sum="2"') -> str:
    return f'<table widths="1 1" {attributes}>' + "".join(ROW.format(cell=c, counts="") for c in cells) + "</table>"


def totals(**kinds: str) -> str:
    rows = "".join(f'<total label="x" kind="{k.replace("_", "-")}">{v}</total>' for k, v in kinds.items())
    return f"<totals>{rows}</totals>"


LINES = table("[10]", "[20.5]", "[-0.5]")
GROUP = '<table widths="1 1" sum="2">\n<group label="A" total="{total}">{rows}</group></table>'


@pytest.mark.parametrize(
    "body",
    [
        LINES,
        LINES + totals(total="[30]"),
        LINES + totals(lines="[30]", total="[30]"),
        LINES + totals(lines="[30]", discount="[5]", tax="[4.75]", total="[29.75]"),
        LINES + totals(lines="[30]", discount="[-5]", total="[25]"),
        LINES + totals(one_time="[10]", recurring="[20]", total="[30]"),
        LINES + totals(recurring="[30]"),
        LINES + table("[70]") + totals(total="[100]"),
        LINES + totals(total="[30.01]"),  # within the tolerance
        totals(lines="[30]", tax="[3]", total="[33]"),  # without a table
        totals(one_time="[10]", recurring="[20]", total="[30]"),
        LINES.replace("[20.5]", "<b>[20.5]</b><br/><small>for each year</small>") + totals(total="[30]"),
        LINES.replace("</table>", ROW.format(cell="[99]", counts=' counts="no"') + "</table>") + totals(total="[30]"),
        LINES.replace("</table>", ROW.format(cell="on request", counts=' counts="no"') + "</table>"),
        LINES.replace("</table>", "<row><td span='2'>[1]</td></row></table>") + totals(total="[31]"),
        table("[1]", "text", attributes="") + "<totals><total label='x'>[7]</total></totals>",  # nothing is compared
        table() + totals(total="[0]"),
        totals(total="[0]"),  # nothing is sold yet
        GROUP.format(total="[30]", rows=ROW.format(cell="[30]", counts="")) + totals(total="[30]"),
    ],
)
def test_sums_that_agree_make_a_form(made, body):
    assert made(body).pages == 1


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        (LINES + totals(total="[31]"), "<total ", "This says $31.00, but the lines add up to $30.00."),
        (LINES + totals(lines="[29]"), "<total ", "This says $29.00, but the lines add up to $30.00."),
        (
            LINES + totals(discount="[5]", tax="[1]", total="[30]"),
            '<total label="x" kind="total"',
            "This says $30.00, but the lines less discount with tax add up to $26.00.",
        ),
        (
            LINES + totals(one_time="[10]", recurring="[19]"),
            '<total label="x" kind="recurring"',
            "One-time and recurring are $29.00, but the lines add up to $30.00.",
        ),
        (
            GROUP.format(total="[31]", rows=ROW.format(cell="[30]", counts="")),
            "<group",
            "This says $31.00, but its rows add up to $30.00.",
        ),
        (totals(total="[30]"), "<total ", "Nothing says what this total adds up."),
    ],
)
def test_a_sum_that_disagrees_is_named_with_its_place_and_both_amounts(made, body, place, said):
    with pytest.raises(SetupError) as refusal:
        made(body)
    assert said in str(refusal.value)
    printed = re.sub(r"\[(-?[\d.]+)\]", r"{{ (\1) | money }}", f"\n{body}")
    at = printed.index(place)
    line, column = printed[:at].count("\n") + 1, at - printed.rfind("\n", 0, at)
    assert str(refusal.value).startswith(f"templates/form.xml:{line}:{column}: ")


def test_the_tolerance_is_the_settings_and_stands_in_the_message(made):
    body = LINES + totals(total="[31]")
    assert made(body, amount_tolerance=Decimal(1))
    with pytest.raises(SetupError, match=r"At most \$0\.50 may lie between them\."):
        made(body, amount_tolerance=Decimal("0.5"))
    with pytest.raises(SetupError, match=r"\$30\.00\. Correct what"):
        made(LINES + totals(total="[30.01]"), amount_tolerance=Decimal(0))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("free", "'free' is not one amount"),
        ("{{ 5 | number }}", "'5' is not one amount"),
        ("[5] a month", "'$5.00 a month' is not one amount"),
        ("<b>[5]</b> <i>[6]</i>", "'$5.00 $6.00' is more than one amount"),
        ("{{ Opportunity.Amount | money }}", "'' is not one amount"),
        ('{{ 5 | money("EUR") }}', "An amount in EUR cannot be summed on a form in USD."),
    ],
)
def test_a_cell_that_cannot_be_summed_is_named_with_what_stands_there(made, cell, said):
    with pytest.raises(SetupError) as refusal:
        made(table(cell))
    assert said in str(refusal.value)
    assert 'counts="no"' in str(refusal.value)
    assert "5" not in refusal.value.in_log.partition(": ")[2]


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_an_error_with_its_line_and_no_crash(tmp_path, amount):
    (tmp_path / "form.xml").write_text('<form title="x">\n<p>{{ Opportunity.Amount | money }}</p></form>')
    design = Design(Template.load(tmp_path / "form.xml", name="templates/form.xml"))
    with pytest.raises(SetupError, match=r"templates/form\.xml:2\S* The template does not fit the data"):
        render(order_form({"Amount": Decimal(amount)}), design)


# ---- whatever is sold, in whatever currency

LOCALES = {"USD": "en_US", "EUR": "de_DE", "JPY": "ja_JP", "KWD": "ar_KW", "CLP": "es_CL", "INR": "en_IN",
           "CHF": "fr_CH", "SEK": "sv_SE", "ILS": "he_IL", "BRL": "pt_BR"}  # fmt: skip
AMOUNTS = st.decimals(Decimal(-(10**12)), Decimal(10**15), places=2) | st.decimals(0, 1000, places=3)


@st.composite
def forms(draw):
    currency = draw(st.sampled_from(sorted(LOCALES)))
    items = []
    for number in range(draw(st.integers(1, 6))):
        total, quantity = draw(AMOUNTS), draw(st.decimals(-5, 1000, places=2))
        family = draw(st.sampled_from(["Software", "Services", None]))
        product = line(number)["Product2"] | {"Family": family}
        items.append(line(number) | {"TotalPrice": total, "Quantity": quantity, "Product2": product})
    return order_form(opportunity(tuple(items)), currency=currency, locale=LOCALES[currency])


@settings(max_examples=40, deadline=None)
@given(forms())
def test_the_shipped_forms_sums_add_up_whatever_is_sold(form):
    assert render(form, shipped()).pages


@settings(max_examples=40, deadline=None)
@given(forms(), st.data())
def test_any_one_amount_that_is_printed_wrong_is_caught(tmp_path_factory, form, data):
    """The amount of one row, one subtotal or the total is another one in the template."""
    source = (ROOT / "templates" / "order_form.xml").read_text("utf-8")
    lines = form.opportunity["OpportunityLineItems"]
    wrong = data.draw(st.decimals(Decimal("0.02"), Decimal(10**6), places=2)) * data.draw(st.sampled_from([1, -1]))
    family = data.draw(st.sampled_from([item["Product2"]["Family"] or "Other" for item in lines]))
    number = data.draw(st.integers(1, len(lines)))
    misprinted = [
        ("line.TotalPrice | money", "line.TotalPrice", f"count.lines == {number}"),
        ('family.list | sum(attribute="TotalPrice") | money', 'family.list | sum(attribute="TotalPrice")',
         f'family.grouper == "{family}"'),
        ('lines | sum(attribute="TotalPrice") | money', 'lines | sum(attribute="TotalPrice")', "true"),
    ]  # fmt: skip
    right, amount, where = data.draw(st.sampled_from(misprinted))
    right = f"{{{{ {right} }}}}"
    misprint = f"{{{{ (({amount}) + (({wrong}) if {where} else 0)) | money }}}}"
    assert right in source
    folder = tmp_path_factory.mktemp("misprint")
    for name in ("terms.xml", "northwind.png"):
        (folder / name).write_bytes((ROOT / "templates" / name).read_bytes())
    (folder / "order_form.xml").write_text(source.replace(right, misprint), "utf-8")
    with pytest.raises(SetupError, match="add up to"):
        render(form, Design(Template.load(folder / "order_form.xml")))


def test_the_shipped_form_prints_the_sum_of_its_lines():
    items = tuple(line(n) for n in range(9))
    form = order_form(opportunity(items))
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(render(form, shipped()).content)).pages)
    assert f"${sum(item['TotalPrice'] for item in items):,.2f}" in text
