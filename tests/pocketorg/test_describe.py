"""What the pocket org says of its standard objects agrees with what real orgs said."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfsync.pocketorg import metadata, standard
from sfsync.pocketorg.rest import describe
from sfsync.pocketorg.schema import Schema

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "salesforce" / "recorded"
FULL = ["Account", "Contact", "Opportunity", "OpportunityContactRole"]
SCHEMA = standard.schema()

COMPARED = (
    "type",
    "length",
    "precision",
    "scale",
    "nillable",
    "createable",
    "updateable",
    "filterable",
    "sortable",
    "groupable",
    "aggregatable",
    "unique",
    "idLookup",
    "nameField",
    "defaultedOnCreate",
    "permissionable",
    "restrictedPicklist",
    "soapType",
    "byteLength",
    "digits",
    "extraTypeInfo",
    "compoundFieldName",
    "queryByDistance",
    "relationshipName",
    "label",
    "defaultValue",
)


@dataclass(frozen=True)
class Someone:
    """A user who may do everything, but for what is listed."""

    hidden: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    forbidden: frozenset[tuple[str, str]] = frozenset()

    def can(self, sobject: str, action: str) -> bool:
        return (sobject, action) not in self.forbidden

    def readable(self, sobject: str, field: str) -> bool:
        return f"{sobject}.{field}" not in self.hidden

    def editable(self, sobject: str, field: str) -> bool:
        return f"{sobject}.{field}" not in self.locked


ADMIN = Someone()
CLERK = Someone(
    hidden=frozenset({"Opportunity.Amount"}),
    locked=frozenset({"Opportunity.NextStep"}),
    forbidden=frozenset({("Opportunity", "delete"), ("Contact", "read")}),
)


def recorded(*parts: str) -> dict[str, Any]:
    path = RECORDED.joinpath(*parts)
    if not path.exists():
        pytest.skip("the recordings are not beside this checkout")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def ours(name: str, schema: Schema = SCHEMA) -> dict[str, Any]:
    sobject = schema.get(name)
    assert sobject is not None
    return describe.describe_sobject(sobject, schema, ADMIN, "61.0", instance_url="http://127.0.0.1:1")


def values(field: dict[str, Any]) -> list[tuple[str, str]]:
    return [(v["value"], v["label"] or v["value"]) for v in field["picklistValues"]]


@pytest.mark.parametrize("name", FULL)
def test_a_describe_has_every_key_that_a_real_org_sends(name: str) -> None:
    real, mine = recorded("describes-full", "cumulusci", f"{name}_describe.json"), ours(name)
    # older versions of the API send fewer
    assert set(mine) >= set(real)
    assert set(mine["fields"][0]) == set(real["fields"][0])
    if mine["childRelationships"]:
        assert set(mine["childRelationships"][0]) == set(real["childRelationships"][0])


@pytest.mark.parametrize("name", FULL)
def test_a_describe_has_the_flags_of_a_real_org(name: str) -> None:
    real, mine = recorded("describes-full", "cumulusci", f"{name}_describe.json"), ours(name)
    flags = [k for k, v in real.items() if isinstance(v, bool)]
    assert {k: mine[k] for k in flags} == {k: real[k] for k in flags}
    assert (mine["keyPrefix"], mine["labelPlural"]) == (real["keyPrefix"], real["labelPlural"])


def test_the_list_of_objects_has_the_keys_and_flags_of_a_real_org() -> None:
    real = recorded("describes-full", "cumulusci", "Global_describe.json")
    mine = describe.describe_global(SCHEMA, ADMIN, "52.0")
    assert set(mine) == set(real)
    theirs = {s["name"]: s for s in real["sobjects"]}
    both = [s for s in mine["sobjects"] if s["name"] in theirs]
    assert {s["name"] for s in both} >= {"Account", "Opportunity", "Organization", "User"}
    for each in both:
        # the addresses of forms, of named layouts and of password pages lead nowhere in a pocket org
        assert {k: v for k, v in each.items() if k != "urls"} == {
            k: v for k, v in theirs[each["name"]].items() if k != "urls"
        }
        assert each["urls"]["describe"] == theirs[each["name"]]["urls"]["describe"]


def test_field_level_security_takes_fields_and_abilities_out_of_describe() -> None:
    opportunity = SCHEMA.get("opportunity")
    assert opportunity is not None
    seen = describe.describe_sobject(opportunity, SCHEMA, CLERK, "61.0")
    fields = {f["name"]: f for f in seen["fields"]}
    assert "Amount" not in fields
    assert (fields["NextStep"]["updateable"], fields["Name"]["updateable"]) == (False, True)
    assert (seen["deletable"], seen["undeletable"], seen["updateable"]) == (False, False, True)


def test_objects_that_a_user_may_not_read_are_not_listed() -> None:
    listed = [s["name"] for s in describe.describe_global(SCHEMA, CLERK, "61.0")["sobjects"]]
    assert "Contact" not in listed
    assert "Account" in listed


def test_basic_information_is_the_line_of_the_list() -> None:
    account = SCHEMA.get("Account")
    assert account is not None
    basic = describe.describe_basic(account, ADMIN, "61.0")
    assert basic["recentItems"] == []
    assert basic["objectDescribe"]["urls"]["rowTemplate"] == "/services/data/v61.0/sobjects/Account/{ID}"


def test_our_own_object_is_described_like_any_custom_object() -> None:
    schema = standard.schema()
    metadata.load(Path(__file__).parents[2] / "config" / "salesforce").apply(schema)
    mine = ours("Order_Form__c", schema)
    fields = {f["name"]: f for f in mine["fields"]}
    assert (mine["custom"], mine["keyPrefix"], mine["recordTypeInfos"][0]["master"]) == (True, "a01", True)
    assert (fields["Name"]["autoNumber"], fields["Name"]["createable"]) == (True, False)
    assert (fields["Seconds__c"]["calculated"], fields["Seconds__c"]["updateable"]) == (True, False)
    assert (fields["Opportunity__c"]["cascadeDelete"], fields["Opportunity__c"]["relationshipOrder"]) == (True, 0)
    assert (fields["Key__c"]["externalId"], fields["Key__c"]["byteLength"]) == (True, 120)


def test_each_schema_is_a_copy_of_its_own() -> None:
    first, second = standard.schema(), standard.schema()
    assert first.get("Account") is not second.get("Account")
