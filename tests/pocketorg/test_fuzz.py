"""Nonsense, made by Hypothesis: every answer is Salesforce's own refusal, and the store stays whole."""

import pytest
from fuzzing import FUZZ, whole
from hypothesis import given
from hypothesis import strategies as st
from wire_client import VERSION

from sfsync.pocketorg.call import Call, Route
from sfsync.pocketorg.rest.resources import ROUTES

OBJECTS = ["Account", "Opportunity", "OpportunityLineItem", "ContentVersion", "ContentDocument", "Order_Form__c"]
OBJECTS += [
    "ContentDocumentLink",
    "User",
    "Task",
    "Nothing__c",
    "FieldPermissions",
    "OpportunityContactRole",
    "RecordType",
]
FIELDS = [
    "Id",
    "Name",
    "StageName",
    "CloseDate",
    "Amount",
    "AccountId",
    "OwnerId",
    "Title",
    "PathOnClient",
    "VersionData",
]
FIELDS += [
    "FirstPublishLocationId",
    "ContentDocumentId",
    "LinkedEntityId",
    "ShareType",
    "Quantity",
    "UnitPrice",
    "IsActive",
]
FIELDS += [
    "OpportunityId",
    "PricebookEntryId",
    "Key__c",
    "Version__c",
    "attributes",
    "type",
    "Account",
    "WhatId",
    "Subject",
]
WORDS = [
    "records",
    "allOrNone",
    "compositeRequest",
    "graphs",
    "graphId",
    "method",
    "url",
    "body",
    "referenceId",
    "inputs",
]
WORDS += ["httpHeaders", "ids", "fields", "customNotifTypeId", "recipientIds", "title", "targetId", "messageSegments"]
PLAIN = [
    "",
    "\0",
    "\ud800",
    "🦀",
    "' OR 1=1 --",
    "../../../etc/passwd",
    "@{a.id}",
    "@{a.b[9].c}",
    "%00",
    "2026-13-99",
    "NaN",
]
PLAIN += ["POST", "GET", "2026-05-01", "2026-05-01T00:00:00Z", "true", "1e999", "x" * 300, "Prospecting", "QQ==", "a"]
PLAIN += [
    f"/services/data/v{VERSION}/sobjects/Account",
    f"/services/data/v{VERSION}/query?q=SELECT+Id+FROM+User",
    "Account",
]

words = st.sampled_from(WORDS + FIELDS + OBJECTS + PLAIN) | st.text(max_size=12)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 10**400, 2**63, 1e308])
keys = st.sampled_from(WORDS + FIELDS) | st.text(max_size=6)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=20,
)


def good(ids: list[str]) -> st.SearchStrategy:
    """Records that are taken as they are; a path must name their object for that."""
    deal = next(each for each in ids if each.startswith("006"))
    entry = next(each for each in ids if each.startswith("01u"))
    file = {"Title": "T", "PathOnClient": "a.pdf", "VersionData": "QQ=="}
    return st.sampled_from([
        ("Account", {"Name": "A"}),
        ("Opportunity", {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-05-01"}),
        ("OpportunityLineItem", {"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": 1, "UnitPrice": 2.5}),
        ("ContentVersion", file),
        ("ContentVersion", file | {"FirstPublishLocationId": deal}),
        ("Task", {"WhatId": deal, "Subject": "S"}),
    ])  # fmt: skip


def record(ids: list[str]) -> st.SearchStrategy:
    known = st.sampled_from(ids)
    attributes = st.fixed_dictionaries({"type": st.sampled_from(OBJECTS) | values})
    return st.fixed_dictionaries(
        {}, optional={"attributes": attributes | values} | dict.fromkeys(FIELDS[:-6], known | values)
    )


def body(ids: list[str], path: str) -> st.SearchStrategy:
    """Bodies near to what the resource wants, and some far from it."""
    near = next((make for start, make in NEAR.items() if path.startswith(start)), record)
    return near(ids) | near(ids) | near(ids) | values


def records(ids: list[str]) -> st.SearchStrategy:
    typed = good(ids).map(lambda pair: {"attributes": {"type": pair[0]}} | pair[1])
    mixed = st.lists(typed | record(ids), max_size=5)
    listed = (
        mixed | st.lists(typed, max_size=5) | st.lists(record(ids), max_size=5) | st.lists(values, max_size=2) | values
    )
    named = {"allOrNone": st.booleans() | values} | dict.fromkeys(
        ["ids", "fields"], st.lists(st.sampled_from(ids + FIELDS) | values, max_size=3)
    )
    return st.fixed_dictionaries({"records": listed}, optional=named)


def steps(ids: list[str]) -> st.SearchStrategy:
    ends = st.sampled_from(["", "", "/@{a.id}", f"/{ids[0]}", "/x"])
    fine = good(ids).map(
        lambda pair: {"method": "POST", "url": f"/services/data/v66.0/sobjects/{pair[0]}", "body": pair[1]}
    )
    fine = st.tuples(fine, st.sampled_from("abcd")).map(lambda pair: pair[0] | {"referenceId": pair[1]})
    url = st.builds("/services/data/v66.0/sobjects/{}{}".format, st.sampled_from(OBJECTS), ends)
    methods = st.sampled_from(["POST", "POST", "PATCH", "GET", "DELETE", "PUT"])
    refers = st.fixed_dictionaries(
        {"AccountId": st.just("@{a.id}"), "Name": st.just("@{b}"), "Title": st.just("@{a.x[0]}")}
    )
    step = st.fixed_dictionaries(
        {"method": methods, "url": url | url | url | words, "referenceId": st.sampled_from("abcd")},
        optional={"body": record(ids) | refers | values, "httpHeaders": values},
    )
    return st.lists(fine | fine | fine | step, max_size=4) | st.lists(step | values, max_size=4) | values


def composite(ids: list[str]) -> st.SearchStrategy:
    return st.fixed_dictionaries({"compositeRequest": steps(ids)}, optional={"allOrNone": st.booleans() | values})


def graphs(ids: list[str]) -> st.SearchStrategy:
    graph = st.fixed_dictionaries({"graphId": st.sampled_from("123") | words, "compositeRequest": steps(ids)})
    return st.fixed_dictionaries({"graphs": st.lists(graph | graph | values, max_size=3) | values})


def notices(ids: list[str]) -> st.SearchStrategy:
    words = ["customNotifTypeId", "recipientIds", "title", "body", "targetId", "targetPageRef"]
    one = st.fixed_dictionaries(dict.fromkeys(words, st.sampled_from(ids) | st.lists(st.sampled_from(ids)) | values))
    return st.fixed_dictionaries({"inputs": st.lists(one | one | values, max_size=3) | values})


def posts(ids: list[str]) -> st.SearchStrategy:
    known = st.sampled_from(ids)
    segment = st.fixed_dictionaries(
        {"type": st.sampled_from(["Text", "Mention", "Link"]) | values},
        optional={"text": words | values, "id": known | values, "url": values},
    )
    text = st.fixed_dictionaries({"messageSegments": st.lists(segment | segment | values, max_size=3) | values})
    kind = st.just("FeedItem") | values
    return st.fixed_dictionaries(
        {"body": text | values, "subjectId": known | values}, optional={"feedElementType": kind}
    )


NEAR = {
    "/composite/sobjects": records,
    "/composite/tree": records,
    "/composite/graph": graphs,
    "/composite": composite,
    "/actions": notices,
    "/chatter": posts,
}


@st.composite
def request(draw: st.DrawFn, ids: list[str]) -> tuple[str, str, object]:
    """Method, path and body; one in four creates a record that is good but for a field or two."""
    if draw(st.integers(0, 3)):
        method, path = draw(place(ids))
        return method, path, draw(body(ids, path))
    sobject, fields = draw(good(ids))
    changed = st.dictionaries(st.sampled_from(FIELDS), values | st.sampled_from(ids), max_size=2)
    return "POST", f"/sobjects/{sobject}", fields | draw(changed)


def place(ids: list[str]) -> st.SearchStrategy:
    """A method and a path: mostly those of a resource."""
    segment = st.sampled_from(OBJECTS * 2 + FIELDS + ids + ["%2e%2e", "%00", "%ff", "describe", "Id"]) | st.text(
        max_size=8
    )

    def fill(route: Route) -> st.SearchStrategy:
        count = route.path.count("{")
        parts = st.lists(segment, min_size=count, max_size=count)
        methods = st.sampled_from([*route.methods] * 4 + ["HEAD", "PUT"])
        return st.tuples(methods, parts.map(lambda each: _filled(route.path, each)))

    return st.sampled_from([r for r in ROUTES if r.path.startswith("/") or not r.path]).flatmap(fill)


def _filled(template: str, parts: list[str]) -> str:
    for part in parts:
        before, _, rest = template.partition("{")
        template = before + part.replace("{", "") + rest.partition("}")[2]
    return template


@pytest.fixture
def ids(org):
    found = [
        row["Id"]
        for name in ("Account", "Opportunity", "User", "PricebookEntry", "OpportunityLineItem")
        for row in org.org.get_all(name)[:2]
    ]
    return [*found, found[0][:15], "001000000000000AAA", "068xx"]


@FUZZ
@given(data=st.data())
def test_no_call_ends_in_a_bug_of_ours_or_leaves_something_half_done(org, ids, data):
    method, path, content = data.draw(request(ids), "request")
    call = Call(
        method=method,
        path=path,
        version="66.0",
        user_id=org.user_id,
        query=data.draw(
            st.dictionaries(st.sampled_from(["q", "ids", "fields", "allOrNone", "sObjects"]), words, max_size=2)
        ),
        headers=data.draw(
            st.dictionaries(
                st.sampled_from(["if-modified-since", "if-unmodified-since", "sforce-query-options"]), words, max_size=1
            )
        ),
        body=content,
    )
    answer = org.org.answer(call)
    assert 200 <= answer.status < 500, answer.body
    whole(org)
