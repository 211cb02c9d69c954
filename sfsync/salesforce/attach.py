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
from typing import Any

from sfsync.errors import AnswerLost, Outage, SetupError, SfsyncError, TryAgainLater
from sfsync.records import Receipt, Status, Upload
from sfsync.salesforce import codes, soql
from sfsync.salesforce.api import VERSION, Api, Row, error_in
from sfsync.salesforce.org import moment
from sfsync.settings import FieldNames

log = logging.getLogger(__name__)

#: source: REST API Developer Guide, "Composite Graph Limits"
MAX_GRAPHS = 75
#: of PDF bytes in one call; base64 makes a third more of it, and a call takes about 50 MB
MAX_BYTES = 20_000_000
#: an org's own triggers and flows run for each graph: a call shall stay so short that a shutdown can wait for it
_QUICK_SECONDS, SLOW_SECONDS = 5.0, 10.0

#: what became of each upload, by Opportunity Id
Answers = dict[str, Receipt | SfsyncError]


class Attacher:
    """Attaches batches whose size follows how quickly the org answers.

    One call at a time, never in threads: parallel uploads by one user fight for the lock on its ContentFolder.
    """

    def __init__(self, api: Api, names: FieldNames, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._names, self._clock = api, names, clock
        self.batch_size = 10
        self._graphs = True

    def attach(self, uploads: Sequence[Upload]) -> Answers:
        """Attach at most `batch_size` forms. Every one of them has an answer; nothing is repeated blindly."""
        began = self._clock()
        answers: Answers = {}
        waiting = list(uploads)
        while waiting:
            some = self._send(waiting)
            answers |= some
            # after 14 failed graphs of a call Salesforce halts the rest of it, which executed nothing
            waiting = [u for u in waiting if u.opportunity_id not in some]
        self._adapt(self._clock() - began, len(uploads))
        return answers

    def _adapt(self, seconds: float, sent: int) -> None:
        if seconds > SLOW_SECONDS:
            self.batch_size = max(1, min(self.batch_size, sent) // 2)
        elif seconds < _QUICK_SECONDS and sent >= self.batch_size:
            self.batch_size = min(MAX_GRAPHS, self.batch_size * 2)

    def _send(self, uploads: list[Upload]) -> Answers:
        """Send one call. Halted graphs have no answer, the others have one each, and there is at least one."""
        # our clock may be a little behind the org's, and nothing is ready before it was asked for
        ready_at = max(self._api.session.now(), *(u.requested_at for u in uploads))
        try:
            return self._by_graphs(uploads, ready_at) if self._graphs else self._one_by_one(uploads, ready_at)
        except AnswerLost as lost:
            return self._look_up(uploads, lost)
        except TryAgainLater as error:
            outage = Outage(error.what, where=error.where, remedy=error.remedy)
            return {u.opportunity_id: outage for u in uploads}

    def _by_graphs(self, uploads: list[Upload], ready_at: datetime) -> Answers:
        graphs = [{"graphId": u.opportunity_id, "compositeRequest": self._writes(u, ready_at)} for u in uploads]
        try:
            body = self._api.call("POST", "composite/graph", {"graphs": graphs}, reads=False)
        except SetupError as refused:
            return self._without_graphs(uploads, ready_at, refused)
        results = {g["graphId"]: g["graphResponse"]["compositeResponse"] for g in body["graphs"]}
        answers: Answers = {}
        for upload in uploads:
            if answer := _answer(upload, results[upload.opportunity_id], ready_at):
                answers[upload.opportunity_id] = answer
        if not answers:
            return {u.opportunity_id: TryAgainLater("Salesforce halted the whole call.") for u in uploads}
        if all(_refuses_files(results[u.opportunity_id]) for u in uploads):
            return self._without_graphs(uploads, ready_at, next(iter(answers.values())))
        return answers

    def _without_graphs(self, uploads: list[Upload], ready_at: datetime, refused: Receipt | SfsyncError) -> Answers:
        """The org refuses these graphs. If one form goes as a plain composite, all go that way from now on."""
        first, *others = uploads
        answers = self._one_by_one([first], ready_at)
        if isinstance(answers[first.opportunity_id], Receipt):
            log.warning("this org takes no files in composite graphs; each form costs a call of its own")
            self._graphs = False
            return answers | self._one_by_one(others, ready_at)
        return {u.opportunity_id: refused for u in uploads} | answers

    def _one_by_one(self, uploads: list[Upload], ready_at: datetime) -> Answers:
        """The same three writes as one composite with allOrNone: one call a form, since it binds the whole call."""
        answers: Answers = {}
        for upload in uploads:
            request = {
                "allOrNone": True,
                "collateSubrequests": False,
                "compositeRequest": self._writes(upload, ready_at),
            }
            try:
                body = self._api.call("POST", "composite", request, reads=False)
                answer = _answer(upload, body["compositeResponse"], ready_at)
                answers[upload.opportunity_id] = answer or TryAgainLater("Salesforce halted the call.")
            except AnswerLost as lost:
                answers |= self._look_up([upload], lost)
            except (TryAgainLater, SetupError) as error:
                answers[upload.opportunity_id] = error
        return answers

    def _look_up(self, uploads: list[Upload], lost: AnswerLost) -> Answers:
        """No answer came: the rows say what was done. What is missing may still land, and is left to the next pass."""
        fields = ["Key__c", "Token__c", "File_Id__c", "Ready_At__c"]
        text = soql.select(fields, "Order_Form__c", soql.among("Key__c", (u.key for u in uploads)))
        try:
            rows = {row["Key__c"]: row for row in self._api.query(text)}
        except SfsyncError:
            rows = {}
        answers: Answers = {}
        for upload in uploads:
            row = rows.get(upload.key)
            done = row is not None and row["Token__c"] == upload.token
            answers[upload.opportunity_id] = _found(upload, row) if row and done else lost
        return answers

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


def _answer(upload: Upload, results: Sequence[Row], ready_at: datetime) -> Receipt | SfsyncError | None:
    """What one transaction came to; None where it was halted because others failed."""
    bodies = {r["referenceId"]: r["body"] for r in results}
    failed = [b for b in bodies.values() if codes.first_error(b)]
    if not failed:
        return Receipt(
            opportunity_id=upload.opportunity_id,
            version=upload.version,
            file_id=bodies["file"]["id"],
            ready_at=ready_at,
        )
    own = [b for b in failed if _code(b) != "PROCESSING_HALTED"]
    return error_in(own[0]) if own else None


def _refuses_files(results: Sequence[Row]) -> bool:
    """Whether the file, and not the record or the row, is what the org did not take."""
    code = next((_code(r["body"]) for r in results if r["referenceId"] == "file"), "")
    return code not in {"", "PROCESSING_HALTED"} and not isinstance(codes.classify(code, ""), TryAgainLater)


def _code(body: Any) -> str:
    return (codes.first_error(body) or ("", ""))[0]


def _found(upload: Upload, row: Row) -> Receipt:
    return Receipt(
        opportunity_id=upload.opportunity_id,
        version=upload.version,
        file_id=row["File_Id__c"],
        ready_at=moment(row["Ready_At__c"]),
    )
