"""The one `requests.Session` under simple-salesforce: it logs in, times out, and never repeats a write blindly.

It cures what simple-salesforce 1.12.10 leaves open: no timeout anywhere; the caller's headers lost on the replay
after a re-login; a login loop without end; one login for each thread that sees the same expiry; a host taken from a
record Id.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

from sfsync import __version__, traces
from sfsync.errors import AnswerLost, LoginRefused, Outage, SetupError, TryAgainLater
from sfsync.events import Budget, Called, Heed, LoggedIn, nobody
from sfsync.salesforce.budget import Retries, Usage
from sfsync.salesforce.login import AccessToken

log = logging.getLogger(__name__)

#: simple-salesforce is given this host; only the session knows the org's real one
PLACEHOLDER = "org.invalid"
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
#: after a refused login wait this long: 3,600 logins an hour lock the user out
LOGIN_PAUSE = timedelta(seconds=60)
_TRIES = 4
_BUSY = frozenset({429, 500, 502, 503, 504})
#: 3,600 logins an hour lock the user out; so many are far more than sessions expire, and far fewer than that
LOGINS_AN_HOUR = 60
_HOUR = timedelta(hours=1)


class Session(requests.Session):
    """Thread-safe, as long as the callers do not share a response."""

    def __init__(
        self,
        log_in: Callable[[], AccessToken],
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        random: Random | None = None,
        allowed: Callable[[], bool] = lambda: True,
        heed: Heed = nobody,
    ) -> None:
        """`allowed` is asked before each call, whether the installation may still make one today."""
        super().__init__()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=4, pool_block=True)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self._log_in, self._now, self._sleep, self._random = log_in, now, sleep, random or Random()  # noqa: S311
        self._allowed = allowed
        self._heed = heed
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._refused: tuple[datetime, LoginRefused] | None = None
        self._ahead = timedelta()
        self._logins: deque[datetime] = deque(maxlen=LOGINS_AN_HOUR)
        self._retries = Retries()
        self.usage = Usage()
        self.calls = 0

    def now(self) -> datetime:
        """The org's time: this machine's clock, set right by the `Date` of the org's answers."""
        return self._now() + self._ahead

    @property
    def instance_url(self) -> str:
        return self._current(None).instance_url

    @property
    def user_id(self) -> str:
        return self._current(None).user_id

    @property
    def access_token(self) -> str:
        """The secret itself, for calls that carry it in their body: SOAP."""
        return self._current(None).value

    def request(  # type: ignore[override]
        self, method: str, url: str, *, reads: bool | None = None, timeout: Any = None, **more: Any
    ) -> requests.Response:
        """Send one call. `reads=True` marks a POST that changes nothing, and may therefore be repeated.

        Raises Outage where it did not arrive, AnswerLost where a write may have.
        """
        if self.usage.forbids(self._now()):
            raise Outage(f"{self.usage.share:.0%} of the org's daily API calls are used; the rest is left to people.")
        if not self._allowed():
            raise Outage(
                "sfsync has used up its API calls for today.", remedy="Raise calls_a_day, or wait for tomorrow."
            )
        repeatable = method.upper() in {"GET", "HEAD"} if reads is None else reads
        more["timeout"] = timeout or (CONNECT_SECONDS, READ_SECONDS)
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._authorised(method, url, **more)
            except requests.RequestException as error:
                # what could not even connect was not executed, so any method may be tried again
                again = repeatable or _never_sent(error)
                if not again or not self._may_repeat(attempt):
                    raise _unreachable(error, repeatable=again) from None
            else:
                if answer.status_code not in _BUSY:
                    self._retries.earn()
                    return answer
                if not repeatable or not self._may_repeat(attempt):
                    return answer
            self._sleep(self._random.uniform(0.2, 0.4) * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _may_repeat(self, attempt: int) -> bool:
        if attempt == _TRIES:
            self._retries.give_up()
            return False
        return self._retries.take()

    def _authorised(self, method: str, url: str, **more: Any) -> requests.Response:
        """One attempt; a second one with a new token where the old one had expired, since that executed nothing."""
        token = self._current(None)
        answer = self._send(method, url, token, **more)
        if _expired(answer):
            answer = self._send(method, url, self._current(token), **more)
        self._learn(answer)
        return answer

    def _send(self, method: str, url: str, token: AccessToken, **more: Any) -> requests.Response:
        began, status, path = time.monotonic(), 0, urlsplit(url).path
        try:
            answer = super().request(method, _at_org(url, token), auth=_Bearer(token), allow_redirects=False, **more)
            status = answer.status_code
        finally:
            seconds = time.monotonic() - began
            self._heed(Called(kind=kind(path), status=status, seconds=seconds))
        log.debug("%s %s %d %.0f ms", method, path, status, seconds * 1000)
        return answer

    def _learn(self, answer: requests.Response) -> None:
        self.calls += 1
        refused = answer.status_code == requests.codes.forbidden and "REQUEST_LIMIT_EXCEEDED" in answer.text
        if refused or answer.ok:
            self.usage.learn(answer.headers.get("Sforce-Limit-Info", ""), self._now(), refused=refused)
            self._heed(Budget(used=self.usage.used, allowed=self.usage.allowed))
        try:
            gap = parsedate_to_datetime(answer.headers["Date"]) - self._now()
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        # the header has whole seconds and travelled for a while: small differences say nothing
        self._ahead = gap if abs(gap) > timedelta(seconds=2) else timedelta()

    def _current(self, stale: AccessToken | None) -> AccessToken:
        """The token; a new one where `stale` is still the current one. One login, however many threads ask."""
        with self._lock:
            if self._token is not None and self._token is not stale:
                return self._token
            if self._refused and self._now() - self._refused[0] < LOGIN_PAUSE:
                raise self._refused[1]
            now = self._now()
            if len(self._logins) == LOGINS_AN_HOUR and abs(now - self._logins[0]) < _HOUR:
                raise Outage(f"{LOGINS_AN_HOUR} logins within an hour: the org ends each session at once.")
            self._logins.append(now)
            self._token = self._new()
            self._refused = None
            return self._token

    def _new(self) -> AccessToken:
        try:
            token = self._log_in()
        except SetupError as error:
            refused = error.again_as(LoginRefused)
            self._refused = self._now(), refused
            self._heed(LoggedIn(accepted=False))
            raise refused from None
        self._heed(LoggedIn(accepted=True))
        return token


@dataclass(frozen=True, slots=True)
class _Bearer(AuthBase):
    """An `auth` of our own also keeps requests from taking one out of a netrc file."""

    token: AccessToken

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token.value}"
        request.headers["X-PrettyPrint"] = "0"
        # a comma would begin another option; source: REST API Developer Guide, "Call Options Header"
        named = f"/{call}" if (call := traces.call.get()) else ""
        request.headers["Sforce-Call-Options"] = f"client=sfsync/{__version__}{named}"
        return request


def _at_org(url: str, token: AccessToken) -> str:
    """Put the org's host in place of the placeholder; any other host would be handed the token, and is refused."""
    parts = urlsplit(url)
    if parts.netloc != PLACEHOLDER:
        raise ValueError(f"not a call to the org: {parts.netloc}")
    return token.instance_url + url.partition(PLACEHOLDER)[2]


#: kinds of calls by the beginning of their paths, longest first
_KINDS = {
    "composite/graph": "graph",
    "composite/sobjects": "collection",
    "composite": "composite",
    "query": "query",
    "sobjects": "record",
    "actions": "bell",
    "limits": "limits",
}


def kind(path: str) -> str:
    """What sort of call it is, of the few that there are: `/services/data/v62.0/composite/graph` is a graph."""
    below = path.partition("/services/data/")[2].partition("/")[2]
    return next((word for begin, word in _KINDS.items() if below.startswith(begin)), "other")


def _expired(answer: requests.Response) -> bool:
    return answer.status_code == requests.codes.unauthorized and "INVALID_SESSION_ID" in answer.text


def _never_sent(error: requests.RequestException) -> bool:
    """Whether not even a connection was made."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _unreachable(error: requests.RequestException, *, repeatable: bool) -> TryAgainLater:
    behind_proxy = isinstance(error, requests.exceptions.SSLError)
    remedy = "If a proxy opens TLS, name its CA bundle in REQUESTS_CA_BUNDLE." if behind_proxy else ""
    what = f"Salesforce cannot be reached ({type(error).__name__})."
    return (Outage if repeatable else AnswerLost)(what, remedy=remedy)
