"""Complete or not at all: every gap at once, in the rep's words; sums that agree."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sfsync import config
from sfsync.due import Version, decide
from sfsync.errors import RecordIncomplete, SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.forms import compose
from sfsync.records import FieldLabel, Opportunity, Shown

SETTINGS = """\
company: {name: Northwind}
order_forms:
  - name: Renewal
    stage: Order Form
    template: form.xml
    when: Opportunity.Type == "Renewal"
  - name: Standard
    stage: Order Form
    template: form.xml
    file_name: "{{ Opportunity.Name }} for {{ company.name }}"
    needs:
      Account.BillingStreet: Add the billing address.
      Opportunity.Account.BillingCity: Add the billing address.
      OpportunityLineItems: Add a product.
      OpportunityLineItems.ServiceDate: Add a date to each product.
currency: USD
"""
LABELS = {
    "Account.BillingStreet": FieldLabel(label="Billing Street", object_label="Account"),
    "Account.BillingCity": FieldLabel(label="Billing City", object_label="Account"),
    "OpportunityLineItems": FieldLabel(label="ID", object_label="Opportunity Product"),
    "OpportunityLineItems.ServiceDate": FieldLabel(label="Date", object_label="Opportunity Product"),
}


def line(quantity="2", price="10.00", total="20.00", **more):
    numbers = {"Quantity": Decimal(quantity), "UnitPrice": Decimal(price), "TotalPrice": Decimal(total)}
    return {"ServiceDate": "2026-12-01", **numbers, **more}


ONE_LINE = (line(),)


def deal(lines=ONE_LINE, amount="20.00", currency="USD", line_currencies=(), **values) -> Opportunity:
    moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    return Opportunity(
        id="006000000000001AAA",
        name="Deal",
        stage="Order Form",
        owner_id="005000000000001AAA",
        entered_at=moment,
        moved_at=moment,
        currency=currency,
        line_currencies=frozenset(line_currencies),
        values={
            "Name": "Deal",
            "Type": "New",
            "Amount": None if amount is None else Decimal(amount),
            "Account": {"BillingStreet": "1 Market Street", "BillingCity": "San Francisco"},
            "OpportunityLineItems": tuple(lines),
            **values,
        },
        made=None,
        shown=Shown(status=None, message=None, version=None, token=None),
    )


@pytest.fixture
def loaded(tmp_path):
    (tmp_path / "form.xml").write_text('<form title="{{ Opportunity.Name }}"><p>{{ company.name }}</p></form>')
    (tmp_path / "sfsync.yaml").write_text(SETTINGS)
    return config.load(tmp_path / "sfsync.yaml")


@pytest.fixture
def make(loaded):
    blueprints = order_forms.load(loaded)

    def make_(opportunity: Opportunity):
        blueprint = compose.choose(opportunity, blueprints)
        assert blueprint
        version = decide(opportunity, blueprint.paths, blueprint.made_with)
        assert isinstance(version, Version)
        return compose.compose(opportunity, blueprint, version, loaded.settings, LABELS)

    return make_


def gaps(make, opportunity) -> str:
    with pytest.raises(RecordIncomplete) as caught:
        make(opportunity)
    return caught.value.what


def test_a_complete_deal_becomes_a_form(make):
    form = make(deal())
    assert (form.name, form.title, form.version) == ("Standard", "Deal for Northwind", 1)


def test_the_first_form_whose_condition_matches_wins(make):
    assert make(deal(Type="Renewal")).name == "Renewal"


def test_no_form_for_another_stage(loaded):
    assert compose.choose(replace(deal(), stage="Closed Won"), order_forms.load(loaded)) is None


def test_every_gap_is_named_at_once_with_its_label_and_place(make):
    lines = (line(), line(ServiceDate=None), line(ServiceDate=" "))
    said = gaps(make, deal(lines, amount="50.00", Account={"BillingStreet": None, "BillingCity": None}))
    assert said == (
        "• Add the billing address. (Account: Billing Street; Account: Billing City)\n"
        "• Add a date to each product. (Opportunity Product 2: Date; Opportunity Product 3: Date)\n"
        "• The products add up to $60.00, but Amount says $50.00. Correct the products or the amount."
    )


def test_a_deal_without_products_is_told_so(make):
    assert gaps(make, deal((), amount="5.00")) == "• Add a product. (Opportunity Product: none)"


@pytest.mark.parametrize(
    ("opportunity", "said"),
    [
        (deal(amount=None), "but Amount is empty"),
        (deal(amount="20.02"), "but Amount says $20.02"),
        (deal((line(total="-20.00", quantity="-2"),), amount="-20.00"), "cannot promise less than nothing"),
        (deal((line(total="19.00"),), amount="19.00"), "Product 1: quantity times price and its total disagree"),
        (deal((line(total="18.00", Discount=Decimal(120)),), amount="18.00"), "Product 1 has a discount of 120 %"),
        (deal(line_currencies=["EUR", "USD"]), "The products are in EUR, the opportunity is in USD"),
        (deal(currency=""), "has no currency"),
    ],
)
def test_sums_that_disagree_are_no_form(make, opportunity, said):
    assert said in gaps(make, opportunity)


@pytest.mark.parametrize(
    "lines",
    [
        (line("3", "33.33", "100.00"),),  # the org keeps 33.3333 and shows 33.33
        (line("2", "10.00", "18.00", Discount=Decimal(10)),),
        (line("0", "10.00", "0.00"),),
        (line("10", "10.00", "100.00"), line("-1", "10.00", "-10.00")),  # a credit in a positive deal
    ],
)
def test_cents_discounts_and_credits_are_no_disagreement(make, lines):
    assert make(deal(lines, amount=str(sum(each["TotalPrice"] for each in lines))))


def test_a_cent_between_products_and_amount_is_tolerated(make):
    assert make(deal(amount="20.01"))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ('AT&T <Corp> "R&D"', "AT&T -Corp- -R&D-"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("  two\n lines\x00 ", "two lines"),
        ("x" * 500, "x" * 80),
        ("Çelik Übersee 東京", "Çelik Übersee 東京"),
        ("half \ud800 pair", "half pair"),
    ],
)
def test_a_file_name_is_one_that_every_system_takes(text, title):
    assert compose.file_title(text) == title


def test_a_missing_template_is_named_with_its_line_and_the_templates_there_are(loaded, tmp_path):
    (tmp_path / "form.xml").rename(tmp_path / "other.xml")
    with pytest.raises(SetupError) as caught:
        order_forms.load(loaded)
    assert "sfsync.yaml:5: There is no file 'form.xml'." in str(caught.value)


def test_settings_and_template_have_a_fingerprint_of_their_own(loaded, tmp_path):
    before = [b.made_with for b in order_forms.load(loaded)]
    (tmp_path / "form.xml").write_text("<form title='New'><p>Hello</p></form>")
    assert all(a != b for a, b in zip(before, [b.made_with for b in order_forms.load(loaded)], strict=True))
