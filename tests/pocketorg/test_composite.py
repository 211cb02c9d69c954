"""Many requests in one: collections, composite and composite graph."""

import pytest
from wire_client import file

V = "/services/data/v66.0"


def node(method, path, reference, body=None, **more):
    return {"method": method, "url": V + path, "referenceId": reference, "body": body, **more}


def composite(client, *nodes, **options):
    return client("POST", "/composite", json={"compositeRequest": list(nodes), **options}).json()["compositeResponse"]


def graphs(client, *listed):
    body = {"graphs": [{"graphId": f"g{n}", "compositeRequest": nodes} for n, nodes in enumerate(listed)]}
    response = client("POST", "/composite/graph", json=body)
    assert response.status_code == 200, response.text
    return response.json()["graphs"]


def codes(results):
    """Status and error code of each result."""
    return [(r["httpStatusCode"], r["body"][0]["errorCode"] if r["httpStatusCode"] >= 400 else None) for r in results]


# --------------------------------------------------------------------------- composite


def test_a_later_request_uses_the_answer_of_an_earlier_one(admin):
    results = composite(
        admin,
        node("POST", "/sobjects/Account", "account", {"Name": "Chained"}),
        node("POST", "/sobjects/Contact", "contact", {"LastName": "Link", "AccountId": "@{account.id}"}),
        node("GET", "/query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{contact.id}'", "found"),
        node("PATCH", "/sobjects/Account/@{account.id}", "renamed", {"Name": "@{found.records[0].Account.Name} AG"}),
    )
    assert [r["httpStatusCode"] for r in results] == [201, 201, 200, 204]
    assert results[0]["httpHeaders"] == {"Location": f"{V}/sobjects/Account/{results[0]['body']['id']}"}
    assert results[3] == {"body": None, "httpHeaders": {}, "httpStatusCode": 204, "referenceId": "renamed"}
    assert admin.read("Account", results[0]["body"]["id"])["Name"] == "Chained AG"


def test_one_failure_leaves_the_others_done_unless_all_or_none(admin):
    good, bad = (
        node("POST", "/sobjects/Account", "good", {"Name": "Survivor"}),
        node("POST", "/sobjects/Account", "bad", {}),
    )
    assert codes(composite(admin, good, bad)) == [(201, None), (400, "REQUIRED_FIELD_MISSING")]
    results = composite(
        admin, good | {"body": {"Name": "Undone"}}, bad, good | {"referenceId": "later"}, allOrNone=True
    )
    assert codes(results) == [(400, "PROCESSING_HALTED"), (400, "REQUIRED_FIELD_MISSING"), (400, "PROCESSING_HALTED")]
    assert admin.query("SELECT Id FROM Account WHERE Name = 'Undone'") == []


def test_what_depends_on_a_failure_is_halted(admin):
    results = composite(
        admin,
        node("POST", "/sobjects/Account", "account", {}),
        node("POST", "/sobjects/Contact", "contact", {"LastName": "Orphan", "AccountId": "@{account.id}"}),
    )
    assert results[1]["body"] == [
        {
            "message": "Invalid reference specified. No value for account.id found in account",
            "errorCode": "PROCESSING_HALTED",
        }
    ]


def test_an_unknown_resource_is_not_found_inside_the_answer(admin):
    results = composite(admin, node("GET", "/sobjects/Foo", "foo"), node("GET", "/chatter/feeds", "feeds"))
    assert codes(results) == [(404, "NOT_FOUND"), (404, "NOT_FOUND")]


def test_a_stale_condition_fails_inside_a_composite(admin, deal):
    past = {"If-Unmodified-Since": "Fri, 01 May 2026 00:00:00 GMT"}
    results = composite(
        admin, node("PATCH", f"/sobjects/Opportunity/{deal}", "late", {"NextStep": "x"}, httpHeaders=past)
    )
    assert results[0]["httpStatusCode"] == 412


def test_a_composite_holds_collections_and_describes(admin):
    records = [{"attributes": {"type": "Account"}, "Name": "Collected"}]
    results = composite(
        admin,
        node("POST", "/composite/sobjects", "many", {"records": records}),
        node("GET", "/sobjects/Account/describe", "described"),
        node("PATCH", "/sobjects/Account/@{many[0].id}", "renamed", {"Name": "Described"}),
    )
    assert [r["httpStatusCode"] for r in results] == [200, 200, 204]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"compositeRequest": [{"method": "GET", "url": f"{V}/sobjects"}]},
        {"compositeRequest": [node("GET", "/sobjects", "same"), node("GET", "/sobjects", "same")]},
        {"compositeRequest": [node("GET", "/sobjects", f"r{n}") for n in range(26)]},
        {"compositeRequest": [node("GET", "/query?q=SELECT+Id+FROM+Account", f"r{n}") for n in range(6)]},
        {"compositeRequest": [node("GET", "/sobjects", "r", httpHeaders={"Accept": "text/plain"})]},
    ],
)
def test_a_malformed_composite_is_refused_whole(admin, body):
    assert admin.refused("POST", "/composite", json=body)[0] == 400


def test_a_composite_counts_as_one_request(org, admin):
    before = len(org.calls)
    composite(admin, *(node("GET", "/sobjects", f"r{n}") for n in range(5)))
    assert len(org.calls) == before + 1


# ------------------------------------------------------------------------------- graph


def form(deal, key, content=b"%PDF-1.7"):
    """The three writes that attach a form."""
    return [
        node("POST", "/sobjects/Order_Form__c", "row", {"Opportunity__c": deal, "Key__c": key, "Version__c": 1}),
        node("POST", "/sobjects/ContentVersion", "file", file(content=content, FirstPublishLocationId=deal)),
        node(
            "PATCH",
            f"/sobjects/Opportunity/{deal}",
            "deal",
            {"Order_Form_Status__c": "Ready", "Order_Form_Message__c": "@{file.id}"},
        ),
    ]


def test_a_graph_is_one_transaction(admin, deal):
    first, second = graphs(admin, form(deal, f"{deal}:1"), form(deal, f"{deal}:1"))
    assert first["isSuccessful"] is True
    assert codes(first["graphResponse"]["compositeResponse"]) == [(201, None), (201, None), (204, None)]
    assert second["isSuccessful"] is False
    assert codes(second["graphResponse"]["compositeResponse"]) == [
        (400, "DUPLICATE_VALUE"),
        (400, "PROCESSING_HALTED"),
        (400, "PROCESSING_HALTED"),
    ]
    message = second["graphResponse"]["compositeResponse"][1]["body"][0]["message"]
    assert message == "We rolled back the transaction since another operation in the same transaction failed."
    assert len(admin.query(f"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '{deal}'")) == 1
    written = admin.read("Opportunity", deal)["Order_Form_Message__c"]
    assert written == first["graphResponse"]["compositeResponse"][1]["body"]["id"]


def test_a_failure_at_the_end_undoes_the_beginning(admin, deal):
    nodes = form(deal, f"{deal}:2")
    nodes[2]["body"] = {"Order_Form_Status__c": "Amazing"}
    (graph,) = graphs(admin, nodes)
    assert [code for _, code in codes(graph["graphResponse"]["compositeResponse"])] == [
        "PROCESSING_HALTED",
        "PROCESSING_HALTED",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    ]
    assert admin.query(f"SELECT Id FROM Order_Form__c WHERE Opportunity__c = '{deal}'") == []
    assert admin.query(f"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '{deal}'") == []


def test_nodes_run_after_those_that_they_refer_to(admin):
    (graph,) = graphs(
        admin,
        [
            node("POST", "/sobjects/Contact", "contact", {"LastName": "First", "AccountId": "@{account.id}"}),
            node("POST", "/sobjects/Account", "account", {"Name": "Second"}),
        ],
    )
    results = graph["graphResponse"]["compositeResponse"]
    assert [r["referenceId"] for r in results] == ["contact", "account"]
    assert admin.read("Contact", results[0]["body"]["id"])["AccountId"] == results[1]["body"]["id"]


def test_after_fifteen_failed_graphs_the_rest_is_not_tried(admin):
    bad, good = (
        [node("POST", "/sobjects/Account", "r", {})],
        [node("POST", "/sobjects/Account", "r", {"Name": "Untried"})],
    )
    answers = graphs(admin, *[bad] * 15, good)
    assert codes(answers[14]["graphResponse"]["compositeResponse"]) == [(400, "REQUIRED_FIELD_MISSING")]
    assert codes(answers[15]["graphResponse"]["compositeResponse"]) == [(400, "PROCESSING_HALTED")]
    assert admin.query("SELECT Id FROM Account WHERE Name = 'Untried'") == []


def test_fourteen_failed_graphs_halt_nothing(admin):
    bad, good = (
        [node("POST", "/sobjects/Account", "r", {})],
        [node("POST", "/sobjects/Account", "r", {"Name": "Tried"})],
    )
    assert graphs(admin, *[bad] * 14, good)[14]["isSuccessful"] is True


@pytest.mark.parametrize(
    "listed",
    [
        [{"graphId": f"g{n}", "compositeRequest": []} for n in range(76)],
        [{"graphId": "same", "compositeRequest": []}] * 2,
        [{"graphId": ".", "compositeRequest": []}],
        [{"graphId": "g", "compositeRequest": [node("GET", "/sobjects/Account/1", f"r{n}") for n in range(501)]}],
        [{"graphId": "g", "compositeRequest": [node("POST", "/sobjects/Account", "-", {"Name": "a"})]}],
        [{"graphId": "g", "compositeRequest": [node("POST", "/sobjects/Account", "a", {"Name": "@{a.id}"})]}],
        [{"graphId": "g", "compositeRequest": [node("POST", f"/sobjects/O{n}__c", f"r{n}", {}) for n in range(16)]}],
    ],
)
def test_a_call_beyond_the_limits_is_refused_whole(admin, listed):
    assert admin.refused("POST", "/composite/graph", json={"graphs": listed})[0] == 400


def test_a_graph_speaks_no_queries(admin):
    (graph,) = graphs(admin, [node("GET", "/query?q=SELECT+Id+FROM+Account", "r")])
    assert graph["isSuccessful"] is False


def test_an_org_may_refuse_files_in_graphs(org, admin, deal):
    org.faults.refuse_files_in_graphs = True
    (graph,) = graphs(admin, form(deal, f"{deal}:3"))
    assert codes(graph["graphResponse"]["compositeResponse"])[1] == (400, "INVALID_INPUT")


# ------------------------------------------------------------------------- collections


def record(**values):
    return {"attributes": {"type": "Account"}, **values}


def test_a_collection_says_for_each_record_what_became_of_it(admin):
    results = admin("POST", "/composite/sobjects", json={"records": [record(Name="One"), record()]}).json()
    assert results[0] == {"id": results[0]["id"], "success": True, "errors": []}
    assert results[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }


def test_all_or_none_undoes_the_innocent_too(admin):
    body = {"allOrNone": True, "records": [record(Name="Innocent"), record()]}
    results = admin("POST", "/composite/sobjects", json=body).json()
    assert [r["errors"][0]["statusCode"] for r in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
    ]
    assert admin.query("SELECT Id FROM Account WHERE Name = 'Innocent'") == []


def test_collections_update_upsert_read_and_delete(admin, deal):
    first = admin.create("Account", Name="First")
    unknown = "001000000000000AAA"
    records = [record(id=first, Name="Updated"), record(id=unknown, Name="x")]
    results = admin("PATCH", "/composite/sobjects", json={"records": records}).json()
    assert results[1]["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    row = {"attributes": {"type": "Order_Form__c"}, "Key__c": "collected", "Opportunity__c": deal, "Version__c": 1}
    path = "/composite/sobjects/Order_Form__c/Key__c"
    assert admin("PATCH", path, json={"records": [row]}).json()[0]["created"] is True
    found = admin("POST", "/composite/sobjects/Account", json={"ids": [first, unknown], "fields": ["Name"]}).json()
    assert (found[0]["Name"], found[1]) == ("Updated", None)
    gone = admin("DELETE", f"/composite/sobjects?ids={first},{unknown}").json()
    assert [r["success"] for r in gone] == [True, False]


def test_a_collection_holds_at_most_200_records(admin):
    records = [record(Name="x")] * 201
    assert admin.refused("POST", "/composite/sobjects", json={"records": records})[:2] == (400, "EXCEEDED_ID_LIMIT")
