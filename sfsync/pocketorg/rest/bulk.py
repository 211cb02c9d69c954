"""Bulk API 2.0: CSV in by an ingest job, CSV out by a query job.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Ingest", "Bulk API 2.0 Query".
"""

import re
from typing import Any

from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.dml import external_id
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import bulkjobs
from sfsync.pocketorg.rest.bulkjobs import DELIMITERS, OPERATIONS, QUERIES, Job, find
from sfsync.pocketorg.schema import SObject

Record = dict[str, Any]

_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_NUMBER = re.compile("[0-9]{1,9}")
_CSV = {"Content-Type": "text/csv"}
_DONE = ("JobComplete", "Failed", "Aborted")


def _invalid(message: str) -> ApiError:
    return ApiError(400, "INVALIDJOB", message)


def _new(org: Org, call: Call, kind: str, asked: Record) -> Job:
    delimiter, ending = str(asked.get("columnDelimiter", "COMMA")), str(asked.get("lineEnding", "LF"))
    if delimiter not in DELIMITERS or ending not in _ENDINGS or asked.get("contentType", "CSV") != "CSV":
        raise _invalid("InvalidJob : contentType must be CSV, with a known columnDelimiter and lineEnding")
    job = Job(
        id=org.store.new_id("750"),
        type=kind,
        operation=str(asked.get("operation")),
        sobject=str(asked.get("object", "")),
        user_id=call.user_id,
        created_at=org.clock(),
        version=call.version,
        key=str(asked.get("externalIdFieldName", "")),
        line_ending=ending,
        delimiter=delimiter,
        query=str(asked.get("query", "")),
    )
    org.jobs[job.id] = job
    return job


def _info(job: Job, state: str = "") -> Record:
    ingest = job.type == "V2Ingest"
    moment = job.created_at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    info: Record = {
        "id": job.id,
        "operation": job.operation,
        "object": job.sobject,
        "createdById": job.user_id,
        "createdDate": moment,
        "systemModstamp": moment,
        "state": state or job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "jobType": job.type,
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
    }
    if ingest:
        info["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
        info |= {"externalIdFieldName": job.key} if job.key else {}
    if job.state in _DONE:
        info |= {"numberRecordsProcessed": len(job.outcomes) if ingest else len(job.rows), "retries": 0}
        info |= {"totalProcessingTime": 0, "isPkChunkingSupported": False}
        info |= {"numberRecordsFailed": job.failed, "apiActiveProcessingTime": 0, "apexProcessingTime": 0}
    return info | ({"errorMessage": job.problem} if job.problem else {})


# -------------------------------------------------------------------------- ingest


def create_ingest(org: Org, call: Call, _: Params) -> Answer:
    """Open a job; one that comes with its data as a multipart request is complete at once."""
    asked = call.record()
    operation = asked.get("operation")
    if operation not in OPERATIONS:
        raise _invalid(f"InvalidJob : operation must be one of {', '.join(OPERATIONS)}")
    sobject = _sobject(org, call, str(asked.get("object", "")))
    if operation == "upsert":
        if not asked.get("externalIdFieldName"):
            raise _invalid("InvalidJob : External ID was blank for operation upsert")
        external_id(sobject, str(asked["externalIdFieldName"]), org.access(call))
    job = _new(org, call, "V2Ingest", asked | {"object": sobject.name})
    if "content" in call.parts:
        job.data = call.parts["content"]
        _run(org, call, job)
        return Answer(200, _info(job, "UploadComplete"))
    return Answer(200, _info(job))


def _sobject(org: Org, call: Call, name: str) -> SObject:
    found = org.schema.get(name)
    if found is None or not org.access(call).can(found.name, "read"):
        text = f"InvalidJob : Unable to find object: {name}"
        raise _invalid(text)
    return found


def upload(org: Org, call: Call, params: Params) -> Answer:
    job = find(org, params["id"], "V2Ingest")
    if job.state != "Open" or job.data:
        raise ApiError(400, "INVALIDJOBSTATE", f"Unable to upload: job state is {job.state}")
    job.data = call.raw
    return Answer(201)


def change_ingest(org: Org, call: Call, params: Params) -> Answer:
    job, state = find(org, params["id"], "V2Ingest"), call.record().get("state")
    if state == "Aborted" and job.state not in _DONE:
        job.state = "Aborted"
        return Answer(200, _info(job))
    if state != "UploadComplete" or job.state != "Open":
        raise ApiError(400, "INVALIDJOBSTATE", f"Job state {job.state} can not become {state}")
    _run(org, call, job)
    return Answer(200, _info(job, "UploadComplete"))


def _run(org: Org, call: Call, job: Job) -> None:
    """Write what was uploaded. A file that cannot be understood fails the job, with nothing written."""
    try:
        _check_ending(job)
        job.header, records = bulkjobs.read_csv(job.data, DELIMITERS[job.delimiter])
        bulkjobs.check_header(job.header, _sobject(org, call, job.sobject), org.access(call))
    except ApiError as error:
        job.state, job.problem = "Failed", f"{error.code} : {error.message}"
        return
    job.outcomes = bulkjobs.load(org, call, job, records)
    job.state = "JobComplete"


def _check_ending(job: Job) -> None:
    if b"\n" in job.data.strip() and (b"\r\n" in job.data) != (job.line_ending == "CRLF"):
        text = f"LineEnding is invalid on user data. Current LineEnding setting is {job.line_ending}"
        raise ApiError(400, "ClientInputError", text)


def successful(org: Org, _: Call, params: Params) -> Answer:
    job = find(org, params["id"], "V2Ingest")
    rows = [[o.id, str(o.created).lower(), *_line(job, o.given)] for o in job.outcomes if not o.error]
    return _csv(job, ["sf__Id", "sf__Created", *job.header], rows)


def failed(org: Org, _: Call, params: Params) -> Answer:
    job = find(org, params["id"], "V2Ingest")
    rows = [[o.id, o.error, *_line(job, o.given)] for o in job.outcomes if o.error]
    return _csv(job, ["sf__Id", "sf__Error", *job.header], rows)


def unprocessed(org: Org, _: Call, params: Params) -> Answer:
    """Give back the lines that no one has looked at: all of an aborted or failed job, none of another."""
    job = find(org, params["id"], "V2Ingest")
    lines = job.data if job.state in {"Aborted", "Failed"} else bulkjobs.write_csv(job.header, [])
    return Answer(200, headers=_CSV, raw=lines)


def _line(job: Job, given: Record) -> list[str]:
    return [given.get(name, "") for name in job.header]


def _csv(job: Job, header: list[str], rows: list[list[str]], headers: dict[str, str] | None = None) -> Answer:
    text = bulkjobs.write_csv(header, rows, DELIMITERS[job.delimiter], _ENDINGS[job.line_ending])
    return Answer(200, headers=_CSV | (headers or {}), raw=text)


# ------------------------------------------------------------------------- queries


def create_query(org: Org, call: Call, _: Params) -> Answer:
    asked = call.record()
    if asked.get("operation") not in QUERIES or not isinstance(asked.get("query"), str):
        raise _invalid("InvalidJob : operation must be query or queryAll, with a query")
    job = _new(org, call, "V2Query", asked)
    result = bulkjobs.ask(org, call, job)
    job.sobject, job.state = result.entity, "JobComplete"
    job.header, job.rows = bulkjobs.table(org, call, job, result)
    return Answer(200, _info(job, "UploadComplete"))


def results(org: Org, call: Call, params: Params) -> Answer:
    """One page of the rows; the header Sforce-Locator names the next one, `null` on the last."""
    job = find(org, params["id"], "V2Query")
    locator, most = call.query.get("locator", "0"), call.query.get("maxRecords", "50000")
    if not (_NUMBER.fullmatch(locator) and _NUMBER.fullmatch(most) and int(most)):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    start, stop = int(locator), int(locator) + int(most)
    rows = job.rows[start:stop]
    following = str(stop) if stop < len(job.rows) else "null"
    return _csv(job, job.header, rows, {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(len(rows))})


# ---------------------------------------------------------------------------- both


def _kind(call: Call) -> str:
    return "V2Query" if call.path.startswith("/jobs/query") else "V2Ingest"


def info(org: Org, call: Call, params: Params) -> Answer:
    return Answer(200, _info(find(org, params["id"], _kind(call))))


def list_jobs(org: Org, call: Call, _: Params) -> Answer:
    jobs = [_info(each) for each in org.jobs.values() if isinstance(each, Job) and each.type == _kind(call)]
    return Answer(200, {"done": True, "records": jobs, "nextRecordsUrl": None})


def abort_query(org: Org, _: Call, params: Params) -> Answer:
    job = find(org, params["id"], "V2Query")
    raise ApiError(400, "INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed")


def remove(org: Org, call: Call, params: Params) -> Answer:
    job = find(org, params["id"], _kind(call))
    if job.state not in _DONE:
        raise ApiError(400, "INVALIDJOBSTATE", f"Deleting a job in state {job.state} is not allowed")
    del org.jobs[job.id]
    return Answer(204)


ROUTES: tuple[Route[Org], ...] = (
    Route("/jobs/ingest", GET=list_jobs, POST=create_ingest),
    Route("/jobs/ingest/{id}", GET=info, PATCH=change_ingest, DELETE=remove),
    Route("/jobs/ingest/{id}/batches", PUT=upload),
    Route("/jobs/ingest/{id}/successfulResults", GET=successful),
    Route("/jobs/ingest/{id}/failedResults", GET=failed),
    Route("/jobs/ingest/{id}/unprocessedrecords", GET=unprocessed),
    Route("/jobs/query", GET=list_jobs, POST=create_query),
    Route("/jobs/query/{id}", GET=info, PATCH=abort_query, DELETE=remove),
    Route("/jobs/query/{id}/results", GET=results),
)
