"""Whether a record is due: what the rep changes counts, what nobody changed does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sfsync.due import Restore, Token, Version, decide, fingerprints
from sfsync.records import Made, Opportunity, Shown, Status

ENTERED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PATHS = ("Name", "Amount", "Account.BillingCity", "OpportunityLineItems.Quantity")
TEMPLATE = "aaaaaaaa"

FRESH = Opportunity(
    id="006000000000001AAA",
    name="Deal",
    stage="Order Form",
    owner_id="005000000000001AAA",
    entered_at=ENTERED,
    moved_at=ENTERED + timedelta(minutes=5),
    currency="USD",
    line_currencies=frozenset(),
    values={
        "Name": "Deal",
        "Amount": Decimal("10.00"),
        "Account": {"BillingCity": "Berlin"},
        "OpportunityLineItems": ({"Quantity": Decimal(1)}, {"Quantity": Decimal(2)}),
    },
    made=None,
    shown=Shown(status=None, message=None, version=None, token=None),
)


def served(opportunity: Opportunity = FRESH, *, paths=PATHS, made_with=TEMPLATE) -> Opportunity:
    """The same record after its form was attached."""
    version = decide(opportunity, paths, made_with)
    assert isinstance(version, Version)
    made = Made(
        version=version.number,
        token=str(version.token),
        file_id="068000000000001AAA",
        requested_at=version.requested_at,
        ready_at=version.requested_at,
        made_from=version.made_from,
    )
    shown = Shown(status=Status.READY, message=None, version=version.number, token=str(version.token))
    return replace(opportunity, made=made, shown=shown)


def changed(opportunity: Opportunity, **values) -> Opportunity:
    return replace(opportunity, values={**opportunity.values, **values})


def test_a_record_that_enters_the_stage_gets_version_1_asked_for_when_it_entered():
    version = decide(FRESH, PATHS, TEMPLATE)
    assert isinstance(version, Version)
    assert (version.number, version.requested_at) == (1, ENTERED)


def test_an_unchanged_record_gets_nothing():
    assert decide(served(), PATHS, TEMPLATE) is None


@pytest.mark.parametrize(
    "values",
    [
        {"Name": "Better deal"},
        {"Amount": Decimal("10.01")},
        {"Account": {"BillingCity": None}},
        {"OpportunityLineItems": ({"Quantity": Decimal(2)}, {"Quantity": Decimal(1)})},
        {"OpportunityLineItems": ({"Quantity": Decimal(1)},)},
    ],
)
def test_a_change_of_what_the_form_prints_makes_the_next_version(values):
    version = decide(changed(served(), **values), PATHS, TEMPLATE)
    assert isinstance(version, Version)
    assert (version.number, version.requested_at) == (2, FRESH.moved_at)


def test_a_change_of_anything_else_makes_nothing():
    assert decide(changed(served(), NextStep="Call Jane"), PATHS, TEMPLATE) is None


def test_the_same_number_written_otherwise_is_no_change():
    assert decide(changed(served(), Amount=Decimal("1E+1")), PATHS, TEMPLATE) is None


def test_entering_the_stage_again_is_a_new_request():
    again = replace(served(), entered_at=ENTERED + timedelta(hours=1))
    version = decide(again, PATHS, TEMPLATE)
    assert isinstance(version, Version)
    assert (version.number, version.requested_at) == (2, again.entered_at)


def test_a_new_template_alone_makes_nothing_though_it_reads_other_fields():
    record = changed(served(), NextStep="Call Jane")
    assert decide(record, ["Name", "NextStep"], "bbbbbbbb") is None


def test_under_a_new_template_a_change_still_counts():
    assert isinstance(decide(changed(served(), Name="Better"), ["Name", "NextStep"], "bbbbbbbb"), Version)


def test_remake_serves_the_new_template_and_only_that():
    assert isinstance(decide(served(), PATHS, "bbbbbbbb", remake=True), Version)
    assert decide(served(), PATHS, TEMPLATE, remake=True) is None


def test_wiped_fields_are_restored_and_no_new_version_is_made():
    wiped = replace(served(), shown=Shown(status=None, message=None, version=None, token=None))
    assert decide(wiped, PATHS, TEMPLATE) == Restore(opportunity_id=FRESH.id)


def test_a_message_that_no_longer_holds_is_taken_away():
    record = served()
    stale = replace(record, shown=replace(record.shown, status=Status.NEEDS_INFORMATION, message="• Add a product."))
    assert decide(stale, PATHS, TEMPLATE) == Restore(opportunity_id=FRESH.id)


def test_a_clone_is_due_though_it_carries_the_fields_of_its_model():
    clone = replace(served(), id="006000000000002AAA", made=None)
    version = decide(clone, PATHS, TEMPLATE)
    assert isinstance(version, Version)
    assert version.number == 1
    assert version.token.opportunity_id == clone.id


def test_a_token_survives_being_written_and_read():
    version = decide(FRESH, PATHS, TEMPLATE)
    assert isinstance(version, Version)
    assert Token.parse(str(version.token)) == version.token
    assert len(str(version.token)) <= 255


@pytest.mark.parametrize("text", [None, "", "hello", "006:x:y:z"])
def test_what_is_no_token_reads_as_none(text):
    assert Token.parse(text) is None


def test_a_parent_that_is_not_set_has_a_fingerprint_too():
    found = fingerprints({"Account": {"BillingCity": None}}, ["Account.BillingCity"])
    assert set(found) == {"Account.BillingCity"}
