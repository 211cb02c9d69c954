"""`pdf_a: yes` makes PDF/A-2b. pikepdf's validator, which had no hand in making the files, approves them."""

import sys
from dataclasses import replace

import pytest

from sfsync import config
from sfsync.errors import SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.design import Design
from sfsync.forms.legal import PdfForm
from sfsync.forms.pdf import flatten
from sfsync.forms.pdf.archive import findings
from sfsync.forms.pdf.foreign import PdfFile
from sfsync.forms.render import render
from tests.forms.pdfs import opened, pdf, says, shipped_legal
from tests.forms.sample import account, lines, opportunity, order_form, shipped


def archived(design: Design) -> Design:
    return replace(design, archived=True)


@pytest.mark.parametrize(
    "name",
    [
        "Burlington",
        "Ελλάς → Москва",
        "日本株式会社",
        "שלום עולם",
        "مرحبا بالعالم",
        "हिन्दी",
        "ภาษาไทย",
        "😀 unknown",
        "Ærø €",
    ],
)
def test_a_form_in_any_script_is_a_pdf_a(name):
    form = order_form(opportunity(lines(20), Account=account(Name=name)))
    assert findings(render(form, archived(shipped())).content) == []


def test_a_pdf_a_is_the_same_bytes_each_time_and_says_what_the_information_says():
    first, second = (render(order_form(), archived(shipped())).content for _ in range(2))
    assert first == second
    reader = opened(first)
    assert reader.xmp_metadata.dc_title["x-default"] == reader.metadata.title
    assert reader.xmp_metadata.dc_creator == [reader.metadata.author]
    assert reader.root_object["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"


def test_without_the_switch_a_form_is_none():
    assert findings(render(order_form(), shipped()).content)


def conforming() -> PdfFile:
    """A file of somebody else's, all fonts embedded."""
    return flatten.read(render(order_form(), archived(shipped())).content, "terms.pdf")


def test_conforming_terms_and_letterheads_go_into_a_pdf_a():
    design = archived(replace(shipped(), appendices={"terms.pdf": conforming()}, letterhead=conforming().alone()))
    design.check_archived()
    made = render(order_form(terms="terms.pdf"), design)
    assert findings(made.content) == []
    assert made.pages > 2


def test_the_shipped_legal_form_is_filled_as_a_pdf_a():
    design = archived(Design(shipped_legal()))
    design.check_archived()
    assert findings(render(order_form(opportunity(lines(8))), design).content) == []


SETTINGS = """\
company: {name: Northwind}
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
    pdf_a: yes
    letterhead: letterhead.pdf
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "form.xml").write_text('<form title="x"><p>Hello</p></form>')
    (tmp_path / "letterhead.pdf").write_bytes(pdf(says("In Helvetica, which is not in the file")))
    (tmp_path / "sfsync.yaml").write_text(SETTINGS)
    return tmp_path


def test_a_letterhead_whose_font_is_not_in_it_is_refused_by_name(home):
    with pytest.raises(SetupError, match=r"letterhead.pdf: The PDF cannot be part of a PDF/A: .*(font|embed)"):
        order_forms.load(config.load(home / "sfsync.yaml"))


def test_without_the_extra_the_admin_is_told_what_to_install(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    with pytest.raises(SetupError, match=r"pip install 'sfsync\[pdfa\]'"):
        order_forms.load(config.load(home / "sfsync.yaml"))


def test_without_other_peoples_files_the_extra_is_not_needed(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    (home / "sfsync.yaml").write_text(SETTINGS.replace("    letterhead: letterhead.pdf\n", ""))
    [blueprint] = order_forms.load(config.load(home / "sfsync.yaml"))
    made = render(order_form({"Name": "n"}), blueprint.design).content
    monkeypatch.undo()
    assert findings(made) == []


def test_legals_form_in_a_font_that_is_not_in_it_is_refused():
    def plain(canvas):
        canvas.drawString(60, 720, "In Helvetica")
        canvas.acroForm.textfield(name="a", x=60, y=700)

    legal = PdfForm.load(pdf(plain), "legal.pdf", {"a": '""'}, str)
    with pytest.raises(SetupError, match=r"legal.pdf: The PDF cannot be part of a PDF/A"):
        archived(Design(legal)).check_archived()
