"""What SOQL finds."""

import pytest

from tests.pocketorg.small_org import SmallOrg

EVERY = {"Edge SLA", "Edge Install", "Köln GenWatt", "100% new_business"}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Name = 'edge sla'", {"Edge SLA"}),
        ("Name = 'KÖLN genwatt'", {"Köln GenWatt"}),
        ("Name != 'edge sla'", EVERY - {"Edge SLA"}),
        ("Name <> 'edge sla'", EVERY - {"Edge SLA"}),
        ("Amount > 50000", {"Edge SLA"}),
        ("Amount >= 5e4", {"Edge SLA", "Edge Install"}),
        ("Amount != 7.5", EVERY - {"100% new_business"}),
        ("Amount = null", {"Köln GenWatt"}),
        ("Amount != NULL", EVERY - {"Köln GenWatt"}),
        ("Amount < USD5000", {"100% new_business"}),
        ("Name LIKE 'edge%'", {"Edge SLA", "Edge Install"}),
        ("Name LIKE '%KÖLN%'", {"Köln GenWatt"}),
        (r"Name LIKE '100\% new\_b%'", {"100% new_business"}),
        (r"Name LIKE '%\_%'", {"100% new_business"}),
        ("Name LIKE 'Edge S_A'", {"Edge SLA"}),
        ("(NOT Name LIKE 'Edge%') AND Amount = null", {"Köln GenWatt"}),
        ("Name IN ('EDGE sla', 'köln genwatt')", {"Edge SLA", "Köln GenWatt"}),
        ("Amount NOT IN (7.5, 60000)", {"Edge Install", "Köln GenWatt"}),
        ("Amount IN (7.5, null)", {"100% new_business", "Köln GenWatt"}),
        ("Amount NOT IN (7.5, null)", {"Edge SLA", "Edge Install"}),
        ("IsWon = true", {"Köln GenWatt"}),
        ("IsWon != true", EVERY - {"Köln GenWatt"}),
        ("IsWon = null", EVERY - {"Köln GenWatt"}),
        ("CloseDate = TODAY", {"Edge SLA"}),
        ("CloseDate > TODAY", {"Edge Install"}),
        ("CloseDate = LAST_MONTH", {"Köln GenWatt"}),
        ("CloseDate = 2026-06-01", {"Edge Install"}),
        ("CloseDate IN (TODAY, 2026-06-01)", {"Edge SLA", "Edge Install"}),
        ("CreatedDate = 2026-05-01T09:25:37+02:00", EVERY),
        ("CreatedDate >= 2026-05-01T07:25:38Z", set()),
        ("CreatedDate = THIS_MONTH AND CreatedDate != TODAY", EVERY),
        ("CALENDAR_MONTH(CloseDate) = 6", {"Edge Install"}),
        ("DAY_ONLY(CreatedDate) = 2026-05-01", EVERY),
        ("Account.Name = 'GROßE STRAßE AG'", {"Köln GenWatt"}),
        ("Account.Name = null", {"100% new_business"}),
        ("Account.Owner.Name = 'Dana Reyes'", {"Edge SLA", "Edge Install"}),
        ("Opportunity.Account.BillingCity = 'Austin'", {"Edge SLA", "Edge Install"}),
        ("AccountId IN (SELECT Id FROM Account WHERE BillingCity = 'Austin')", {"Edge SLA", "Edge Install"}),
        ("AccountId NOT IN (SELECT AccountId FROM Contact)", {"Köln GenWatt", "100% new_business"}),
        ("Tags__c INCLUDES ('a;b', 'C')", {"100% new_business"}),
        ("Tags__c INCLUDES ('A;C')", set()),
        ("Tags__c EXCLUDES ('A')", EVERY - {"100% new_business"}),
        ("toLabel(Size__c) = 'Large'", {"100% new_business"}),
        ("NOT (Amount > 10)", {"Köln GenWatt", "100% new_business"}),
        ("(Amount > 10 AND Name LIKE '%SLA') OR Amount = null", {"Edge SLA", "Köln GenWatt"}),
        ("Name = ''", set()),
    ],
)
def test_a_condition_finds_what_salesforce_would_find(sales: SmallOrg, where: str, found: set[str]) -> None:
    assert sales.named(where) == found


def test_ids_match_in_15_and_18_characters(sales: SmallOrg) -> None:
    (record,) = sales.records("SELECT Id, AccountId FROM Opportunity WHERE Name = 'Edge SLA'")
    assert sales.named(f"Id = '{record['Id'][:15]}'") == {"Edge SLA"}
    assert sales.named(f"AccountId IN ('{record['AccountId'][:15]}')") == {"Edge SLA", "Edge Install"}


def test_a_case_sensitive_field_tells_capitals_apart(org: SmallOrg) -> None:
    org.insert("Opportunity", Name="Lower", Code__c="ab")
    assert org.named("Code__c = 'ab'") == {"Lower"}
    assert org.named("Code__c = 'AB'") == set()


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        (r"O\'Neil", "O'Neil"),
        (r"back\\slash", "back\\slash"),
        (r"two\nlines", "two\nlines"),
        (r"\u00e9t\u00E9", "été"),
        (r"\ud83d\ude00", "😀"),
    ],
)
def test_escapes_in_strings_mean_what_they_mean_in_salesforce(org: SmallOrg, escaped: str, meant: str) -> None:
    org.insert("Opportunity", Name=meant)
    assert org.named(f"Name = '{escaped}'") == {meant}
    assert org.named(f"Name LIKE '{escaped}'") == {meant}


def test_what_is_written_in_a_query_never_becomes_sql(sales: SmallOrg) -> None:
    assert sales.named(r"Name = '\' OR 1=1 --'") == set()
    assert sales.named("Name LIKE '%\" OR 1=1; DROP TABLE Opportunity; --'") == set()
    assert sales.ask("SELECT COUNT() FROM Opportunity").total_size == len(EVERY)
