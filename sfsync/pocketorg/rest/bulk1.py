"""The first Bulk API: jobs of batches at /services/async, in XML, JSON or CSV.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API", "Jobs", "Batches", "Results".
"""

import json
from collections.abc import Callable
from typing import Any

from sfsync.pocketorg import xmltext
from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import bulkjobs
from sfsync.pocketorg.rest.bulkjobs import OPERATIONS, QUERIES, Batch, Job

Record = dict[str, Any]

_NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_XML, _JSON = "application/xml", "application/json"
_NOTHING_FOUND = b"Records not found for this query"
_RESULT_ID = "752000000000001"


Handler = Callable[[Org, Call, Params], Answer]


def _guarded(handler: Handler) -> Handler:
    """Refuse in this API's own words, and without a session everything."""

    def answer(org: Org, call: Call, params: Params) -> Answer:
        try:
            _check_session(call)
            with org.store.transaction():
                return handler(org, call, params)
        except ApiError as error:
            body = {"exceptionCode": error.code, "exceptionMessage": error.message}
            return _send("error", body, as_json=_speaks_json(call), status=400)

    return answer


def _check_session(call: Call) -> None:
    if not call.user_id:
        raise ApiError(400, "InvalidSessionId", "Invalid session id")


def _speaks_json(call: Call) -> bool:
    return call.headers.get("content-type", "").startswith(_JSON)


def _send(name: str, body: Any, *, as_json: bool, status: int = 200) -> Answer:
    if as_json:
        return Answer(status, headers={"Content-Type": _JSON}, raw=json.dumps(body).encode())
    text = xmltext.render(name, body)
    namespaced = text.replace(f"<{name}>", f'<{name} xmlns="{_NAMESPACE}">', 1)
    raw = f'<?xml version="1.0" encoding="UTF-8"?>{namespaced}'.encode()
    return Answer(status, headers={"Content-Type": _XML}, raw=raw)


def _document(call: Call) -> Record:
    """The body as names and values, whether it came as JSON or XML."""
    if not _speaks_json(call):
        return xmltext.children(xmltext.parse(call.raw))
    try:
        found = json.loads(call.raw)
    except (ValueError, RecursionError) as bad:
        raise ApiError(400, "InvalidJob", f"Unable to parse Job: {bad}") from None
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------------------- jobs


def create(org: Org, call: Call, _: Params) -> Answer:
    asked = _document(call)
    sobject, operation = org.schema.get(str(asked.get("object"))), asked.get("operation")
    if sobject is None or not org.access(call).can(sobject.name, "read"):
        raise ApiError(400, "InvalidJob", f"Unable to find object: {asked.get('object')}")
    if operation not in OPERATIONS + QUERIES:
        raise ApiError(400, "InvalidJob", f"Unknown operation: {operation}")
    if asked.get("contentType", "XML") not in ("CSV", "JSON"):
        raise ApiError(400, "InvalidJob", "The pocket org takes contentType CSV and JSON")
    job = Job(
        id=org.store.new_id("750"),
        type="Classic",
        operation=operation,
        sobject=sobject.name,
        user_id=call.user_id,
        created_at=org.clock(),
        version=call.version,
        key=str(asked.get("externalIdFieldName", "")),
        content_type=asked["contentType"],
    )
    org.jobs[job.id] = job
    return _send("jobInfo", _info(job), as_json=_speaks_json(call), status=201)


def _info(job: Job) -> Record:
    moment = job.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    done = sum(each.state == "Completed" for each in job.batches)
    processed = sum(len(each.outcomes) + each.found for each in job.batches)
    refused = sum(bool(outcome.error) for each in job.batches for outcome in each.outcomes)
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.sobject,
        "createdById": job.user_id,
        "createdDate": moment,
        "systemModstamp": moment,
        "state": job.state,
        **({"externalIdFieldName": job.key} if job.key else {}),
        "concurrencyMode": "Parallel",
        "contentType": job.content_type,
        "numberBatchesQueued": 0,
        "numberBatchesInProgress": 0,
        "numberBatchesCompleted": done,
        "numberBatchesFailed": len(job.batches) - done,
        "numberBatchesTotal": len(job.batches),
        "numberRecordsProcessed": processed,
        "numberRetries": 0,
        "apiVersion": float(job.version),
        "numberRecordsFailed": refused,
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }


def info(org: Org, call: Call, params: Params) -> Answer:
    return _send("jobInfo", _info(_job(org, params)), as_json=_speaks_json(call))


def change(org: Org, call: Call, params: Params) -> Answer:
    """Close or abort a job."""
    job, state = _job(org, params), _document(call).get("state")
    if state not in ("Closed", "Aborted"):
        raise ApiError(400, "InvalidJobState", f"Job state {job.state} can not become {state}")
    if job.state not in ("Open", state):
        raise ApiError(400, "InvalidJobState", f"Job is {job.state}")
    job.state = state
    return _send("jobInfo", _info(job), as_json=_speaks_json(call))


def _job(org: Org, params: Params) -> Job:
    try:
        return bulkjobs.find(org, params["id"], "Classic")
    except ApiError:
        raise ApiError(400, "InvalidJob", f"Unable to find object for id: {params['id']}") from None


# ------------------------------------------------------------------------- batches


def add(org: Org, call: Call, params: Params) -> Answer:
    """Take a batch and work on it at once."""
    job = _job(org, params)
    if job.state != "Open":
        raise ApiError(400, "InvalidJobState", "Cannot create batch on a job that is not open")
    batch = Batch(id=org.store.new_id("751"), data=call.raw)
    job.batches.append(batch)
    try:
        _work(org, call, job, batch)
    except ApiError as error:
        batch.state, batch.problem = "Failed", f"{error.code} : {error.message}"
    body = _batch_info(job, batch) | {"state": "Queued", "numberRecordsProcessed": 0}
    return _send("batchInfo", body, as_json=job.content_type == "JSON", status=201)


def _work(org: Org, call: Call, job: Job, batch: Batch) -> None:
    if job.operation in QUERIES:
        _ask(org, call, job, batch)
        return
    if job.content_type == "CSV":
        header, records = bulkjobs.read_csv(batch.data, ",")
        sobject = org.schema.get(job.sobject)
        assert sobject is not None  # or the job would not have been opened
        bulkjobs.check_header(header, sobject, org.access(call))
    else:
        records = _json_records(batch.data)
    batch.outcomes = bulkjobs.load(org, call, job, records)


def _json_records(data: bytes) -> list[Record]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as bad:
        raise ApiError(400, "InvalidBatch", f"Failed to parse JSON: {bad}") from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ApiError(400, "InvalidBatch", "Records not found: a list of objects is expected")
    return found


def _ask(org: Org, call: Call, job: Job, batch: Batch) -> None:
    job.query = batch.data.decode("utf-8", "replace").strip()
    result = bulkjobs.ask(org, call, job)
    batch.found = len(result.records)
    if job.content_type == "JSON":
        batch.answer = json.dumps(result.records).encode()
    elif result.records:
        batch.answer = bulkjobs.write_csv(*bulkjobs.table(org, call, job, result))
    else:
        batch.answer = _NOTHING_FOUND


def _batch_info(job: Job, batch: Batch) -> Record:
    moment = job.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "id": batch.id,
        "jobId": job.id,
        "state": batch.state,
        **({"stateMessage": batch.problem} if batch.problem else {}),
        "createdDate": moment,
        "systemModstamp": moment,
        "numberRecordsProcessed": len(batch.outcomes) + batch.found,
        "numberRecordsFailed": sum(bool(each.error) for each in batch.outcomes),
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }


def _batch(org: Org, params: Params) -> tuple[Job, Batch]:
    job = _job(org, params)
    for batch in job.batches:
        if batch.id[:15] == params["batch"][:15]:
            return job, batch
    raise ApiError(400, "InvalidBatch", f"Unable to find batch for id: {params['batch']}")


def batch_info(org: Org, _: Call, params: Params) -> Answer:
    job, batch = _batch(org, params)
    return _send("batchInfo", _batch_info(job, batch), as_json=job.content_type == "JSON")


def list_batches(org: Org, _: Call, params: Params) -> Answer:
    job = _job(org, params)
    body = {"batchInfo": [_batch_info(job, each) for each in job.batches]}
    return _send("batchInfoList", body, as_json=job.content_type == "JSON")


def request(org: Org, _: Call, params: Params) -> Answer:
    """Give back what was uploaded."""
    job, batch = _batch(org, params)
    return _content(job, batch.data)


def result(org: Org, _: Call, params: Params) -> Answer:
    """The outcomes in the order of the records; of a query the list of results to fetch."""
    job, batch = _batch(org, params)
    as_json = job.content_type == "JSON"
    if job.operation in QUERIES:
        return _send("result-list", [_RESULT_ID] if as_json else {"result": [_RESULT_ID]}, as_json=as_json)
    if as_json:
        outcomes = [
            {"success": not o.error, "created": o.created, "id": o.id or None, "errors": _errors(o.error)}
            for o in batch.outcomes
        ]
        return _send("results", outcomes, as_json=True)
    rows = [[o.id, str(not o.error).lower(), str(o.created).lower(), o.error] for o in batch.outcomes]
    return _content(job, bulkjobs.write_csv(["Id", "Success", "Created", "Error"], rows))


def _errors(text: str) -> list[Record]:
    if not text:
        return []
    code, _, rest = text.removesuffix(" --").partition(":")
    message, _, fields = rest.rpartition(":")
    return [{"statusCode": code, "message": message, "fields": fields.split(",") if fields else []}]


def query_result(org: Org, _: Call, params: Params) -> Answer:
    job, batch = _batch(org, params)
    if batch.answer is None or params["result"] != _RESULT_ID:
        raise ApiError(400, "InvalidBatch", f"Unable to find result for id: {params['result']}")
    return _content(job, batch.answer)


def _content(job: Job, raw: bytes) -> Answer:
    return Answer(200, headers={"Content-Type": _JSON if job.content_type == "JSON" else "text/csv"}, raw=raw)


_BATCH = "async/job/{id}/batch/{batch}"
ROUTES: tuple[Route[Org], ...] = (
    Route("async/job", POST=_guarded(create)),
    Route("async/job/{id}", GET=_guarded(info), POST=_guarded(change)),
    Route("async/job/{id}/batch", GET=_guarded(list_batches), POST=_guarded(add)),
    Route(_BATCH, GET=_guarded(batch_info)),
    Route(f"{_BATCH}/request", GET=_guarded(request)),
    Route(f"{_BATCH}/result", GET=_guarded(result)),
    Route(f"{_BATCH}/result/{{result}}", GET=_guarded(query_result)),
)
