"""What SOQL finds, in which shape, and in which words it is refused."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfsync.pocketorg import query
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import dates, soql
from sfsync.pocketorg.query.answers import MOST_CURSORS
from tests.pocketorg.small_org import NOW, Everyone, SmallOrg, small_org

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "salesforce" / "recorded" / "rest" / "sf-functions-python"


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


def names(org: SmallOrg, where: str) -> set[str]:
    return set(org.column(f"SELECT Name FROM Opportunity WHERE {where}"))


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
    assert names(sales, where) == found


def test_ids_match_in_15_and_18_characters(sales: SmallOrg) -> None:
    (record,) = sales.records("SELECT Id, AccountId FROM Opportunity WHERE Name = 'Edge SLA'")
    assert names(sales, f"Id = '{record['Id'][:15]}'") == {"Edge SLA"}
    assert names(sales, f"AccountId IN ('{record['AccountId'][:15]}')") == {"Edge SLA", "Edge Install"}


def test_a_case_sensitive_field_tells_capitals_apart(org: SmallOrg) -> None:
    org.insert("Opportunity", Name="Lower", Code__c="ab")
    assert names(org, "Code__c = 'ab'") == {"Lower"}
    assert names(org, "Code__c = 'AB'") == set()


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
    assert names(org, f"Name = '{escaped}'") == {meant}
    assert names(org, f"Name LIKE '{escaped}'") == {meant}


def test_what_is_written_in_a_query_never_becomes_sql(sales: SmallOrg) -> None:
    assert names(sales, r"Name = '\' OR 1=1 --'") == set()
    assert names(sales, "Name LIKE '%\" OR 1=1; DROP TABLE Opportunity; --'") == set()
    assert sales.ask("SELECT COUNT() FROM Opportunity").total_size == len(EVERY)


# -- shapes ------------------------------------------------------------------------------------------------------------


def test_a_record_carries_its_type_its_address_and_its_fields_in_the_order_asked(sales: SmallOrg) -> None:
    (record,) = sales.records(
        "select name, amount, closedate, createddate, iswon FROM opportunity WHERE Name = 'Edge SLA'"
    )
    record_id = record["attributes"]["url"].rpartition("/")[2]
    assert list(record.items()) == [
        ("attributes", {"type": "Opportunity", "url": f"/services/data/v59.0/sobjects/Opportunity/{record_id}"}),
        ("Name", "Edge SLA"),
        ("Amount", 60000.0),
        ("CloseDate", "2026-05-14"),
        ("CreatedDate", "2026-05-01T07:25:37.000+0000"),
        ("IsWon", False),
    ]


def test_parents_are_nested_and_a_missing_parent_is_null(sales: SmallOrg) -> None:
    records = sales.records(
        "SELECT Name, Account.Name, Account.Owner.Email, Owner.Name FROM Opportunity o ORDER BY o.Name"
    )
    assert records[0]["Account"] is None
    assert records[1]["Account"]["Owner"] == {
        "attributes": {"type": "User", "url": f"/services/data/v59.0/sobjects/User/{sales.user_id}"},
        "Email": "dana@example.com",
    }
    assert records[3]["Account"]["Owner"] is None
    assert list(records[1]) == ["attributes", "Name", "Account", "Owner"]


def test_a_parent_of_several_kinds_goes_by_name(sales: SmallOrg) -> None:
    (deal,) = sales.column("SELECT Id FROM Opportunity WHERE Name = 'Edge SLA'")
    sales.insert("Task", Subject="Call", WhatId=deal)
    (task,) = sales.records("SELECT Subject, What.Name, What.Type FROM Task WHERE What.Type = 'Opportunity'")
    assert task["What"]["attributes"]["type"] == "Name"
    assert (task["What"]["Name"], task["What"]["Type"]) == ("Edge SLA", "Opportunity")


def test_children_hang_below_their_parents_with_their_own_order_and_limit(sales: SmallOrg) -> None:
    records = sales.records(
        "SELECT Name, (SELECT Name, Owner.Name FROM Opportunities WHERE Amount > 1 ORDER BY Amount LIMIT 1) "
        "FROM Account ORDER BY Name"
    )
    assert records[0]["Opportunities"]["totalSize"] == 1
    assert records[0]["Opportunities"]["done"] is True
    assert records[0]["Opportunities"]["records"][0]["Name"] == "Edge Install"
    assert records[1]["Opportunities"] is None


def test_children_of_all_parents_come_in_one_statement(sales: SmallOrg) -> None:
    statements: list[str] = []
    sales.db.set_trace_callback(statements.append)
    sales.ask("SELECT Id, (SELECT Id FROM Opportunities), (SELECT Id FROM Contacts) FROM Account")
    sales.db.set_trace_callback(None)
    assert len([s for s in statements if "TimeZoneSidKey" not in s and "FiscalYear" not in s]) == 3


def test_an_address_is_one_value_made_of_its_parts(sales: SmallOrg) -> None:
    (found,) = sales.column("SELECT BillingAddress FROM Account WHERE BillingCity = 'köln'")
    assert (found["city"], found["street"], found["country"]) == ("Köln", "Ring 1", None)


def test_the_bytes_of_a_file_are_an_address(org: SmallOrg) -> None:
    org.insert("ContentVersion", Title="Form", VersionData=b"%PDF", IsLatest=1)
    (record,) = org.records("SELECT Id, VersionData FROM ContentVersion", version="v60.0")
    assert record["VersionData"] == f"/services/data/v60.0/sobjects/ContentVersion/{record['Id']}/VersionData"


def test_fields_all_selects_every_field_once(sales: SmallOrg) -> None:
    (record,) = sales.records("SELECT FIELDS(ALL) FROM Account LIMIT 1")
    account = sales.schema.get("Account")
    assert account is not None
    assert set(record) - {"attributes"} == {f.name for f in account.fields.values()}


def test_sums_and_counts_come_as_aggregate_results(sales: SmallOrg) -> None:
    records = sales.records(
        "SELECT Account.Name, COUNT(Id), SUM(Amount) total, AVG(Amount), MIN(CloseDate), COUNT_DISTINCT(StageName) "
        "FROM Opportunity WHERE AccountId != null GROUP BY Account.Name HAVING COUNT(Id) > 1 ORDER BY SUM(Amount) DESC"
    )
    assert records == [
        {
            "attributes": {"type": "AggregateResult"},
            "Name": "Edge Communications",
            "expr0": 2,
            "total": 110000.0,
            "expr1": 55000.0,
            "expr2": "2026-05-14",
            "expr3": 1,
        }
    ]


def test_count_without_a_field_gives_the_size_and_no_records(sales: SmallOrg) -> None:
    result = sales.ask("SELECT COUNT() FROM Opportunity WHERE Amount != null")
    assert (result.total_size, result.records) == (3, [])
    assert sales.ask("SELECT COUNT() FROM Opportunity LIMIT 2").total_size == 2


def test_rows_sort_without_regard_to_case_and_nulls_come_first(sales: SmallOrg) -> None:
    by_amount = "SELECT Amount FROM Opportunity ORDER BY Amount"
    assert sales.column(by_amount) == [None, 7.5, 50000.0, 60000.0]
    assert sales.column(f"{by_amount} DESC") == [None, 60000.0, 50000.0, 7.5]
    assert sales.column(f"{by_amount} DESC NULLS LAST LIMIT 2 OFFSET 1") == [50000.0, 7.5]
    sales.insert("Account", Name="apple")
    sales.insert("Account", Name="Zebra")
    assert sales.column("SELECT Name FROM Account ORDER BY Name")[0] == "apple"


def test_deleted_rows_show_only_when_asked_for(sales: SmallOrg) -> None:
    sales.insert("Opportunity", Name="Gone", IsDeleted=1)
    assert names(sales, "Name = 'Gone'") == set()
    assert sales.ask("SELECT Id FROM Opportunity WHERE Name = 'Gone'", include_deleted=True).total_size == 1


def test_labels_and_formats_are_given_on_request(sales: SmallOrg) -> None:
    (record,) = sales.records("SELECT toLabel(Size__c), FORMAT(Amount) shown FROM Opportunity WHERE Size__c = 'L'")
    assert (record["Size__c"], record["shown"]) == ("Large", "7.50")


def test_the_users_day_begins_in_the_users_time_zone(org: SmallOrg) -> None:
    org.insert("Opportunity", Name="Late yesterday in UTC", CreatedDate="2026-05-13T22:30:00.000Z")
    org.insert("Opportunity", Name="Late today in UTC", CreatedDate="2026-05-14T22:30:00.000Z")
    assert names(org, "CreatedDate = TODAY") == {"Late yesterday in UTC"}


def test_an_id_list_and_a_parent_are_looked_up_by_index(sales: SmallOrg) -> None:
    plans: list[str] = []
    sales.db.set_trace_callback(plans.append)
    sales.ask("SELECT Account.Name FROM Opportunity WHERE Id IN ('006Pk0000000001', '006Pk0000000002')")
    sales.db.set_trace_callback(None)
    steps = " ".join(str(tuple(row)) for row in sales.db.execute(f"EXPLAIN QUERY PLAN {plans[-1]}"))
    assert "SCAN" not in steps


# -- refusals ----------------------------------------------------------------------------------------------------------

WSDL = " Please reference your WSDL or the describe call for the appropriate names."


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("SELEKT Name FROM Account", "MALFORMED_QUERY", "unexpected token: SELEKT"),
        ("SELECT Name FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Name, FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        ("SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Name = 'c'", "MALFORMED_QUERY", "token: 'AND'"),
        (
            "SELECT Id FROM Account WHERE Name = $x",
            "MALFORMED_QUERY",
            "line 1:37 no viable alternative at character '$'",
        ),
        ("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY", "no viable alternative"),
        (r"SELECT Id FROM Account WHERE Name = 'a\d'", "MALFORMED_QUERY", r"Illegal character sequence '\d'"),
        ("SELECT Nope__c FROM Account", "INVALID_FIELD", "No such column 'Nope__c' on entity 'Account'."),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Nope' in field path."),
        ("SELECT Account.Nope FROM Opportunity", "INVALID_FIELD", "No such column 'Nope' on entity 'Account'."),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported."),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Account", "INVALID_TYPE", "relationship 'Nopes' in FROM part"),
        ("SELECT Id, Name, Id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Name n FROM Account", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        (
            "SELECT Id FROM Opportunity WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered",
        ),
        ("SELECT Id FROM Opportunity ORDER BY Description", "MALFORMED_QUERY", "'Description' can not be sorted in a"),
        ("SELECT COUNT(Id) FROM Opportunity GROUP BY Description", "MALFORMED_QUERY", "can not be grouped in a query"),
        ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "field Name does not support aggregate operator SUM"),
        ("SELECT Id FROM Account WHERE BillingAddress = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
        (
            "SELECT Id FROM Opportunity WHERE Amount = '5'",
            "INVALID_FIELD",
            "value of filter criterion for field 'Amount' must be of type double and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Name = 5",
            "INVALID_FIELD",
            "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CreatedDate > 2026-05-01",
            "INVALID_FIELD",
            "field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Account WHERE Id = 'wonky'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: wonky"),
        (
            "SELECT Id FROM Account WHERE Id LIKE '001%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "offset allowed is 2000"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "must have a LIMIT of at most 200"),
        ("SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY", "requires a filter by a single Id on"),
        ("SELECT Id FROM ContentDocumentLink WHERE ShareType = 'V'", "MALFORMED_QUERY", "using the IN operator."),
        ("SELECT Id FROM Opportunity WHERE CreatedDate > 2026-05-01T00:00:00 02:00", "MALFORMED_QUERY", "token: '02'"),
        (
            "SELECT Id FROM Opportunity WHERE CreatedDate > 2026-05-01T00:00:00",
            "MALFORMED_QUERY",
            "no viable alternative",
        ),
        ("SELECT Id FROM Opportunity WHERE CloseDate = 2026-02-30", "MALFORMED_QUERY", "2026-02-30"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = SOMEDAY", "MALFORMED_QUERY", "unexpected token: 'SOMEDAY'"),
        ("SELECT TYPEOF What WHEN Account THEN Phone END FROM Task", "MALFORMED_QUERY", "TYPEOF is not supported"),
        ("SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Name), Type", "MALFORMED_QUERY", "can not be combined"),
        ("SELECT COUNT(Id) FROM Account GROUP BY CUBE(Name, Type, Site, Fax)", "MALFORMED_QUERY", "between 1 and 3"),
        ("SELECT GROUPING(Type) FROM Account GROUP BY ROLLUP(Name)", "MALFORMED_QUERY", "takes a field of GROUP BY"),
        ("SELECT Id FROM Account ALL ROWS", "MALFORMED_QUERY", "ALL ROWS not allowed in this context"),
        ("SELECT Id FROM Account FOR UPDATE", "MALFORMED_QUERY", "FOR UPDATE is not allowed in this context"),
        ("SELECT Id FROM Account USING SCOPE mine", "MALFORMED_QUERY", "USING SCOPE mine is not supported"),
        ("SELECT Id FROM Account WHERE DISTANCE(Name, GEOLOCATION(1, 2), 'km') < 5", "MALFORMED_QUERY", "DISTANCE()"),
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY",
            "only allowed at the top level WHERE expressions",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)",
            "MALFORMED_QUERY",
            "should not be on the same object type",
        ),
        (
            "SELECT Id FROM ContentDocument WHERE Id IN (SELECT ContentDocumentId FROM ContentDocumentLink)",
            "MALFORMED_QUERY",
            "Entity 'ContentDocumentLink' is not supported for semi join inner selects",
        ),
        (f"SELECT Id FROM Account WHERE Name = '{'x' * 4001}'", "MALFORMED_QUERY", "4000 characters"),
        (f"SELECT Id FROM Account WHERE Name = 'x'{' ' * 100_000}", "MALFORMED_QUERY", "100000 characters"),
    ],
)
def test_what_is_wrong_is_refused_in_salesforces_words(org: SmallOrg, text: str, code: str, words: str) -> None:
    error = org.refusal(text)
    assert (error.status, error.code) == (400, code)
    assert words in error.message


def test_an_unknown_column_is_pointed_at_as_recorded(org: SmallOrg) -> None:
    recording = RECORDED / "query-unknown-column.json"
    if not recording.exists():
        pytest.skip("the recordings are not beside this checkout")
    recorded = json.loads(recording.read_text(encoding="utf-8"))
    asked = recorded["request"]["queryParameters"]["q"]["equalTo"]
    assert org.refusal(asked).body() == json.loads(recorded["response"]["body"])


def test_a_malformed_query_is_answered_as_recorded(org: SmallOrg) -> None:
    recording = RECORDED / "query-malformed-soql.json"
    if not recording.exists():
        pytest.skip("the recordings are not beside this checkout")
    recorded = json.loads(recording.read_text(encoding="utf-8"))
    asked = recorded["request"]["queryParameters"]["q"]["equalTo"]
    assert org.refusal(asked).body() == json.loads(recorded["response"]["body"])


def test_what_a_user_may_not_see_is_not_there(sales: SmallOrg) -> None:
    sales.access = Everyone(
        frozenset({"Contact"}), frozenset({("Opportunity", "Amount"), ("Opportunity", "AccountId")})
    )
    assert "No such column 'Amount'" in sales.refusal("SELECT Amount FROM Opportunity").message
    assert sales.refusal("SELECT Id FROM Opportunity WHERE Amount > 1").code == "INVALID_FIELD"
    assert sales.refusal("SELECT Id FROM Contact").code == "INVALID_TYPE"
    assert "relationship 'Account'" in sales.refusal("SELECT Account.Name FROM Opportunity").message
    assert sales.refusal("SELECT Id, (SELECT Id FROM Contacts) FROM Account").code == "INVALID_TYPE"


# -- pages -------------------------------------------------------------------------------------------------------------


def numbered(count: int) -> query.Result:
    return query.Result([{"attributes": {}, "Name": str(i)} for i in range(count)], count, "Account")


def test_a_long_answer_comes_in_pages_until_it_is_done() -> None:
    cursors = query.Cursors()
    page = cursors.open(numbered(4500), version="59.0")
    seen = list(page["records"])
    while not page["done"]:
        url = page["nextRecordsUrl"]
        assert url.startswith("/services/data/v59.0/query/0r8")
        page = cursors.more(url.rpartition("/")[2], "v59.0")
        seen += page["records"]
    assert [r["Name"] for r in seen] == [str(i) for i in range(4500)]
    assert (page["totalSize"], "nextRecordsUrl" in page) == (4500, False)


def test_a_page_holds_between_200_and_2000_records() -> None:
    cursors = query.Cursors()
    assert len(cursors.open(numbered(300), version="59.0", batch_size=1)["records"]) == 200
    assert len(cursors.open(numbered(3000), version="59.0", batch_size=9999)["records"]) == 2000


@pytest.mark.parametrize("locator", ["0r8000000000001AAA-2000", "nonsense", "", "-", "0r8-x"])
def test_an_unknown_locator_is_refused(locator: str) -> None:
    with pytest.raises(ApiError, match="invalid query locator") as refused:
        query.Cursors().more(locator, "59.0")
    assert refused.value.code == "INVALID_QUERY_LOCATOR"


def test_the_oldest_cursor_is_forgotten_when_there_are_too_many() -> None:
    cursors = query.Cursors()
    first = cursors.open(numbered(201), version="59.0", batch_size=200)["nextRecordsUrl"]
    for _ in range(MOST_CURSORS):
        cursors.open(numbered(201), version="59.0", batch_size=200)
    with pytest.raises(ApiError):
        cursors.more(first.rpartition("/")[2], "59.0")


def test_a_long_list_of_children_is_cut_and_can_be_paged_on(org: SmallOrg) -> None:
    account = org.insert("Account", Name="Many")
    for number in range(450):
        org.insert("Contact", LastName=f"{number:03}", AccountId=account)
    cursors = query.Cursors()
    page = cursors.open(org.ask("SELECT Id, (SELECT LastName FROM Contacts) FROM Account"), version="59.0")
    children = page["records"][0]["Contacts"]
    assert (children["totalSize"], children["done"], len(children["records"])) == (450, False, 200)
    rest = cursors.more(children["nextRecordsUrl"].rpartition("/")[2], "59.0")
    assert (len(rest["records"]), rest["done"]) == (200, False)


# -- dates -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "start", "end"),
    [
        ("YESTERDAY", "2026-05-13", "2026-05-14"),
        ("TOMORROW", "2026-05-15", "2026-05-16"),
        ("THIS_WEEK", "2026-05-10", "2026-05-17"),
        ("LAST_WEEK", "2026-05-03", "2026-05-10"),
        ("NEXT_MONTH", "2026-06-01", "2026-07-01"),
        ("THIS_QUARTER", "2026-04-01", "2026-07-01"),
        ("LAST_QUARTER", "2026-01-01", "2026-04-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_90_DAYS", "2026-02-13", "2026-05-15"),
        ("NEXT_90_DAYS", "2026-05-15", "2026-08-13"),
        ("LAST_N_DAYS:3", "2026-05-11", "2026-05-15"),
        ("NEXT_N_DAYS:3", "2026-05-15", "2026-05-18"),
        ("N_DAYS_AGO:3", "2026-05-11", "2026-05-12"),
        ("LAST_N_MONTHS:2", "2026-03-01", "2026-05-01"),
        ("N_YEARS_AGO:1", "2025-01-01", "2026-01-01"),
        ("THIS_FISCAL_QUARTER", "2026-05-01", "2026-08-01"),
        ("LAST_N_FISCAL_YEARS:1", "2025-02-01", "2026-02-01"),
    ],
)
def test_a_date_word_means_these_days(word: str, start: str, end: str) -> None:
    found = dates.span(word, today=NOW.date(), fiscal_start=2)
    assert found == dates.Span(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize("word", ["THIS_DAY", "LAST_FISCAL_WEEK", "LAST_N_DAYS", "LAST_N_DAYS:999999999", "NONSENSE"])
def test_a_word_that_is_no_date_is_none(word: str) -> None:
    assert dates.span(word, today=NOW.date()) is None


# -- properties --------------------------------------------------------------------------------------------------------

Row = dict[str, Any]
NAMES = st.sampled_from([None, "", "alpha", "ALPHA", "Ärger", "ärger", "50%", "a_b", "back\\slash"])
AMOUNTS = st.sampled_from([None, 0.0, -1.5, 7.0, 1e9])
ROWS = st.lists(st.fixed_dictionaries({"Name": NAMES, "Amount": AMOUNTS, "IsWon": st.booleans()}), max_size=6)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _same(left: str | None, right: str | None) -> bool:
    return (left or "").casefold() == (right or "").casefold()


def _test(field: str, operator: str, value: Any) -> tuple[str, Any]:
    if field == "Name":
        text = "null" if value is None else _quoted(value)
        return f"Name {operator} {text}", lambda row: _same(row["Name"], value) == (operator == "=")
    compare = {
        "=": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a is not None and b is not None and a < b,
        ">=": lambda a, b: a is not None and b is not None and a >= b,
    }[operator]
    return f"Amount {operator} {'null' if value is None else value}", lambda row: compare(row["Amount"], value)


LEAVES = st.one_of(
    st.tuples(st.just("Name"), st.sampled_from(["=", "!="]), NAMES).map(lambda t: _test(*t)),
    st.tuples(st.just("Amount"), st.sampled_from(["=", "!=", "<", ">="]), AMOUNTS).map(lambda t: _test(*t)),
    st.booleans().map(lambda b: (f"IsWon = {b}", lambda row: row["IsWon"] == b)),
    st.lists(NAMES, min_size=1, max_size=3).map(
        lambda values: (
            f"Name IN ({', '.join('null' if v is None else _quoted(v) for v in values)})",
            lambda row: any(_same(row["Name"], v) for v in values),
        )
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda t: (f"(NOT ({t[0]}))", lambda row: not t[1](row))),
        st.lists(inner, min_size=2, max_size=3).map(
            lambda ts: (f"({' AND '.join(f'({t[0]})' for t in ts)})", lambda row: all(t[1](row) for t in ts))
        ),
        st.lists(inner, min_size=2, max_size=3).map(
            lambda ts: (f"({' OR '.join(f'({t[0]})' for t in ts)})", lambda row: any(t[1](row) for t in ts))
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, tree=TREES)
def test_any_condition_agrees_with_its_meaning(org: SmallOrg, rows: list[Row], tree: tuple[str, Any]) -> None:
    org.db.execute("DELETE FROM Opportunity")
    for row in rows:
        # Salesforce keeps no empty text.
        org.insert("Opportunity", **(row | {"Name": row["Name"] or None, "IsWon": int(row["IsWon"])}))
    text, holds = tree
    found = org.records(f"SELECT Name, Amount, IsWon FROM Opportunity WHERE {text} ORDER BY Id")
    expected = [row for row in rows if holds(row)]
    assert [(r["Name"] or "", r["Amount"], r["IsWon"]) for r in found] == [
        (r["Name"] or "", r["Amount"], r["IsWon"]) for r in expected
    ]


WORDS = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "<",
        "'x'",
        "'\\'",
        "5",
        "null",
        "TODAY",
        "LAST_N_DAYS:3",
        "Id",
        "Name",
        "Account",
        "Opportunity",
        "Amount",
        "CloseDate",
        "Opportunities",
        "GROUP",
        "BY",
        "ORDER",
        "LIMIT",
        "OFFSET",
        "COUNT",
        "SUM",
        "FIELDS",
        "ALL",
        ".",
        ":",
        "$",
        "'",
        "\x00",
        "�",
        "😀",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(st.text(), st.lists(WORDS, max_size=25).map(lambda w: "SELECT Id FROM Account " + " ".join(w))))
def test_whatever_is_asked_is_answered_or_refused(org: SmallOrg, text: str) -> None:
    with contextlib.suppress(ApiError):
        org.ask(text)


def test_a_thousand_conditions_are_no_more_than_one(sales: SmallOrg) -> None:
    many = " OR ".join(f"Amount = {n}" for n in range(2000))
    assert names(sales, many) == set()
    deep = "(" * 3000 + "Amount = 7.5" + ")" * 3000
    assert names(sales, deep) == {"100% new_business"}


def test_nesting_beyond_reason_is_too_complicated(sales: SmallOrg) -> None:
    nots = "(NOT " * 5000 + "Amount = 1" + ")" * 5000
    assert sales.refusal(f"SELECT Id FROM Opportunity WHERE {nots}").code == "QUERY_TOO_COMPLICATED"


def test_the_pointer_stays_below_its_word_in_a_long_query() -> None:
    text = f"SELECT {', '.join(f'Field_{n}__c' for n in range(40))} FROM Account"
    at = soql.Place(text.index("Field_20__c"), 1, text.index("Field_20__c") + 1)
    line, caret = soql.pointed(text, at, "").message.split("\n")[1:3]
    assert line[len(caret) - 1 :].startswith("Field_20__c")
    assert len(line) < 100


def test_a_stored_instant_is_utc_with_milliseconds() -> None:
    assert dates.stored(datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC)) == "2026-05-01T07:25:37.000Z"
