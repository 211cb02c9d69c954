"""Calls by way of simple-salesforce, composite calls, and every refusal turned into one of our errors."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from sfsync.errors import AnswerLost, Outage, SfsyncError, TryAgainLater
from sfsync.salesforce import codes, soql
from sfsync.salesforce.session import PLACEHOLDER, Session

#: 52.0 brought LastStageChangeDate
VERSION = "62.0"
#: a composite takes 25 subrequests, 5 of them queries or collections; source: REST API Developer Guide, "Composite"
MAX_SUBREQUESTS, MAX_QUERIES = 25, 5
_SERVER_ERROR = 500

Row = dict[str, Any]
T = TypeVar("T")


@contextmanager
def documented(wrong: type[TryAgainLater] = TryAgainLater) -> Iterator[None]:
    """Around whatever takes an answer apart: one that is not as documented is `wrong`, and no bug of ours."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise wrong(f"Salesforce's answer is not what it documents ({type(error).__name__}).") from None


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


class Api:
    """One org's REST API. Answers are plain dicts; numbers with a point are Decimals."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._client = Salesforce(
            session_id="-",  # the session puts the real one in
            instance=PLACEHOLDER,
            version=VERSION,
            session=session,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )

    def call(self, method: str, path: str, body: Any = None, *, reads: bool | None = None) -> Any:
        """Send one call below `/services/data/vXX.X/`. Raises what `codes.classify` says, or AnswerLost for a write."""
        data = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        changes = not reads and method != "GET"
        try:
            return self._client.restful(path, method=method, data=data, reads=reads)
        except SalesforceError as error:
            raise _refusal(error, changes=changes) from None
        except (ValueError, TypeError, RecursionError):  # simple-salesforce asks each answer for its length
            what = "Salesforce's answer was cut short or is not JSON."
            raise (AnswerLost if changes else TryAgainLater)(what) from None

    def query(self, text: str) -> list[Row]:
        """All rows of one query."""
        return self.queries([text])[0]

    def queries(
        self, texts: Sequence[str], beside: Mapping[str, Callable[[Any], None]] | None = None
    ) -> list[list[Row]]:
        """All rows of each query, five of them to a call, in the order given. Raises on the first that is refused.

        `beside` are a few reads that go with the first call and are no queries, each with whoever takes its answer:
        the body, or an error of ours.
        """
        results: list[list[Row]] = [[] for _ in texts]
        waiting, others = [(n, soql.url(text)) for n, text in enumerate(texts)], dict(beside or {})
        while waiting:
            now, waiting = waiting[:MAX_QUERIES], waiting[MAX_QUERIES:]
            following = []
            answers = self.composite([*(url for _, url in now), *others])
            for take, answer in zip(others.values(), answers[len(now) :], strict=True):
                take(answer)
            others = {}
            for (n, _), answer in zip(now, answers[: len(now)], strict=True):
                if isinstance(answer, SfsyncError):
                    raise answer
                with documented():
                    results[n] += answer["records"]
                    if not answer["done"]:
                        following.append((n, answer["nextRecordsUrl"].partition(f"/v{VERSION}/")[2]))
            waiting = following + waiting
        return results

    def composite(self, paths: Iterable[str]) -> list[Any]:
        """The bodies of several reads that go as one call, in their order; an error of ours where one is refused."""
        request: Row = {
            "allOrNone": False,
            "collateSubrequests": False,
            "compositeRequest": [
                {"method": "GET", "url": f"/services/data/v{VERSION}/{path}", "referenceId": f"r{n}"}
                for n, path in enumerate(paths)
            ],
        }
        whole = self.call("POST", "composite", request, reads=True)
        refused = 300
        with documented():
            answers = {a["referenceId"]: a for a in whole["compositeResponse"]}
            found = [answers[each["referenceId"]] for each in request["compositeRequest"]]
            return [error_in(a["body"]) if a["httpStatusCode"] >= refused else a["body"] for a in found]


def error_in(body: Any) -> SfsyncError:
    """The error for whoever acts next, from an error body."""
    found = codes.first_error(body)
    return codes.classify(*found) if found else TryAgainLater("Salesforce's answer is not what it documents.")


def _refusal(error: SalesforceError, *, changes: bool) -> SfsyncError:
    found = codes.first_error(error.content)
    # a 5xx says nothing of whether the write happened, unless it was a lock that kept it from happening
    if error.status >= _SERVER_ERROR and (not found or (changes and found[0] != "UNABLE_TO_LOCK_ROW")):
        code = f", {found[0]}" if found else ""
        return (AnswerLost if changes else Outage)(f"Salesforce has trouble (HTTP {error.status}{code}).")
    if not found:
        return (AnswerLost if changes else TryAgainLater)(f"Salesforce answers HTTP {error.status} without saying why.")
    return codes.classify(*found)
