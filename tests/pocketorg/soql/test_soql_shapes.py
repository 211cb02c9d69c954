"""In which shape SOQL answers."""

from tests.pocketorg.small_org import SmallOrg


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
    assert sales.named("Name = 'Gone'") == set()
    assert sales.ask("SELECT Id FROM Opportunity WHERE Name = 'Gone'", include_deleted=True).total_size == 1


def test_labels_and_formats_are_given_on_request(sales: SmallOrg) -> None:
    (record,) = sales.records("SELECT toLabel(Size__c), FORMAT(Amount) shown FROM Opportunity WHERE Size__c = 'L'")
    assert (record["Size__c"], record["shown"]) == ("Large", "7.50")


def test_the_users_day_begins_in_the_users_time_zone(org: SmallOrg) -> None:
    org.insert("Opportunity", Name="Late yesterday in UTC", CreatedDate="2026-05-13T22:30:00.000Z")
    org.insert("Opportunity", Name="Late today in UTC", CreatedDate="2026-05-14T22:30:00.000Z")
    assert org.named("CreatedDate = TODAY") == {"Late yesterday in UTC"}


def test_an_id_list_and_a_parent_are_looked_up_by_index(sales: SmallOrg) -> None:
    plans: list[str] = []
    sales.db.set_trace_callback(plans.append)
    sales.ask("SELECT Account.Name FROM Opportunity WHERE Id IN ('006Pk0000000001', '006Pk0000000002')")
    sales.db.set_trace_callback(None)
    steps = " ".join(str(tuple(row)) for row in sales.db.execute(f"EXPLAIN QUERY PLAN {plans[-1]}"))
    assert "SCAN" not in steps
