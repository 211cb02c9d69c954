"""The daily digest in the org: one claim a day, the figures, one post.

Whoever creates the row of Order Form Settings whose unique key is `digest 2026-11-23` posts that day's digest, and
nobody else does. So it is posted at most once, however many workers there are and whenever one of them dies. The row
holds what was posted and where it ended; the rows of earlier days are deleted.
"""

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sfsync import __version__, digest
from sfsync.digest import Figures, Span
from sfsync.errors import AnswerLost, LookAgain, SetupError, SfsyncError, TryAgainLater, trail
from sfsync.records import Status
from sfsync.salesforce import answers, board, soql
from sfsync.salesforce.api import Api, documented
from sfsync.salesforce.org import moment
from sfsync.salesforce.post import recipient, records
from sfsync.settings import Settings

log = logging.getLogger(__name__)

_KEY = "digest "
#: how long to wait after a trouble that passes, and after one that an admin has to mend
_SOON, _LATER = timedelta(minutes=1), timedelta(hours=1)
#: rows that are looked at and deleted at once
_MOST = 100
#: characters, as shipped in config/salesforce
_LONGEST_WORDS, _LONGEST_NAME = 1000, 80


class Digest:
    """Posts the digest once it is time to. A day costs five calls, a restart after that one."""

    def __init__(self, api: Api, settings: Settings, installation: str = "", mark: str = "") -> None:
        """`mark` tells this process from others of the same installation."""
        self._api, self._settings = api, settings
        self._me = f"{installation[: _LONGEST_NAME - 20]} {mark or secrets.token_hex(4)}".strip()
        self._to = recipient(api, settings.digest) if settings.digest else None
        self._done: object = None
        self._not_before: datetime | None = None

    def maybe(self, now: datetime) -> None:
        """Post today's digest, if it is time to and nobody has. `now` is the org's time. Never raises."""
        over = digest.span(now, self._settings)
        waits = self._not_before is not None and now < self._not_before
        if over is None or over.day == self._done or waits or self._api.session.usage.forms_only:
            return
        try:
            self._once(over, now)
        except TryAgainLater as error:
            log.info("the digest waits: %s", error.in_log)
            self._not_before = now + _SOON
        except SfsyncError as error:
            log.error("no digest: %s", error.in_log)  # noqa: TRY400 (the error's own text may quote data)
            self._not_before = now + _LATER
        except Exception as error:  # noqa: BLE001 (a digest keeps no form from being made)
            log.error("no digest: this is a bug of sfsync's; please report it: %s", trail(error))  # noqa: TRY400 (same)
            self._done = over.day

    def _once(self, over: Span, now: datetime) -> None:
        assert self._to is not None
        texts = [_rows(), *self._to.questions]
        found, *theirs = self._api.composite(soql.url(text) for text in texts)
        rows = records(found)
        claims = {row[board.KEY]: row for row in rows if row[board.KEY] != board.ONLY}
        key = f"{_KEY}{over.day}"
        if key in claims and claims[key]["Installation__c"] != self._me:
            self._done = over.day
            return
        self._to.find(theirs)
        earlier = [row for name, row in claims.items() if name < key]
        ended = max((moment(row["Last_Seen__c"]) for row in earlier if row["Last_Seen__c"]), default=None)
        over = digest.span(now, self._settings, ended) or over
        only = next((row for row in rows if row[board.KEY] == board.ONLY), None)
        title, text = self._words(over, paused=bool(only and only[board.PAUSED]))
        claim = claims[key]["Id"] if key in claims else self._claim(key, over, f"{title}\n{text}")
        self._done = over.day
        if claim:
            self._post(title, text, about=only["Id"] if only else claim)
            self._tidy([row["Id"] for row in earlier])

    def _claim(self, key: str, over: Span, words: str) -> str:
        """Create the day's row, and give its Id; empty where somebody else did.

        Where the answer is lost, the next look finds whose it is.
        """
        row = {
            board.KEY: key,
            "Last_Seen__c": soql.moment(over.until),
            "Last_Words__c": words[:_LONGEST_WORDS],
            "Worker_Version__c": __version__,
            "Installation__c": self._me,
        }
        try:
            with documented():
                return str(self._api.call("POST", f"sobjects/{board.OBJECT}", row, reads=False)["id"])
        except LookAgain:
            return ""

    def _post(self, title: str, text: str, about: str) -> None:
        assert self._to is not None
        try:
            self._to.post(title, text, about)
        except AnswerLost as error:
            # rather none than two
            log.warning("whether the digest was posted is not known: %s", error.in_log)
        except SfsyncError:
            self._done = None
            raise
        else:
            log.info("the digest of %s is posted", self._done)

    def _tidy(self, ids: Sequence[str]) -> None:
        """Delete the rows of earlier days; where that is not allowed, they stay."""
        if not ids:
            return
        try:
            self._api.call("DELETE", f"composite/sobjects?ids={','.join(map(soql.record_id, ids))}", reads=True)
        except SfsyncError as error:
            log.debug("rows of earlier digests stay: %s", error.in_log)

    # ------------------------------------------------------------------- figures

    def _words(self, over: Span, *, paused: bool) -> tuple[str, str]:
        return digest.words(self._figures(over, paused=paused), over, self._settings)

    def _figures(self, over: Span, *, paused: bool) -> Figures:
        """One call, and one more for each 2,000 forms. Raises what Salesforce says against it."""
        ready = (f"Ready_At__c >= {soql.moment(over.since)}", f"Ready_At__c < {soql.moment(over.until)}")
        made = soql.select(["Requested_At__c", "Ready_At__c"], answers.OBJECT, *ready)
        status = self._settings.fields.status
        counted = [
            *(("Opportunity", (soql.among(status, [kind]),)) for kind in (Status.NEEDS_INFORMATION, Status.FAILED)),
            (answers.OBJECT, answers.not_right(over.since, over.until)),
        ]
        counts: list[Any] = []
        beside = {soql.url(soql.select(["COUNT()"], name, *where)): counts.append for name, where in counted}
        [rows] = self._api.queries([made], beside)
        waiting, failed, wrong = counts
        with documented():
            took = [(row["Requested_At__c"], row["Ready_At__c"]) for row in rows]
            return Figures(
                made=len(rows),
                took=tuple((moment(end) - moment(begin)).total_seconds() for begin, end in took if begin),
                waiting=_count(waiting),
                failed=_count(failed),
                # an org that was set up before there were answers
                not_right=None if isinstance(wrong, SetupError) else _count(wrong),
                paused=paused,
            )


def _rows() -> str:
    fields = ["Id", board.KEY, "Last_Seen__c", "Installation__c", board.PAUSED]
    ours = soql.any_of([soql.among(board.KEY, [board.ONLY]), f"{board.KEY} LIKE '{_KEY}%'"])
    return soql.select(fields, board.OBJECT, ours, order=f"{board.KEY} DESC", most=_MOST)


def _count(answer: Any) -> int:
    if isinstance(answer, SfsyncError):
        raise answer
    return int(answer["totalSize"])
