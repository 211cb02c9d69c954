"""What stands in the PDF."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pypdfium2
import pytest
from pypdf import PdfReader

from sfsync.errors import RecordIncomplete, SetupError
from sfsync.forms.design import Design
from sfsync.forms.page.theme import Theme
from sfsync.forms.render import render
from sfsync.forms.template.template import Template
from sfsync.forms.text.fonts import face
from tests.forms.sample import ROOT, account, line, lines, opportunity, order_form, shipped, text_of


def made(**changes):
    return render(order_form(opportunity(lines(3), **changes)), shipped())


def one(tmp_path, body, values=None, **form):
    (tmp_path / "form.xml").write_text(f'<form title="x">\n{body}\n</form>', encoding="utf-8")
    return render(order_form(values or {"Name": "n"}, **form), Design(Template.load(tmp_path / "form.xml")))


def test_the_form_says_who_buys_what_for_how_much():
    text = text_of(render(order_form(), shipped()))
    for wanted in ("ORDER FORM", "Burlington Textiles Corp of America", "Burlington, NC 27215", "Jack Rogers",
                   "Ada Winter", "NW-PLT-ENT", "Subtotal Software", "$175,045.00", "Page 1 of 2", "Page 2 of 2",
                   "006RM00000A1b2cYAB-1", "November 23, 2026"):  # fmt: skip
        assert wanted in text


def test_the_same_form_is_the_same_bytes_in_another_process_with_another_hash_seed():
    code = (
        "import hashlib; from tests.forms.sample import *; from sfsync.forms.render import render;"
        "print(hashlib.sha256(render(order_form(), shipped()).content).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(seen) == 1


def test_what_was_rendered_before_leaves_no_trace():
    first = made().content
    made(Account=account(Name="Ελλάς → 😀 Москва"))
    assert made().content == first


def test_a_template_can_be_sent_to_another_process():
    template = pickle.loads(pickle.dumps(shipped()))
    assert render(order_form(), template).content == render(order_form(), shipped()).content


def test_the_pdf_says_what_it_was_made_from_and_when_it_was_asked_for():
    info = PdfReader(BytesIO(made().content)).metadata
    assert info["/CreationDate"] == "D:20261123093000+00'00'"
    assert shipped().fingerprint in info["/Keywords"]
    assert info["/Creator"].startswith("sfsync ")
    assert info["/Title"] == "Order Form 006RM00000A1b2cYAB-1"
    assert info["/Author"] == "Northwind Cloud GmbH"


def test_every_font_is_embedded():
    reader = PdfReader(BytesIO(made().content))
    fonts = {
        f["/BaseFont"]: f for p in reader.pages for f in (r.get_object() for r in p["/Resources"]["/Font"].values())
    }
    assert fonts
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts.values())


@pytest.mark.parametrize(
    "name",
    ['AT&T <Corp> "R&D"', "{{ 7*7 }} {% raw %}", "</p><p>",
     "Ελλάς Αθήνα", "Газпром нефть", "Công ty Việt", "Ærøskøbing",
     "100 € – ½", "a  b", "(x) \\ y"],
)  # fmt: skip
def test_a_name_stands_in_the_form_letter_by_letter(name):
    pdf = made(Account=account(Name=name))
    assert name in text_of(pdf)
    assert pdf.missing == ""


@pytest.mark.parametrize("name", ["ລາວ", "😀", "ܫܠܡܐ", "தமிழ்"])
def test_a_character_that_no_font_draws_is_boxed_reported_and_can_still_be_copied(tmp_path, name):
    pdf = one(tmp_path, "<p>{{ Opportunity.Name }}</p>", {"Name": f"x{name}x"})
    assert set(pdf.missing) == set(name)
    # A reader may turn right-to-left letters round: it is the letters that have to be there.
    assert sorted(text_of(pdf)) == sorted(f"x{name}x")


def test_an_arrow_comes_from_the_second_font(tmp_path):
    pdf = one(tmp_path, "<p>{{ Opportunity.Name }}</p>", {"Name": "a → b"})
    assert (pdf.missing, text_of(pdf)) == ("", "a → b")


def test_control_characters_go_and_broken_ones_are_boxed(tmp_path):
    pdf = one(tmp_path, "<p>{{ Opportunity.Name }}</p>", {"Name": "a\x00b\x07c\ud800d\ufffee"})
    assert text_of(pdf) == "abc\ufffdd\ufffde"
    assert pdf.missing == "\ufffd"


def test_a_line_break_in_the_data_is_one_on_the_form_and_an_empty_field_leaves_no_empty_line(tmp_path):
    body = "<p>{{ Opportunity.Street }}<br/>{{ Opportunity.None }}<br/>{{ Opportunity.City }}</p>"
    pdf = one(tmp_path, body, {"Street": "1 Main St\r\nSuite 3", "None": None, "City": "Berlin"})
    assert text_of(pdf) == "1 Main St\nSuite 3\nBerlin"


def test_a_field_of_the_name_of_a_python_method_is_a_field(tmp_path):
    assert text_of(one(tmp_path, "<p>{{ Opportunity.items }}</p>", {"items": "nine"})) == "nine"


def test_a_name_of_five_thousand_characters_is_printed_whole():
    long = {**line(1), "Product2": {"Name": "word " * 600 + "x" * 2000, "ProductCode": "C", "Family": "F"}}
    pdf = render(order_form(opportunity((long,))), shipped())
    text = text_of(pdf)
    assert text.count("word") == 600
    assert (
        sum(part.count("x") for part in text.split("word ")[-1].split("\n") if set(part.split(" ")[0]) == {"x"}) >= 1990
    )
    assert pdf.pages > 1


def test_a_thousand_lines_all_stand_in_the_form_under_repeated_heads():
    pdf = render(order_form(opportunity(lines(1000))), shipped())
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages]
    assert len(pages) == pdf.pages
    assert sum(page.count("List price") for page in pages) >= pdf.pages - 1
    total = sum((item["TotalPrice"] for item in lines(1000)), Decimal(0))
    assert f"${total:,.2f}" in pages[-1] + pages[-2]


def test_a_form_without_lines_or_contact_is_still_a_form():
    pdf = render(order_form(opportunity((), OpportunityContactRoles=())), shipped())
    assert "$0.00" in text_of(pdf)


@pytest.mark.parametrize("amount", ["0", "-12.5", "999999999999999.99", "0.0125"])
def test_an_amount_is_printed_exactly(tmp_path, amount):
    text = text_of(one(tmp_path, "<p>{{ Opportunity.Amount | money }}</p>", {"Amount": Decimal(amount)}))
    shown = Decimal(text.replace("$", "").replace(",", ""))
    assert shown == Decimal(amount)


@pytest.mark.parametrize(
    ("locale", "currency", "expected"),
    [("de_DE", "EUR", "1.234,50 €"), ("fr_FR", "EUR", "1 234,50 €"), ("ja_JP", "JPY", "¥1,234.5"),
     ("en_US", "KWD", "KWD 1,234.500"), ("de_CH", "CHF", "CHF 1’234.50")],
)  # fmt: skip
def test_money_reads_as_the_locale_writes_it(tmp_path, locale, currency, expected):
    values = {"Amount": Decimal("1234.5")}
    pdf = one(tmp_path, "<p>{{ Opportunity.Amount | money }}</p>", values, locale=locale, currency=currency)
    assert text_of(pdf).replace("\xa0", " ").replace("\u202f", " ") == expected
    assert pdf.missing == ""


def test_the_date_is_the_one_in_the_forms_time_zone(tmp_path):
    form = order_form({"Name": "n"}, time_zone="Pacific/Auckland")
    late = replace(form, requested_at=form.requested_at.replace(hour=23))
    (tmp_path / "form.xml").write_text('<form title="x"><p>{{ form.requested_on | date }}</p></form>')
    assert text_of(render(late, Design(Template.load(tmp_path / "form.xml")))) == "Nov 24, 2026"


@pytest.mark.parametrize("count", [1, 7, 11, 12, 13, 20, 40, 100])
def test_the_signatures_stand_on_one_page_and_each_anchor_once(count):
    pages = [
        p.extract_text()
        for p in PdfReader(BytesIO(render(order_form(opportunity(lines(count))), shipped()).content)).pages
    ]
    for anchor in ("/customer-signature/", "/customer-date/", "/supplier-signature/", "/supplier-date/"):
        assert [anchor in page for page in pages].count(True) == 1
        assert "".join(pages).count(anchor) == 1
    assert all(anchor in pages[-1] for anchor in ("/customer-signature/", "/supplier-date/"))


@pytest.mark.parametrize("count", range(8, 24))
def test_no_page_ends_with_a_groups_heading_or_begins_with_its_subtotal(count):
    pdf = render(order_form(opportunity(lines(count))), shipped())
    for page in PdfReader(BytesIO(pdf.content)).pages:
        table = page.extract_text().split("Amount\n")[-1].split("\n")
        assert not table[0].startswith("Subtotal")
        assert table[-1] not in ("Software", "Services", "Support", "Training")


def test_a_single_family_needs_no_group():
    text = text_of(render(order_form(opportunity(lines(3, families=1))), shipped()))
    assert "Subtotal" not in text


def test_a_customer_named_like_an_anchor_is_sent_back_to_the_rep():
    with pytest.raises(RecordIncomplete, match="/customer-date/"):
        made(Account=account(Name="/customer-date/ Corp"))


def test_a_footer_that_takes_a_line_more_from_page_100_on_has_room_for_it(tmp_path):
    """'Page 99 of 99' fits into the width, 'Page 120 of 120' does not."""
    text, foot = "<p>Text</p>" * 10, "<footer><p>Page <page/> of <pages/></p></footer>"
    (tmp_path / "form.xml").write_text(f'<form title="x">{foot}{{% for n in range(120) %}}{text}{{% endfor %}}</form>')
    wide = face().width("Page 99 of 99") * Theme.size + 1
    theme = Theme(page=(wide + 20, 210.5), margins=(20, 10, 20, 10))
    content = render(order_form(), Design(Template.load(tmp_path / "form.xml"), theme)).content
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) >= 120
        for number, page in enumerate(document, 1):
            said = page.get_textpage()
            boxes = [said.get_rect(n) for n in range(said.count_rects())]
            edge = min(bottom for _, bottom, *_ in boxes if bottom > 50)
            assert said.get_text_bounded(top=edge).split() == ["Page", str(number), "of", str(len(document))]
            assert edge - max(top for *_, top in boxes if top < edge) > 13


def test_what_a_template_makes_of_a_value_is_told_to_the_admin_and_kept_out_of_the_log(tmp_path):
    with pytest.raises(SetupError) as refusal:
        one(tmp_path, "<p>{{ Opportunity.Name | money }}</p>", {"Name": "Jane Secret"})
    assert "Jane Secret" in str(refusal.value)
    assert "Jane" not in refusal.value.in_log
    assert "form.xml:2:4" in refusal.value.in_log
