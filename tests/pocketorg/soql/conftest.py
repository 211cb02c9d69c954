"""A handful of records to ask for."""

from collections.abc import Iterator

import pytest

from tests.pocketorg.small_org import SmallOrg, small_org


@pytest.fixture
def org() -> Iterator[SmallOrg]:
    with small_org() as made:
        yield made


@pytest.fixture
def sales(org: SmallOrg) -> SmallOrg:
    """Two accounts and four opportunities, one of them without an account."""
    edge = org.insert("Account", Name="Edge Communications", BillingCity="Austin", OwnerId=org.user_id)
    koeln = org.insert("Account", Name="Große Straße AG", BillingCity="Köln", BillingStreet="Ring 1")
    org.insert("Contact", LastName="Forbes", AccountId=edge)
    deal = {"StageName": "Prospecting", "OwnerId": org.user_id, "IsWon": 0}
    org.insert("Opportunity", Name="Edge SLA", AccountId=edge, Amount=60000.0, CloseDate="2026-05-14", **deal)
    org.insert("Opportunity", Name="Edge Install", AccountId=edge, Amount=50000.0, CloseDate="2026-06-01", **deal)
    org.insert("Opportunity", Name="Köln GenWatt", AccountId=koeln, CloseDate="2026-04-30", **(deal | {"IsWon": 1}))
    org.insert("Opportunity", Name="100% new_business", Amount=7.5, Size__c="L", Tags__c="A;B", **deal)
    return org
