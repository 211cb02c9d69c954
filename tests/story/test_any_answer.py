"""Whatever Salesforce answers, documented or not: classified, named by its code, never quoted; and nothing is lost."""

import json
import logging
from random import Random

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from sfsync.errors import SfsyncError
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce import codes
from sfsync.salesforce.login import AccessToken
from tests.conftest import connected

CANARY = "Canary Textiles"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
CODES = st.sampled_from(["UNABLE_TO_LOCK_ROW", "BRAND_NEW_CODE", "", CANARY, "A\nB", "INVALID_FIELD", 7, None])
REFUSALS = st.fixed_dictionaries(
    {}, optional={"errorCode": CODES, "statusCode": CODES, "message": JSON, "fields": JSON}
)
WORDS = st.sampled_from(
    [
        "compositeResponse", "graphs", "graphResponse", "body", "records", "done", "httpStatusCode", "referenceId",
        "success", "errors", "id", "totalSize", "nextRecordsUrl", "isSuccessful", "graphId",
    ]
)  # fmt: skip
ALMOST = st.dictionaries(WORDS, st.recursive(JSON, lambda inner: st.dictionaries(WORDS, inner) | st.lists(inner)))
BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"", b"<html>" + CANARY.encode(), b"{", b"[" * 100_000, b"nul", b"1", b"\xff\xfe", b"[]", b"{}"]),
    (JSON | REFUSALS | st.lists(REFUSALS) | ALMOST).map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(["application/json", "text/html", "", "application/json;charset=nonsense"]),
        "Sforce-Limit-Info": st.sampled_from(["api-usage=1/2", "api-usage=x", f"api-usage={'9' * 5000}/1", ""]),
        "Date": st.sampled_from(["", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 2026 00:00:00 -0000"]),
        "Location": st.just("https://evil.example/"),
    },
)


class Answers(HTTPAdapter):
    """A network on which one answer comes to everything."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__()
        self.given = status, headers, body

    def send(self, request, **_more):
        answer = requests.Response()
        answer.status_code, answer._content = self.given[0], self.given[2]
        answer.headers.update(self.given[1])
        answer.request, answer.url = request, request.url
        return answer


@given(status=st.sampled_from([*range(200, 206), 301, 302, 400, 401, 403, 404, 409, 413, 429, 500, 503, 999]),
       headers=HEADERS, body=BODIES, call=st.sampled_from(["read", "write", "queries", "composite"]))  # fmt: skip
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_answer_is_a_value_or_an_error_of_ours_that_never_quotes_it(any_org, status, headers, body, call):
    api = connected(any_org)
    api.session._log_in = lambda: AccessToken("secret", any_org.instance_url)
    api.session.mount("http://", Answers(status, headers, body))
    calls = {
        "read": lambda: api.call("GET", "limits"),
        "write": lambda: api.call("PATCH", "sobjects/Account/001000000000000AAA", {}),
        "queries": lambda: api.queries(["SELECT Id FROM Account", "SELECT Id FROM User"]),
        "composite": lambda: api.composite(["limits", "sobjects"]),
    }
    said = ""
    try:
        calls[call]()
    except SfsyncError as error:
        said = error.in_log
    assert CANARY not in said
    assert "\n" not in said


@given(body=JSON | REFUSALS | st.lists(REFUSALS))
def test_an_error_body_of_any_shape_has_a_code_or_none(body):
    found = codes.first_error(body)
    if found:
        assert CANARY not in codes.classify(*found).in_log


@pytest.fixture(scope="module")
def any_org():
    with PocketOrg(seed="none") as org:
        yield org


class Spoiling(HTTPAdapter):
    """The real org, of whose answers some are changed somewhere on their way."""

    def __init__(self, rng: Random, share: float) -> None:
        super().__init__()
        self._rng, self.share = rng, share

    def send(self, request, **more):
        answer = super().send(request, **more)
        if "/oauth2/" not in request.url and self._rng.random() < self.share:
            answer._content = self._spoilt(answer.content)
        return answer

    def _spoilt(self, content: bytes) -> bytes:
        try:
            body = json.loads(content)
        except ValueError:
            return content[: len(content) // 2]
        return json.dumps(self._changed(body)).encode()

    def _changed(self, value):
        """The value with one part of it, somewhere, replaced, left out or doubled."""
        if isinstance(value, dict) and value and self._rng.random() < 0.9:
            key = self._rng.choice(list(value))
            if self._rng.random() < 0.2:
                return {k: v for k, v in value.items() if k != key}
            return {**value, key: self._changed(value[key])}
        if isinstance(value, list) and value and self._rng.random() < 0.9:
            at = self._rng.randrange(len(value))
            return [*value[:at], self._changed(value[at]), *value[at + 1 + self._rng.randrange(2) - 1 :]]
        return self._rng.choice([None, CANARY, 7, -1.5, "7", [], {}, True, [[]], {"errorCode": CANARY}])


@pytest.mark.parametrize("seed", range(12))
def test_answers_with_odd_parts_lose_no_form_and_make_none_twice(world, caplog, seed):
    caplog.set_level(logging.DEBUG, "sfsync")
    account = world.account(Name=CANARY)
    deals = [world.deal(account=account, Name=f"{CANARY} {n}") for n in range(6)]
    world.move(*deals)
    worker = world.worker()
    network = Spoiling(Random(seed), 0.4)
    worker.one.api.session.mount("http://", network)
    for _ in range(8):
        world.run(worker)
    network.share = 0.0
    for _ in range(4):
        world.clock.forward(hours=5)
        world.run(worker, sweep=True)
    assert [world.versions(deal) for deal in deals] == [1] * 6
    assert [len(world.rows(deal)) for deal in deals] == [1] * 6
    assert {world.status(deal) for deal in deals} == {"Ready"}
    assert CANARY not in "\n".join(record.getMessage() for record in caplog.records)
