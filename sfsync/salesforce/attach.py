"""The one write that matters: file, row and Opportunity in one transaction, many transactions in one call.

The row's unique key is `Opportunity Id : version`, which turns the version into a compare-and-set: a late, repeated or
racing write finds its key taken and is refused whole.
"""

import base64
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sfsync.errors import AnswerLost, LoginRefused, LookAgain, Outage, SetupError, SfsyncError, TryAgainLater
from sfsync.records import Receipt, Status, Upload
from sfsync.salesforce import codes, soql
from sfsync.salesforce.api import VERSION, Api, Row, documented, error_in
from sfsync.salesforce.org import moment
from sfsync.settings import FieldNames

log = logging.getLogger(__name__)

#: source: REST API Developer Guide, "Composite Graph Limits"
MAX_GRAPHS = 75
#: of PDF bytes in one call; base64 makes a third more of it, and a call takes about 50 MB
MAX_BYTES = 20_000_000
#: an org's own triggers and flows run for each graph: a call shall stay so short that a shutdown can wait for it
_QUICK_SECONDS, SLOW_SECONDS = 5.0, 10.0

#: of each row, which is written once and never changed
ROW_FIELDS = (
    "Opportunity__c",
    "Key__c",
    "Version__c",
    "Requested_At__c",
    "Ready_At__c",
    "Form__c",
    "File_Id__c",
    "Token__c",
    "Made_From__c",
)

#: what became of each upload, by Opportunity Id
Answers = dict[str, Receipt | SfsyncError]


class _SpoiltError(Exception):
    """A whole call came to nothing although the org answers: one of its forms may be at fault."""

    def __init__(self, cause: SfsyncError) -> None:
        super().__init__()
        self.cause = cause


class Attacher:
    """Attaches batches whose size follows how quickly the org answers.

    One call at a time, never in threads: parallel uploads by one user fight for the lock on its ContentFolder.
    """

    def __init__(self, api: Api, names: FieldNames, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._names, self._clock = api, names, clock
        self.batch_size = 10
        #: whether forms go as graphs, and whether one ever did
        self._graphs, self._proved = True, False
        #: Opportunity Ids of forms that came to nothing alone
        self._spoilers: set[str] = set()

    def attach(self, uploads: Sequence[Upload]) -> Answers:
        """Attach at most `batch_size` forms. Every one of them has an answer; nothing is repeated blindly.

        A call that comes to nothing although the org answers is sent again in halves, down to the form that spoils it.
        """
        began = self._clock()
        answers: Answers = {}
        parts = self._parts(uploads)
        while parts:
            part = parts.pop(0)
            try:
                some = self._send(part)
            except _SpoiltError as spoilt:
                if len(part) > 1:
                    parts[:0] = [part[: len(part) // 2], part[len(part) // 2 :]]
                    continue
                some = self._blame(part[0], spoilt.cause, answers)
            answers |= some
            parts.insert(0, [u for u in part if u.opportunity_id not in some])
            if outage := next((a for a in some.values() if isinstance(a, Outage)), None):
                answers |= {u.opportunity_id: outage for u in chain(*parts)}
                break
            parts = [each for each in parts if each]
        self._adapt(self._clock() - began, len(uploads))
        return answers

    def _parts(self, uploads: Sequence[Upload]) -> list[list[Upload]]:
        """The calls to begin with: all in one, but what spoilt a call before goes alone, and last."""
        good = [u for u in uploads if u.opportunity_id not in self._spoilers]
        alone = [[u] for u in uploads if u.opportunity_id in self._spoilers]
        return [good, *alone] if good else alone

    def _blame(self, upload: Upload, cause: SfsyncError, before: Answers) -> Answers:
        """One form alone came to nothing. If another one did and none succeeded, the org is to blame after all."""
        self._spoilers.add(upload.opportunity_id)
        org = before and not any(isinstance(answer, Receipt) for answer in before.values())
        kind = Outage if org else TryAgainLater
        return {upload.opportunity_id: cause.again_as(kind)}

    def _adapt(self, seconds: float, sent: int) -> None:
        """So many that the next call stays quick, if each form takes as long as in this one."""
        if seconds > SLOW_SECONDS:
            self.batch_size = max(1, min(self.batch_size, sent) // 2)
        elif seconds < _QUICK_SECONDS and sent >= self.batch_size:
            quick = int(sent * _QUICK_SECONDS / max(seconds, 0.01))
            self.batch_size = min(MAX_GRAPHS, max(quick, self.batch_size + 1))

    def _send(self, uploads: list[Upload]) -> Answers:
        """Send one call. At least one form has an answer; those that had no turn have none.

        Raises _SpoiltError where the call came to nothing although the org answers.
        """
        # our clock may be a little behind the org's, and nothing is ready before it was asked for
        ready_at = max(self._api.session.now(), *(u.requested_at for u in uploads))
        try:
            some = self._by_graphs(uploads, ready_at) if self._graphs else self._alone(uploads[0], ready_at)
        except AnswerLost as lost:
            some = self._look_up(uploads, lost)
        except TryAgainLater as error:
            outage = error.again_as(Outage)
            return {u.opportunity_id: outage for u in uploads}
        self._spoilers -= {i for i, answer in some.items() if isinstance(answer, Receipt)}
        return some

    def _by_graphs(self, uploads: list[Upload], ready_at: datetime) -> Answers:
        graphs = [{"graphId": u.opportunity_id, "compositeRequest": self._writes(u, ready_at)} for u in uploads]
        try:
            body = self._api.call("POST", "composite/graph", {"graphs": graphs}, reads=False)
        except LoginRefused:
            raise
        except SetupError as refused:
            if len(uploads) > 1:
                raise _SpoiltError(refused) from None
            self._spoilers.add(uploads[0].opportunity_id)
            return self._without_graphs(uploads, ready_at, refused)
        answers: Answers = {}
        # after 14 failed graphs of a call Salesforce halts the rest of it, which executed nothing
        with documented(AnswerLost):
            results = {g["graphId"]: _bodies(g["graphResponse"]["compositeResponse"]) for g in body["graphs"]}
            for upload in uploads:
                if answer := _answer(upload, results[upload.opportunity_id], ready_at):
                    answers[upload.opportunity_id] = answer
        if not answers:
            return {u.opportunity_id: TryAgainLater("Salesforce halted the whole call.") for u in uploads}
        if all(_refuses_files(results[u.opportunity_id]) for u in uploads):
            return self._without_graphs(uploads, ready_at, next(iter(answers.values())))
        self._proved = self._proved or any(isinstance(answer, Receipt) for answer in answers.values())
        return answers

    def _without_graphs(self, uploads: list[Upload], ready_at: datetime, refused: Receipt | SfsyncError) -> Answers:
        """The org refuses these graphs. If none ever went through, and one goes as a plain composite, all do so."""
        answers = self._alone(uploads[0], ready_at)
        if isinstance(answers[uploads[0].opportunity_id], Receipt):
            if not self._proved:
                log.warning("this org takes no files in composite graphs; each form costs a call of its own")
                self._graphs = False
            return answers
        return {u.opportunity_id: refused for u in uploads} | answers

    def _alone(self, upload: Upload, ready_at: datetime) -> Answers:
        """The same three writes as one composite with allOrNone: one call a form, since it binds the whole call."""
        request = {"allOrNone": True, "collateSubrequests": False, "compositeRequest": self._writes(upload, ready_at)}
        try:
            body = self._api.call("POST", "composite", request, reads=False)
            with documented(AnswerLost):
                answer = _answer(upload, _bodies(body["compositeResponse"]), ready_at)
        except LoginRefused:
            raise
        except SetupError as refused:
            answer = refused
        return {upload.opportunity_id: answer or TryAgainLater("Salesforce halted the call.")}

    def _look_up(self, uploads: list[Upload], lost: AnswerLost) -> Answers:
        """No answer came: the rows say what was done, by us or by somebody else.

        What is missing may still land, which its key makes harmless. Raises _SpoiltError where nothing was done, though
        the org answers.
        """
        fields = ["Key__c", "Token__c", "File_Id__c", "Ready_At__c"]
        text = soql.select(fields, "Order_Form__c", soql.among("Key__c", (u.key for u in uploads)))
        try:
            with documented():
                rows = {row["Key__c"]: row for row in self._api.query(text)}
                found = {u.opportunity_id: _found(u, rows[u.key]) for u in uploads if u.key in rows}
        except LoginRefused:
            raise
        except SfsyncError:
            return {u.opportunity_id: lost for u in uploads}
        if not found:
            raise _SpoiltError(lost)
        return found

    def _writes(self, upload: Upload, ready_at: datetime) -> list[dict[str, Any]]:
        """The three writes. The row refers to the file, so that it can name it."""
        path = f"/services/data/v{VERSION}/sobjects"
        opportunity_id = soql.record_id(upload.opportunity_id)
        return [
            {"method": "POST", "url": f"{path}/ContentVersion", "referenceId": "file", "body": _file(upload)},
            {
                "method": "POST",
                "url": f"{path}/Order_Form__c",
                "referenceId": "row",
                "body": _row(upload, ready_at),
            },
            {
                "method": "PATCH",
                "url": f"{path}/Opportunity/{opportunity_id}",
                "referenceId": "opportunity",
                "body": ready_fields(
                    self._names,
                    version=upload.version,
                    token=upload.token,
                    requested_at=upload.requested_at,
                    ready_at=ready_at,
                ),
            },
        ]


def ready_fields(
    names: FieldNames, *, version: int, token: str, requested_at: datetime | None, ready_at: datetime | None
) -> Row:
    """What stands on an Opportunity whose form is among its Files."""
    return {
        names.status: Status.READY.value,
        names.message: None,
        names.version: version,
        names.token: token,
        names.requested_at: soql.moment(requested_at) if requested_at else None,
        names.ready_at: soql.moment(ready_at) if ready_at else None,
    }


def _file(upload: Upload) -> Mapping[str, str]:
    place = (
        {"ContentDocumentId": upload.document_id}
        if upload.document_id
        else {"FirstPublishLocationId": upload.opportunity_id}
    )
    return {
        "Title": upload.title,
        "PathOnClient": f"{upload.title}.pdf",
        "VersionData": base64.b64encode(upload.content).decode(),
        **place,
    }


def _row(upload: Upload, ready_at: datetime) -> Row:
    return {
        "Opportunity__c": upload.opportunity_id,
        "Key__c": upload.key,
        "Version__c": upload.version,
        "Form__c": upload.form,
        "File_Id__c": "@{file.id}",
        "Token__c": upload.token,
        "Requested_At__c": soql.moment(upload.requested_at),
        "Ready_At__c": soql.moment(ready_at),
        "Made_From__c": json.dumps(upload.made_from, separators=(",", ":")),
    }


def _bodies(results: Sequence[Row]) -> dict[str, Any]:
    """What was answered to each write of one transaction, by its reference."""
    return {r["referenceId"]: r["body"] for r in results}


def _answer(upload: Upload, bodies: Mapping[str, Any], ready_at: datetime) -> Receipt | SfsyncError | None:
    """What one transaction came to; None where it was halted because others failed."""
    failed = [b for b in bodies.values() if codes.first_error(b)]
    if not failed:
        file_id = soql.record_id(bodies["file"]["id"])
        return Receipt(opportunity_id=upload.opportunity_id, version=upload.version, file_id=file_id, ready_at=ready_at)
    own = [b for b in failed if _code(b) != "PROCESSING_HALTED"]
    return error_in(own[0]) if own else None


def _refuses_files(bodies: Mapping[str, Any]) -> bool:
    """Whether the file, and not the record or the row, is what the org did not take."""
    code = _code(bodies.get("file"))
    return code not in {"", "PROCESSING_HALTED"} and not isinstance(codes.classify(code, ""), TryAgainLater)


def _code(body: Any) -> str:
    return (codes.first_error(body) or ("", ""))[0]


def _found(upload: Upload, row: Row) -> Receipt | SfsyncError:
    if row["Token__c"] != upload.token:
        return LookAgain("This version was made meanwhile.")
    return Receipt(
        opportunity_id=upload.opportunity_id,
        version=upload.version,
        file_id=row["File_Id__c"],
        ready_at=moment(row["Ready_At__c"]),
    )
