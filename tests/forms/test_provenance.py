"""A form says what it was made of, in hashes and names."""

from dataclasses import replace

import pytest

from sfsync.due import fingerprints
from sfsync.errors import SetupError
from sfsync.forms.provenance import Provenance
from sfsync.forms.render import render
from tests.forms.pdfs import changed, opened, pdf, says
from tests.forms.sample import order_form, shipped

PATHS = ("Amount", "Account.Name", "OpportunityLineItems.TotalPrice")


def made():
    form = order_form(terms="terms.xml", settings_mark="5e771265")
    return replace(form, made_from=fingerprints(form.opportunity, PATHS))


def test_what_a_file_says_is_what_went_in():
    form, design = made(), shipped()
    found = Provenance.read(render(form, design).content, "form.pdf")
    assert found == Provenance.of(form, design)
    assert (found.opportunity, found.version, found.terms, found.settings) == (
        form.opportunity_id, 1, "terms.xml", "5e771265",
    )  # fmt: skip
    assert found.requested_at == form.requested_at
    assert found.design == design.fingerprint
    assert set(found.data) == set(PATHS)


def test_it_holds_no_value_of_the_record():
    text = str(opened(render(made(), shipped()).content).metadata["/sfsync"])
    assert text.isascii()
    assert not [value for value in ("Burlington", "175045", "Friedrich", "Ada") if value in text]


@pytest.mark.parametrize("said", ["", "[]", "{}", "no json", '{"requested_at": "never"}'])
def test_a_file_that_says_something_else_is_refused(said):
    strange = changed(pdf(says("x")), lambda writer: writer.add_metadata({"/sfsync": said}))
    with pytest.raises(SetupError, match=r"form.pdf: The file does not say what it was made of"):
        Provenance.read(strange, "form.pdf")
