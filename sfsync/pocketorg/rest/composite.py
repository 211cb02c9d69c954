"""Composite: up to 25 requests in one, each able to use the answers of those before it.

Source: REST API Developer Guide, "Composite", "Composite Subrequest", "Composite Subrequest Result".
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sfsync.pocketorg.call import Answer, Call, Params, Route, refused, split_url
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import references

Record = dict[str, Any]

_MOST_SUBREQUESTS = 25
_MOST_QUERIES = 5
_QUERIES = re.compile(r"/(?:query|queryAll|composite/sobjects)(?:/|$)", re.IGNORECASE)
_ALLOWED = re.compile(r"/(?:sobjects|query|queryAll|composite/sobjects)(?:/.*)?", re.IGNORECASE)
_FORBIDDEN_HEADERS = frozenset({"accept", "authorization", "content-type"})
_ROLLED_BACK = ApiError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)
_HTTP_ERROR = 400


@dataclass(frozen=True, slots=True)
class Subrequest:
    """One request of several, before its references are resolved."""

    reference: str
    method: str
    url: str
    body: Any
    headers: Record

    def perform(self, org: Org, call: Call, answers: Record) -> Answer:
        """Put the referenced values in and let the org answer."""
        try:
            url, body = references.resolve(self.url, answers), references.resolve(self.body, answers)
            return org.answer(call.inside(method=self.method, url=str(url), body=body, headers=self.headers))
        except ApiError as error:
            return refused(error)

    def result(self, answer: Answer) -> Record:
        """What the caller reads of it."""
        return {
            "body": answer.body,
            "httpHeaders": answer.headers,
            "httpStatusCode": answer.status,
            "referenceId": self.reference,
        }


def subrequests(listed: Any) -> list[Subrequest]:
    """Read the list of subrequests. Raises JSON_PARSER_ERROR for what is missing or double."""
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ApiError(400, "JSON_PARSER_ERROR", "'compositeRequest' is a required field.")
    found = [_subrequest(each) for each in listed]
    double = [name for name, times in Counter(each.reference for each in found).items() if times > 1]
    if double:
        text = f"Duplicate ReferenceId provided in the request: {double[0]}"
        raise ApiError(400, "INVALID_INPUT", text)
    return found


def _subrequest(each: Record) -> Subrequest:
    for name in ("referenceId", "method", "url"):
        if not isinstance(each.get(name), str):
            raise ApiError(400, "JSON_PARSER_ERROR", f"'{name}' is a required field.")
    headers = each.get("httpHeaders") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ApiError(400, "JSON_PARSER_ERROR", "'httpHeaders' is an object whose values are text.")
    wrong = [name for name in headers if name.lower() in _FORBIDDEN_HEADERS]
    if wrong:
        raise ApiError(400, "INVALID_INPUT", f"Header not allowed in a subrequest: {wrong[0]}")
    return Subrequest(each["referenceId"], each["method"].upper(), each["url"], each.get("body"), headers)


def composite(org: Org, call: Call, _: Params) -> Answer:
    """Answer POST /composite: status 200 whatever became of the subrequests."""
    body = call.record()
    listed = subrequests(body.get("compositeRequest"))
    _check_counts(listed)
    all_or_none = bool(body.get("allOrNone", False))
    with org.store.transaction() as together:
        results = _run(org, call, listed, all_or_none=all_or_none)
        together.undone = all_or_none and any(result["httpStatusCode"] >= _HTTP_ERROR for result in results)
    return Answer(200, {"compositeResponse": _halted(listed, results) if together.undone else results})


def _check_counts(listed: list[Subrequest]) -> None:
    if len(listed) > _MOST_SUBREQUESTS:
        text = f"The composite request has {len(listed)} subrequests; the limit is {_MOST_SUBREQUESTS}."
        raise ApiError(400, "INVALID_INPUT", text)
    if sum(bool(_QUERIES.search(each.url.partition("?")[0])) for each in listed) > _MOST_QUERIES:
        text = f"A composite request can hold up to {_MOST_QUERIES} query and sObject Collections subrequests."
        raise ApiError(400, "INVALID_INPUT", text)


def _run(org: Org, call: Call, listed: list[Subrequest], *, all_or_none: bool) -> list[Record]:
    """Perform one after the other; with all_or_none the list of results ends with the first failure."""
    answers: Record = {}
    results: list[Record] = []
    for each in listed:
        answer = _perform(each, org, call, answers)
        results.append(each.result(answer))
        if answer.status < _HTTP_ERROR:
            answers[each.reference] = answer.body
        elif all_or_none:
            break
    return results


def _perform(each: Subrequest, org: Org, call: Call, answers: Record) -> Answer:
    try:
        _, path, _ = split_url(each.url)
    except ApiError as error:
        return refused(error)
    if not _ALLOWED.fullmatch(path):
        return refused(ApiError(404, "NOT_FOUND", "The requested resource does not exist"))
    return each.perform(org, call, answers)


def _halted(listed: list[Subrequest], results: list[Record]) -> list[Record]:
    """The one that failed keeps its error; all others, done or not, are halted."""
    halted = [each.result(refused(_ROLLED_BACK)) for each in listed]
    halted[len(results) - 1] = results[-1]
    return halted


ROUTES: tuple[Route[Org], ...] = (Route("/composite", POST=composite),)
