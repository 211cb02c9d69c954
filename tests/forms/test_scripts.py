"""Text of any script goes in and comes out the same: drawn, or boxed and reported; copied, it is itself."""

import importlib.util
import re
import shutil
import subprocess
import unicodedata
from io import BytesIO

import pypdfium2
import pytest
from pypdf import PdfReader

from sfsync.forms import fonts
from sfsync.forms.bidi import mirrored
from sfsync.forms.design import Design
from sfsync.forms.environment import printable
from sfsync.forms.render import render
from sfsync.forms.template import Template
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
