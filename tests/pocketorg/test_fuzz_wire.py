"""Nonsense as bytes: nothing brings the server down, and whatever is too large or too deep is refused."""

import logging
import socket

import pytest
import requests
from fuzzing import FUZZ, whole
from hypothesis import given
from hypothesis import strategies as st
from wire_client import VERSION

from sfsync.pocketorg.rest.resources import ROUTES


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
