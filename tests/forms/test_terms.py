"""The terms go with the deal: chosen by rule, from texts and PDFs."""

import pytest

from sfsync import config
from sfsync.errors import SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.forms import compose
from sfsync.forms.render import render
from tests.forms.pdfs import pdf
from tests.forms.sample import lines, opportunity, order_form, text_of
from tests.forms.test_compose import deal

SETTINGS = """\
company: {name: Northwind}
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
    terms:
      - {file: terms_us.xml, when: Opportunity.Account.BillingCountry == "USA"}
      - {file: framework.pdf, when: Opportunity.Framework__c}
      - {file: terms_eu.xml}
currency: USD
"""
FORM = '<form title="x"><p>Before</p>{% include terms %}<p>After</p></form>'


@pytest.fixture
def blueprint(tmp_path):
    def load(form: str = FORM, settings: str = SETTINGS, **files: str) -> order_forms.Blueprint:
        (tmp_path / "form.xml").write_text(form)
        (tmp_path / "terms_us.xml").write_text("<terms><p>Laws of {{ Opportunity.Law__c }}</p></terms>")
        (tmp_path / "terms_eu.xml").write_text("<terms><p>Laws of Germany</p></terms>")
        (tmp_path / "framework.pdf").write_bytes(pdf(lambda canvas: canvas.drawString(50, 500, "Framework")))
        for name, text in files.items():
            (tmp_path / f"{name}.xml").write_text(text)
        (tmp_path / "sfsync.yaml").write_text(settings)
        return order_forms.load(config.load(tmp_path / "sfsync.yaml"))[0]

    return load


@pytest.mark.parametrize(
    ("country", "framework", "chosen"),
    [("USA", False, "terms_us.xml"), ("USA", True, "terms_us.xml"), ("Germany", True, "framework.pdf"),
     ("Germany", False, "terms_eu.xml"), (None, None, "terms_eu.xml")],
)  # fmt: skip
def test_the_first_terms_whose_condition_holds_are_taken(blueprint, country, framework, chosen):
    values = {"Account": {"BillingCountry": country}, "Framework__c": framework}
    assert compose.chosen_terms(deal(**values), blueprint()) == chosen


@pytest.mark.parametrize(
    ("terms", "printed"),
    [
        ("terms_us.xml", "Before Laws of Delaware After"),
        ("terms_eu.xml", "Before Laws of Germany After"),
        ("framework.pdf", "Before After Framework"),
        ("", "Before After"),
    ],
)
def test_text_terms_stand_where_the_template_includes_them(blueprint, terms, printed):
    form = order_form(opportunity(lines(1), Law__c="Delaware"), terms=terms)
    assert " ".join(text_of(render(form, blueprint().design)).split()) == printed


def test_fields_of_every_possible_text_and_of_the_conditions_are_asked_for(blueprint):
    assert {"Law__c", "Framework__c", "Account.BillingCountry"} <= blueprint().paths


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"form": '<form title="x"><p>Hello</p></form>'}, "form.xml: Nothing prints the terms. Write {% include terms"),
        ({"settings": SETTINGS.replace("terms_eu", "terms_ue")}, "no terms_ue.xml beside the template. Did you"),
        ({"settings": SETTINGS.replace("framework.pdf", "framwork.pdf")}, "yaml:8: There is no file 'framwork.pdf'."),
        ({"terms_us": "<terms><p>Hello</terms>"}, "terms_us.xml:1:8: <p> is not closed."),
        ({"settings": SETTINGS.replace("Framework__c", "Framework__c ==")}, "sfsync.yaml:8"),
    ],
)
def test_mistakes_around_terms_are_named(blueprint, change, said):
    with pytest.raises(SetupError) as refusal:
        blueprint(**change)
    assert said in str(refusal.value)


def test_a_template_that_includes_terms_needs_a_rule(blueprint):
    with pytest.raises(SetupError, match="The settings name no text for the terms"):
        blueprint(settings=SETTINGS[: SETTINGS.index("    terms:")] + "currency: USD\n")
