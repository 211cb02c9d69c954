"""The sample company, and as many deals as one likes, written through one narrow door."""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from sfsync.pocketorg import seed, standard
from sfsync.pocketorg.schema import Schema, SObject

GROUND = seed.Ground(pricebook_id="01sPk0000000001IAA", profile_id="00ePk0000000001IAA", today=date(2026, 11, 23))


class Recorder:
    """An org that only keeps what it is given, and refuses what the schema does not know."""

    def __init__(self) -> None:
        self.schema = standard.schema()
        self.rows: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, sobject: str, values: dict[str, Any], /) -> str:
        known = self.schema.get(sobject)
        assert known is not None
        for name, value in values.items():
            self.check(known, name, value)
        self.rows.append((sobject, values))
        return f"{known.key_prefix}Pk{len(self.rows):010}AAA"

    @staticmethod
    def check(known: SObject, name: str, value: Any) -> None:
        field = known.field(name)
        assert field is not None, f"{known.name}.{name}"
        if field.restricted:
            assert value in [v.value for v in field.picklist], f"{known.name}.{name} = {value}"
        if field.length and isinstance(value, str):
            assert len(value) <= field.length

    def of(self, sobject: str) -> list[dict[str, Any]]:
        return [values for name, values in self.rows if name == sobject]


@pytest.fixture
def org() -> Recorder:
    return Recorder()


def test_the_sample_company_is_the_one_that_every_admin_knows(org: Recorder) -> None:
    seed.sample(org, GROUND)
    names = {a["Name"] for a in org.of("Account")}
    assert {"Edge Communications", "GenePoint", "sForce", "United Oil & Gas Corp."} <= names
    assert len(org.of("Opportunity")) == 29
    assert len(org.of("Product2")) == len(org.of("PricebookEntry")) == 17


def test_nothing_in_the_sample_stands_in_the_order_form_stage_yet(org: Recorder) -> None:
    seed.sample(org, GROUND)
    assert "Order Form" not in {o["StageName"] for o in org.of("Opportunity")}


def test_the_sample_has_the_troubles_that_the_demo_shows(org: Recorder) -> None:
    seed.sample(org, GROUND)
    assert [a["Name"] for a in org.of("Account") if "BillingStreet" not in a] == ["Express Logistics and Transport"]
    ids = {f"006Pk{i:010}AAA": v["Name"] for i, (name, v) in enumerate(org.rows, 1) if name == "Opportunity"}
    with_lines = {line["OpportunityId"] for line in org.of("OpportunityLineItem")}
    assert [name for record_id, name in ids.items() if record_id not in with_lines] == ["Dickenson Mobile Generators"]


def test_each_deal_of_the_sample_has_one_primary_contact_and_belongs_to_the_rep(org: Recorder) -> None:
    seed.sample(org, GROUND)
    roles = Counter(r["OpportunityId"] for r in org.of("OpportunityContactRole") if r["IsPrimary"])
    assert len(roles) == 29
    assert set(roles.values()) == {1}
    assert len({o["OwnerId"] for o in org.of("Opportunity")}) == 1
    assert org.of("User")[0]["Username"] == seed.REP


def test_close_dates_move_with_the_day_on_which_the_org_is_made(org: Recorder) -> None:
    seed.sample(org, GROUND)
    dates = {o["Name"]: o["CloseDate"] for o in org.of("Opportunity")}
    assert dates["Edge Emergency Generator"] == "2026-11-28"
    assert all(o["CreatedDate"][:10] < min(o["CloseDate"], "2026-11-23") for o in org.of("Opportunity"))


def test_many_makes_the_same_deals_at_each_start() -> None:
    first, second, other = Recorder(), Recorder(), Recorder()
    seed.many(50, first, GROUND)
    seed.many(50, second, GROUND)
    seed.many(50, other, GROUND, seed=8)
    assert first.rows == second.rows
    assert first.rows != other.rows


def test_many_gives_each_deal_its_customer_contact_and_products(org: Recorder) -> None:
    seed.many(400, org, GROUND)
    lines = Counter(line["OpportunityId"] for line in org.of("OpportunityLineItem"))
    assert len(org.of("Opportunity")) == len(org.of("OpportunityContactRole")) == len(lines) == 400
    short = [n for n in lines.values() if n <= 8]
    long = [n for n in lines.values() if n >= 20]
    assert len(short) + len(long) == 400
    assert 4 <= len(long) <= 24
    assert all("BillingCity" in account for account in org.of("Account"))


def test_the_stage_picklist_follows_the_rows_of_the_org() -> None:
    schema: Schema = standard.schema()
    rows = [
        {"ApiName": "Won", "MasterLabel": "Gewonnen", "IsActive": 1, "SortOrder": 2},
        {"ApiName": "New", "MasterLabel": "Neu", "IsActive": 1, "SortOrder": 1},
        {"ApiName": "Old", "MasterLabel": "Alt", "IsActive": 0, "SortOrder": 3},
    ]
    seed.list_stages(schema, rows)
    opportunity = schema.get("Opportunity")
    stage = opportunity.field("StageName") if opportunity else None
    assert stage is not None
    assert [(v.value, v.label) for v in stage.picklist] == [("New", "Neu"), ("Won", "Gewonnen")]
