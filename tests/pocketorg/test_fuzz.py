"""Nonsense, made by Hypothesis: every answer is Salesforce's own refusal, and the store stays whole."""

import logging
import os
import socket

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire_client import METADATA, VERSION

from sfsync.pocketorg import PocketOrg
from sfsync.pocketorg.call import Call, Route
from sfsync.pocketorg.rest.resources import ROUTES

#: `SFSYNC_FUZZ=5000` tries so many of each kind instead
TRIES = int(os.environ.get("SFSYNC_FUZZ", "120"))
FUZZ = settings(max_examples=TRIES, deadline=None, suppress_health_check=list(HealthCheck))

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


@pytest.fixture(scope="module")
def org():
    with PocketOrg(metadata=[METADATA]) as running:
        yield running


@pytest.fixture(scope="module")
def ids(org):
    found = [
        row["Id"]
        for name in ("Account", "Opportunity", "User", "PricebookEntry", "OpportunityLineItem")
        for row in org.org.get_all(name)[:2]
    ]
    return [*found, found[0][:15], "001000000000000AAA", "068xx"]


def whole(org: PocketOrg) -> None:
    """Nothing is half-done: no transaction is open, and every file has its document, its bytes and its link."""
    db = org.org.store.db
    assert not db.in_transaction
    lost = """SELECT COUNT(*) FROM ContentVersion v LEFT JOIN ContentDocument d ON d.Id = v.ContentDocumentId
        LEFT JOIN ContentDocumentLink l ON l.ContentDocumentId = d.Id
        WHERE (d.Id IS NULL OR l.Id IS NULL OR v.VersionData IS NULL) AND v.IsDeleted = 0"""
    assert db.execute(lost).fetchone()[0] == 0
    twice = "SELECT COUNT(*) FROM ContentVersion WHERE IsLatest = 1 GROUP BY ContentDocumentId HAVING COUNT(*) > 1"
    assert db.execute(twice).fetchone() is None


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


class Errors(logging.Handler):
    """Keeps what the pocket org logs as a bug of its own."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.found = []

    def emit(self, record):
        self.found.append(self.format(record))


KINDS = [
    "application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/csv",
    "text/xml",
    "",
    "\xff",
]
TARGETS = [f"/services/data/v{VERSION}{route.path}" for route in ROUTES if route.path.startswith("/")]
TARGETS += [f"/services/{route.path.replace('/', '/66.0/', 1)}" for route in ROUTES if "/" in route.path[1:6]]
TARGETS += ["/services/Soap/m/66.0", "/services/Soap/u/66.0", "/services/async/66.0/job", "/services/oauth2/token"]
TARGETS += [
    "/services/oauth2/revoke",
    "/id/x/y",
    "/services/data/v99.0/sobjects",
    "/services/data/v66.0/../../etc/passwd",
]
TARGETS += ["/..%2f..%2fetc/passwd", "//services/data", "/%00", "/services/data/v\u0664\u0664.0/query", "*", "/?q=%"]
PIECES = [
    b'{"records":[',
    b'{"a":' * 3000,
    b"[" * 100_000,
    b"}",
    b'"',
    b"\xff\xfe",
    b"\0",
    b"--x\r\n",
    b"\r\n\r\n",
    b"--x--",
]
PIECES += [
    b'Content-Disposition: form-data; name="VersionData"; filename="a"\r\n',
    b"Content-Type: application/json\r\n",
]
PIECES += [b"<?xml version='1.0'?>", b"<a>", b"</a>", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', b"&b;"]
PIECES += [b"Name\nx,y\n", b'"', b"1e999", b"NaN", b'{"Name":"x"}', b'{"operation":"insert","object":"Account"}']
HEADERS = [
    "If-Modified-Since",
    "If-Unmodified-Since",
    "Sforce-Query-Options",
    "Sforce-Call-Options",
    "Content-Encoding",
]
HEADERS += ["X-SFDC-Session", "Accept-Encoding", "Range", "Expect", "Cookie", "Host"]
header_text = st.sampled_from(["gzip", "deflate", "batchSize=²", "client=", "bytes=0-", "x" * 5000]) | st.text(
    st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=20
)


@pytest.fixture(scope="module")
def errors():
    handler = Errors()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@FUZZ
@given(data=st.data())
def test_no_bytes_bring_the_server_down_or_read_a_file(org, errors, data):
    method = data.draw(st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]), "method")
    target = data.draw(st.sampled_from(TARGETS), "target").replace("{", "").replace("}", "")
    headers = data.draw(st.dictionaries(st.sampled_from(HEADERS), header_text, max_size=2), "headers")
    headers |= {
        "Authorization": f"Bearer {org.token_for(org.username)}",
        "Content-Type": data.draw(st.sampled_from(KINDS)),
    }
    body = b"".join(data.draw(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=6), "body"))
    raw = f"{method} {target} HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n".encode()
    raw += b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()) + b"\r\n" + body
    with socket.create_connection(("127.0.0.1", int(org.instance_url.rpartition(":")[2])), timeout=10) as connection:
        try:
            connection.sendall(raw)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:  # who is refused by his first line may find the door shut on his long body
            assert len(body) > 60_000
            return
    status = int(answer.split(b" ", 2)[1])
    assert status < 500 or b"Fault" in answer
    assert b"root:" not in answer
    assert not errors.found, errors.found
    whole(org)


def test_a_request_that_is_far_too_large_is_refused_before_it_is_read(org):
    head = f"POST /services/data/v{VERSION}/sobjects/Account HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(org.instance_url.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")


def test_a_body_beyond_fifty_megabytes_is_refused_in_salesforces_words(org):
    headers = {"Authorization": f"Bearer {org.access_token}", "Content-Type": "application/json"}
    url = f"{org.instance_url}/services/data/v{VERSION}/sobjects/Account"
    answer = requests.post(url, data=b" " * 52_428_801, headers=headers, timeout=30)
    assert answer.json()[0] == {
        "message": "Maximum size of request is 52428800 bytes",
        "errorCode": "JSON_PARSER_ERROR",
    }


@pytest.mark.parametrize("deep", ['{"Name":' * 400 + "1" + "}" * 400, '{"graphs":' + "[" * 900 + "]" * 900 + "}"])
def test_a_body_that_is_nested_deeply_is_refused(org, errors, deep):
    headers = {"Authorization": f"Bearer {org.access_token}", "Content-Type": "application/json"}
    for path in ("/composite/graph", "/composite", "/sobjects/Account"):
        url = f"{org.instance_url}/services/data/v{VERSION}{path}"
        assert 400 <= requests.post(url, data=deep, headers=headers, timeout=10).status_code < 500
    assert not errors.found
