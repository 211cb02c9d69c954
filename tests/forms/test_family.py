"""A company's own typeface."""

import pickle
import struct
import zlib
from io import BytesIO

import pymupdf_fonts
import pytest
from pypdf import PdfReader

from sfsync import config
from sfsync.errors import SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.design import Design
from sfsync.forms.page.theme import Theme
from sfsync.forms.render import render
from sfsync.forms.template.template import Template
from sfsync.forms.text.fonts import Family, face, truetype
from tests.forms.pdfs import pdf
from tests.forms.sample import order_form

BRAND = pymupdf_fonts.myfont("figo")
BRAND_BOLD = pymupdf_fonts.myfont("figbo")


def made(tmp_path, text, family):
    (tmp_path / "form.xml").write_text('<form title="x"><p>{{ Opportunity.Name }} <b>bold</b> <i>it</i></p></form>')
    design = Design(Template.load(tmp_path / "form.xml"), Theme(family=family))
    return render(order_form({"Name": text}), pickle.loads(pickle.dumps(design)))


def fonts_of(pdf):
    page = PdfReader(BytesIO(pdf.content)).pages[0]
    return {font["/BaseFont"].split("+")[1] for font in page["/Resources"]["/Font"].values()}


def test_a_form_is_set_in_the_companys_font_and_what_that_lacks_in_ours(tmp_path):
    pdf = made(tmp_path, "Acme ₿ ʱ", Family(BRAND, BRAND_BOLD))
    assert PdfReader(BytesIO(pdf.content)).pages[0].extract_text() == "Acme ₿ ʱ bold it"
    assert {"FiraGO-Regular", "FiraGO-Bold"} <= fonts_of(pdf)
    assert pdf.missing == ""


def test_a_style_that_is_not_there_is_the_nearest(tmp_path):
    family = Family(BRAND, BRAND_BOLD)
    assert family.style(bold=True, italic=True) == BRAND_BOLD
    assert family.style(bold=False, italic=True) == BRAND
    assert fonts_of(made(tmp_path, "x", Family(BRAND))) == {"FiraGO-Regular"}


def test_another_font_is_another_design(tmp_path):
    (tmp_path / "form.xml").write_text('<form title="x"/>')
    template = Template.load(tmp_path / "form.xml")
    designs = [Design(template, Theme(family=family)) for family in (None, Family(BRAND), Family(BRAND_BOLD))]
    assert len({design.fingerprint for design in designs}) == 3


def without(table):
    """The font with one table renamed."""
    return BRAND.replace(table, b"zzzz", 1)


NO_FONT = "not a TrueType font"
REFUSED = [
    (b"", NO_FONT),
    (b"garbage" * 99, NO_FONT),
    (b"OTTO" + BRAND[4:], "PostScript"),
    (b"wOFF" + zlib.compress(BRAND), "WOFF"),
    (b"wOF2xx", "WOFF2"),
    (b"PK\x03\x04xx", "zip"),
    (b"ttcf" + BRAND[4:], "collection"),
    (BRAND[:5000], NO_FONT),
    (BRAND[: len(BRAND) // 2], NO_FONT),
    (BRAND[:4] + bytes(900), NO_FONT),
    *((without(table), NO_FONT) for table in (b"glyf", b"cmap", b"head", b"hmtx", b"maxp")),
    (struct.pack(">IHHHH", 0x10000, 0xFFFF, 0, 0, 0), NO_FONT),
]


@pytest.mark.parametrize(("data", "says"), REFUSED)
def test_a_file_that_is_no_truetype_font_is_refused_by_name_with_what_to_give_instead(data, says):
    with pytest.raises(SetupError, match=rf"sfsync\.yaml:5: brand\.ttf .*{says}.*\.ttf file"):
        truetype("brand.ttf", data, "sfsync.yaml:5")


SETTINGS = """\
company: {name: Northwind}
theme:
  font:
    regular: brand.ttf
    bold: strong.ttf
order_forms:
  - {name: One, stage: Order Form, template: form.xml}
  - {name: Two, stage: Other, template: legal.pdf, fill: {a: Opportunity.Name}}
currency: USD
"""


def drawn(canvas):
    canvas.acroForm.textfield(name="a", x=50, y=700, width=120, height=14, fontSize=10, borderWidth=0)


@pytest.fixture
def home(tmp_path):
    """Settings with a form and one of Legal's, and with two fonts, as an admin lays them down."""
    template = '<form title="x"><p>{{ Opportunity.Name }}</p><signatures><sign party="P" role="p"/></signatures></form>'
    (tmp_path / "form.xml").write_text(template)
    (tmp_path / "legal.pdf").write_bytes(pdf(drawn))
    (tmp_path / "brand.ttf").write_bytes(BRAND)
    (tmp_path / "strong.ttf").write_bytes(BRAND_BOLD)
    (tmp_path / "sfsync.yaml").write_text(SETTINGS)
    return tmp_path


def test_settings_name_the_files_and_all_that_sfsync_prints_is_in_them(home):
    marked, legal = order_forms.load(config.load(home / "sfsync.yaml"))
    assert fonts_of(render(order_form({"Name": "Acme"}), marked.design)) == {"FiraGO-Regular", "FiraGO-Bold"}
    assert fonts_of(render(order_form({"Name": "Acme"}), legal.design)) == {"FiraGO-Regular"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"garbage", "strong.ttf is not a TrueType font, or damaged."),
        (b"OTTO" + BRAND[4:], "strong.ttf is an OpenType font with PostScript outlines, not a TrueType font."),
        (bytes(20_000_001), "strong.ttf is larger than 20 MB."),
        (None, "There is no file 'strong.ttf'. In templates/: none."),
    ],
)
def test_a_wrong_font_is_named_once_with_its_line_in_the_settings(home, content, said):
    (home / "strong.ttf").unlink()
    if content:
        (home / "strong.ttf").write_bytes(content)
    with pytest.raises(SetupError) as refusal:
        order_forms.load(config.load(home / "sfsync.yaml"))
    assert str(refusal.value).startswith(f"{home}/sfsync.yaml:5: {said}")
    assert str(refusal.value).count("yaml:") == 1


def test_a_truetype_font_is_taken():
    assert truetype("brand.ttf", BRAND, "") is BRAND
    assert face(Family(BRAND)).draws("é")
