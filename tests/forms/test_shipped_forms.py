"""Every form that comes with sfsync, on every sample deal."""

import pytest

from sfsync import config, preview
from sfsync.errors import RecordIncomplete
from sfsync.forms import blueprint as order_forms
from sfsync.forms.render import render
from sfsync.samples import SAMPLES
from tests.conftest import ROOT
from tests.forms.sample import text_of

EXAMPLES = config.load(ROOT / "config" / "examples.yaml")
BLUEPRINTS = order_forms.load(EXAMPLES)
NAMES = [b.settings.name for b in BLUEPRINTS]


def made(sample: str, form: str):
    found = preview.of_sample(EXAMPLES, BLUEPRINTS, sample, form)
    return found, render(found.form, found.blueprint.design)


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("sample", SAMPLES)
def test_it_is_made_whole_with_every_product_and_the_total(form, sample):
    if (form, sample) == ("Legal", "long"):
        pytest.skip("it has eight rows; the next test says what happens")
    found, pdf = made(sample, form)
    text = " ".join(text_of(pdf).split())
    values = found.opportunity.values
    assert (found.gaps, pdf.missing) == ((), "")
    assert all(line["Product2"]["Name"].split(",")[0].split()[0] in text for line in values["OpportunityLineItems"])
    assert f"${values['Amount']:,.2f}" in text
    assert "None" not in text


def test_legals_form_refuses_more_products_than_it_has_rows():
    with pytest.raises(RecordIncomplete, match="120"):
        made("long", "Legal")


def test_the_saas_form_fits_on_one_page():
    assert made("usual", "SaaS")[1].pages == 1


@pytest.mark.parametrize("form", ["Standard", "SaaS", "Quote", "Two languages"])
def test_a_long_form_says_on_each_page_which_one_it_is(form):
    pdf = made("long", form)[1]
    text, word = " ".join(text_of(pdf).split()), "/" if form == "Two languages" else "of"
    assert pdf.pages > 2
    assert all(f"{number} {word} {pdf.pages}" in text for number in range(1, pdf.pages + 1))
