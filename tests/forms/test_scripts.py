"""Text of any script goes in and comes out the same: drawn, or boxed and reported; copied, it is itself."""

import importlib.util
import re
import shutil
import subprocess
import unicodedata
from io import BytesIO

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from sfsync.errors import RecordIncomplete
from sfsync.forms.design import Design
from sfsync.forms.render import render
from sfsync.forms.template.environment import printable
from sfsync.forms.template.template import Template
from sfsync.forms.text import eastasian, fonts, mixed
from sfsync.forms.text.bidi import mirrored
from sfsync.forms.text.breaks import clusters
from sfsync.forms.text.lines import Style
from tests.forms.sample import order_form
from tests.forms.scripts import BACKWARDS, EAST_ASIAN, NASTY, SCRIPTS

cjk = pytest.mark.skipif(not importlib.util.find_spec("justmytype_intl_cjk"), reason="pip install 'sfsync[cjk]'")
poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="apt-get install poppler-utils")
_UNSEEN = re.compile("[\\s\u061c\u200c-\u200f\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f-\x9f]")


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A form of one paragraph, or of the body given."""
    folder = tmp_path_factory.mktemp("forms")

    def write(text, body="<p>{{ Opportunity.Name }}</p>", **form):
        file = folder / "form.xml"
        file.write_text(f'<form title="x">{body}</form>', encoding="utf-8")
        return render(order_form({"Name": text}, **form), Design(Template.load(file)))

    return write


def by_pypdf(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)


def by_pdfium(pdf):
    with pypdfium2.PdfDocument(pdf.content) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def by_poppler(pdf):
    told = subprocess.run(["pdftotext", "-", "-"], input=pdf.content, capture_output=True, check=True)
    return re.sub("[\u202a-\u202e\f]", "", told.stdout.decode())


READERS = [by_pypdf, by_pdfium, pytest.param(by_poppler, marks=poppler)]


def letters(text):
    """What has to come out, in any order, brackets either way: readers differ beside right-to-left text."""
    return sorted(min(c, mirrored(c)) for c in _UNSEEN.sub("", unicodedata.normalize("NFKD", text)))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", [*SCRIPTS.values(), *BACKWARDS.values()], ids=[*SCRIPTS, *BACKWARDS])
def test_text_copied_out_of_the_form_is_the_text_that_went_in(written, reader, text):
    pdf = written(text)
    assert (pdf.missing, reader(pdf).strip()) == ("", text)


@cjk
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", EAST_ASIAN.values(), ids=EAST_ASIAN)
def test_east_asian_text_too_where_its_fonts_are_installed(written, reader, text):
    pdf = written(text)
    assert (pdf.missing, reader(pdf).strip()) == ("", text)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_text_is_lost_or_makes_a_form_fail(written, reader, text):
    pdf = written(text)
    expected = fonts.clean(printable(text, " "))
    if text in (NASTY["zalgo"], NASTY["Hebrew zalgo"]):
        # Readers take the same mark drawn again on the same letter for the letter drawn bold.
        assert set(letters(reader(pdf))) == set(letters(expected))
    else:
        assert letters(reader(pdf)) == letters(expected)


@settings(max_examples=150, deadline=None)
@given(text=st.text(min_size=1, max_size=60))
def test_any_text_is_on_the_form_whole(written, text):
    pdf = written(text)
    expected = fonts.clean(printable(text, " "))
    assert letters(by_pypdf(pdf)) == letters(expected)


PIECES = [
    "abc ",
    "שלום ",
    "مرحبا ",
    "ที่นี่",
    "क्षि",
    "日本",
    "(",
    ")",
    "12,5 ",
    "\u0301",
    "👨‍👩‍👧",
    "\u202e",
    "\u2067",
    "x" * 90,
    "\n",
]


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.sampled_from(PIECES), min_size=1, max_size=25), locale=st.sampled_from(["en_US", "he_IL"]))
def test_any_mixture_is_on_the_form_whole_in_either_direction(written, parts, locale):
    text = "".join(parts)
    pdf = written(
        text, "<columns><column><p>{{ Opportunity.Name }}</p></column><column/><column/></columns>", locale=locale
    )
    assert letters(by_pypdf(pdf)) == letters(fonts.clean(printable(text, " ")))


def lines_of(text, width, **style):
    return mixed.lines([(Style(10, "#000000", **style), text)], width)


@pytest.mark.parametrize(
    "text", [*SCRIPTS.values(), *BACKWARDS.values(), *NASTY.values()], ids=[*SCRIPTS, *BACKWARDS, *NASTY]
)
@pytest.mark.parametrize("width", [12.0, 40.0, 200.0])
def test_no_line_is_wider_than_its_column_unless_it_is_a_single_letter(text, width):
    clean = fonts.clean(printable(text, " "))
    for line in lines_of(clean, width):
        told = "".join(piece.text for piece in line.pieces)
        assert line.width <= width + 0.2 or len(clusters(told)) == 1


def test_thai_is_broken_between_words_and_chinese_not_before_a_comma():
    thai = [line.pieces[0].text for line in lines_of("ข้อตกลงการให้บริการ", 38)]
    assert thai == ["ข้อตกลง", "การให้", "บริการ"]
    chinese = ["".join(p.text for p in line.pieces) for line in lines_of("示例，科技。有限", 20)]
    assert not any(line[0] in "，。" for line in chinese)


def test_a_hebrew_name_in_an_english_sentence_turns_nothing_around(written):
    pdf = written("חברה (א)", "<p>Between {{ Opportunity.Name }} and us: 12 months</p>")
    cell = visible(pdf)
    assert cell.startswith("Between ")
    assert cell.endswith(" and us: 12 months")


def test_an_override_in_a_name_turns_nothing_around(written):
    pdf = written("Acme \u202egnirts", "<p>{{ Opportunity.Name }} pays 100</p>")
    assert by_pypdf(pdf) == "Acme gnirts pays 100"


def test_an_anchor_spelt_with_invisible_characters_is_still_found(written):
    body = '<p>{{ Opportunity.Name }}</p><signatures><sign party="x" role="customer"/></signatures>'
    with pytest.raises(RecordIncomplete, match="customer-signature"):
        written("/customer-\u200b\u200fsig\u2066nature/", body)


def test_a_form_in_hebrew_begins_on_the_right(written):
    body = "<p>{{ Opportunity.Name }}</p><p align='right'>Z</p>"
    places = {}
    for locale in ("en_US", "he_IL"):
        with pypdfium2.PdfDocument(written("A", body, locale=locale).content) as document:
            page = document[0].get_textpage()
            places[locale] = [page.get_charbox(at)[0] > 300 for at in (0, page.count_chars() - 1)]
    assert places == {"en_US": [False, True], "he_IL": [True, False]}


def test_what_would_bring_a_missing_font_is_told_where_something_would():
    installed = bool(importlib.util.find_spec("justmytype_intl_cjk"))
    assert ("sfsync[cjk]" in eastasian.remedy("日本")) is not installed
    assert eastasian.remedy("😀ລ") == ""


def test_the_order_of_documents_leaves_no_trace(written):
    texts = [*SCRIPTS.values(), *BACKWARDS.values(), NASTY["emoji family"]]
    forward = {text: written(text).content for text in texts}
    assert {text: written(text).content for text in reversed(texts)} == forward


def visible(pdf):
    with pypdfium2.PdfDocument(pdf.content) as document:
        return document[0].get_textpage().get_text_range().strip()


def test_a_name_of_nothing_visible_is_boxed_and_reported(written):
    assert written("\u3164\uffa0").missing == "\u3164\uffa0"


@pytest.mark.parametrize("name", ["zalgo", "Hebrew zalgo"])
def test_a_pile_of_marks_stays_with_its_letter(name):
    for line in lines_of(NASTY[name], 500):
        for run in (piece.run for piece in line.pieces if piece.run):
            edge, pen = run.font.units / 2, 0
            for sign in run.signs:
                assert all(-edge <= pen + part.x <= run.width * run.font.units + edge for part in sign.parts)
                assert all(-edge <= part.y <= 0.7 * run.font.units for part in sign.parts)
                pen += sign.advance
