"""How forms look is said once, in the settings: for all forms, or for one."""

from io import BytesIO

import pymupdf_fonts
import pytest
from pypdf import PdfReader

from sfsync import config, measures
from sfsync.check import Checks
from sfsync.errors import SetupError
from sfsync.findings import Findings
from sfsync.forms import blueprint as order_forms
from sfsync.forms.page.theme import Theme
from sfsync.forms.render import render
from tests.forms.sample import order_form

SETTINGS = """\
company: {name: Northwind}
theme:
  accent: "#16324F"
  page: letter
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
  - name: Other
    stage: Other
    template: form.xml
    theme:
      accent: "#802020"
      margins: 20mm 10mm
currency: USD
"""


@pytest.fixture
def designs(tmp_path):
    def designs_(settings=SETTINGS, **files):
        (tmp_path / "form.xml").write_text('<form title="x"><h>Heading</h><p>Text</p></form>')
        for name, content in files.items():
            (tmp_path / f"{name}.ttf").write_bytes(content)
        (tmp_path / "sfsync.yaml").write_text(settings)
        return [blueprint.design for blueprint in order_forms.load(config.load(tmp_path / "sfsync.yaml"))]

    return designs_


def test_a_form_takes_what_holds_for_all_and_says_only_what_differs(designs):
    standard, other = (design.theme for design in designs())
    assert (standard.accent, standard.page, standard.margins) == ("#16324f", (612.0, 792.0), Theme.margins)
    assert (other.accent, other.page) == ("#802020", (612.0, 792.0))
    assert other.margins == pytest.approx((56.69, 28.35, 56.69, 28.35), abs=0.01)


def test_page_and_colour_stand_in_the_pdf(designs):
    page = PdfReader(BytesIO(render(order_form({"Name": "n"}), designs()[1]).content)).pages[0]
    assert page.mediabox[2:] == [612, 792]
    assert b"0.502 0.1255 0.1255 rg" in page.get_contents().get_data()


def test_another_look_is_another_design(designs):
    before = [design.fingerprint for design in designs()]
    after = [design.fingerprint for design in designs(SETTINGS.replace("#16324F", "#16324E"))]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_companys_own_typeface_is_embedded_and_used(designs):
    said = SETTINGS.replace("theme:\n", "theme:\n  font: {regular: brand.ttf, bold: strong.ttf}\n", 1)
    made = designs(said, brand=pymupdf_fonts.myfont("figo"), strong=pymupdf_fonts.myfont("figbo"))
    page = PdfReader(BytesIO(render(order_form({"Name": "n"}), made[0]).content)).pages[0]
    fonts = [font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()]
    assert len([font for font in fonts if "Fira" in font]) == 2


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"#16324F"', "blue", "yaml:3: 'blue' is not a colour"),
        ("page: letter", "page: Lettre", "yaml:4: 'Lettre' is not a paper that is known. Did you mean Letter?"),
        ("page: letter", "size: 9", "yaml:4: '9' is not a length"),
        ("page: letter", "size: 90pt", "yaml:4: '90pt' is no size for a form's text"),
        ("page: letter", "margins: 90mm", "The margins 90mm leave too little of a page of A4."),
        ("20mm 10mm", "20mm 100mm", "The margins 20mm 100mm leave too little of a page of Letter."),
        ("page: letter", "font: {regular: brand.ttf}", "There is no file 'brand.ttf'."),
        ("page: letter", "font: {regular: form.xml}", "yaml:4: form.xml is not a TrueType font, or damaged."),
        ("page: letter", "font: {regular: ../x.ttf}", "'../x.ttf' lies outside the templates folder."),
        ("{name: Northwind}", "{name: Northwind, logo: n.png}", "yaml:1: There is no picture 'n.png' in the templates"),
        ("{name: Northwind}", "{name: Northwind, logo: ../n.png}", "yaml:1: There is no picture '../n.png' in"),
        ("accent:", "acent:", "'acent' is not a setting. Did you mean accent?"),
    ],
)  # fmt: skip
def test_a_wrong_look_is_named_with_its_line(designs, right, wrong, said):
    with pytest.raises(SetupError) as refusal:
        designs(SETTINGS.replace(right, wrong, 1))
    assert said in str(refusal.value)


def test_a_template_says_nothing_of_the_look(designs, tmp_path):
    for attribute in ('accent="#16324f"', 'page="A4"', 'margins="9mm"', 'size="9pt"'):
        path = tmp_path / "plain.xml"
        path.write_text(f'<form title="x" {attribute}/>')
        with pytest.raises(SetupError, match="<form> has no attribute"):
            designs(SETTINGS.replace("form.xml", "plain.xml", 1))


def test_check_notes_an_accent_on_which_white_text_cannot_be_read(designs, tmp_path):
    designs(SETTINGS.replace("#16324F", "#ffee00"))
    said = []
    Checks(Findings(said.append)).files(tmp_path / "sfsync.yaml")
    notes = [str(finding) for finding in said if str(finding).startswith("!")]
    assert any("Standard is hard to read: accent #ffee00: 1.2 to 1, and 4.5 is the least." in note for note in notes)
    assert not any("Other" in note for note in notes)


def test_the_shipped_colours_can_be_read():
    assert Theme().hard_to_read() == []


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_that_of_the_accessibility_guidelines(one, other, ratio):
    assert measures.contrast(one, other) == pytest.approx(ratio, abs=0.01)
