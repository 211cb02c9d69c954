"""Salesforce Files: a document, its versions, and the records among whose files it lies.

Source: Object Reference, "ContentVersion", "ContentDocument", "ContentDocumentLink".
"""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

import hashlib
from datetime import timedelta
from pathlib import PurePosixPath

from sfsync.pocketorg import ids
from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Logic, Work
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.values import moment

#: FileType for the extensions whose type is another word
_TYPES = {
    "txt": "TEXT",
    "jpeg": "JPG",
    "docx": "WORD_X",
    "doc": "WORD",
    "xlsx": "EXCEL_X",
    "xls": "EXCEL",
    "pptx": "POWER_POINT_X",
    "ppt": "POWER_POINT",
}
_KNOWN_TYPES = frozenset({"pdf", "png", "jpg", "gif", "csv", "html", "xml", "zip", "rtf", "svg", "mp3", "mp4"})
#: what a document shows of its latest version
_SHOWN = ("Title", "Description", "FileType", "FileExtension", "ContentSize")


class ContentVersion(Logic):
    """A version of a file. The first one makes the document and its links, a later one becomes the latest."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        work.locks.upload(work.user_id)
        _check_limit(work)
        missing = [name for name in ("PathOnClient", "VersionData") if row.get(name) is None]
        if missing:
            text = f"Required fields are missing: [{', '.join(missing)}]"
            raise ApiError(400, "REQUIRED_FIELD_MISSING", text, missing)
        _describe(row)
        _check_storage(work, row["ContentSize"])
        row |= {"ContentModifiedDate": work.now, "ContentModifiedById": work.user_id, "PublishStatus": "P"}
        row |= {"IsLatest": 1, "IsMajorVersion": 1}
        row["OwnerId"] = row.get("OwnerId") or work.user_id
        if row.get("ContentDocumentId"):
            row["VersionNumber"] = str(_supersede(work, row["ContentDocumentId"]))
        else:
            row["VersionNumber"] = "1"
            row["FirstPublishLocationId"] = row.get("FirstPublishLocationId") or row["OwnerId"]
            row["ContentDocumentId"] = work.add("ContentDocument", _document(row))

    def after_insert(self, work: Work, row: Row) -> None:
        path = f"/sfc/servlet.shepherd/version/download/{row['Id']}"
        work.store.update("ContentVersion", row["Id"], {"VersionDataUrl": path})
        if row["VersionNumber"] == "1":
            _link(work, row, row["OwnerId"], "I")
            if row["FirstPublishLocationId"] != row["OwnerId"]:
                _link(work, row, row["FirstPublishLocationId"], "V")
        _show(work, row)

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        if new["VersionData"] != old["VersionData"]:
            _describe(new)
            new["ContentModifiedDate"] = work.now

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        if new["IsLatest"]:
            _show(work, new)


def _check_limit(work: Work) -> None:
    """Refuse more versions than an org may publish within 24 hours."""
    since = moment(work.at - timedelta(hours=24))
    sql = "SELECT COUNT(*) FROM (SELECT 1 FROM ContentVersion WHERE SystemModstamp > ? AND CreatedDate > ? LIMIT ?)"
    count = work.store.db.execute(sql, (since, since, work.limits.files)).fetchone()[0]
    if count >= work.limits.files:
        raise ApiError(400, "LIMIT_EXCEEDED", "ContentPublication Limit exceeded.", [])


def _check_storage(work: Work, size: int) -> None:
    found = work.store.db.execute("SELECT SUM(ContentSize) FROM ContentVersion").fetchone()[0]
    if (found or 0) + size > work.limits.storage:
        raise ApiError(400, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", [])


def _describe(row: Row) -> None:
    """Fill in what follows from the bytes and the path."""
    path = PurePosixPath(row["PathOnClient"].replace("\\", "/"))
    extension = path.suffix[1:].lower()
    row["Title"] = row.get("Title") or path.stem
    row["FileExtension"] = path.suffix[1:] or None
    row["FileType"] = _TYPES.get(extension) or (extension.upper() if extension in _KNOWN_TYPES else "UNKNOWN")
    row["ContentSize"] = len(row["VersionData"])
    row["Checksum"] = hashlib.md5(row["VersionData"], usedforsecurity=False).hexdigest()


def _supersede(work: Work, document_id: str) -> int:
    """Let the document's latest version be the latest no longer. Gives the number of the next one."""
    db = work.store.db
    sql = "SELECT Id FROM ContentVersion WHERE ContentDocumentId = ? AND IsLatest = 1"
    for (version_id,) in db.execute(sql, (document_id,)).fetchall():
        work.change("ContentVersion", version_id, {"IsLatest": 0})
    sql = "SELECT MAX(CAST(VersionNumber AS INTEGER)) FROM ContentVersion WHERE ContentDocumentId = ?"
    return int(db.execute(sql, (document_id,)).fetchone()[0] or 0) + 1


def _document(row: Row) -> Row:
    kept = {name: row.get(name) for name in ("OwnerId", "SharingOption", "SharingPrivacy", "PublishStatus")}
    return {**kept, **{name: row.get(name) for name in _SHOWN}, "ContentModifiedDate": row["ContentModifiedDate"]}


def _show(work: Work, row: Row) -> None:
    """Let the document show its latest version."""
    shown = {name: row.get(name) for name in (*_SHOWN, "ContentModifiedDate")}
    latest = {"LatestPublishedVersionId": row["Id"], "LastModifiedDate": work.now, "LastModifiedById": work.user_id}
    work.change("ContentDocument", row["ContentDocumentId"], shown | latest)


def _link(work: Work, row: Row, entity_id: str, share: str) -> None:
    link = {"ContentDocumentId": row["ContentDocumentId"], "LinkedEntityId": entity_id, "ShareType": share}
    work.add("ContentDocumentLink", {**link, "Visibility": "AllUsers"})


class ContentDocument(Logic):
    """A renamed document renames its latest version."""

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        changes = {name: new[name] for name in ("Title", "Description") if new[name] != old[name]}
        if changes:
            work.change("ContentVersion", new["LatestPublishedVersionId"], changes)


class ContentDocumentLink(Logic):
    """A file lies among a record's files once at most."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        row["Visibility"] = row.get("Visibility") or "AllUsers"
        document, entity = row.get("ContentDocumentId"), row.get("LinkedEntityId")
        if row.get("ShareType") is None:
            raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [ShareType]", ["ShareType"])
        if work.find("ContentDocumentLink", ContentDocumentId=document, LinkedEntityId=entity):
            text = f"Document with ID: {document} is already linked with the entity with ID: {entity}"
            raise ApiError(400, "DUPLICATE_VALUE", text, ["LinkedEntityId"])


# ------------------------------------------------------------------------- REST


def download(org: Org, call: Call, params: Params) -> Answer:
    """Send the bytes of a version."""
    if call.nested:
        raise ApiError(400, "INVALID_INPUT", "sObject Blob Retrieve can not be a subrequest.")
    full = ids.full(params["id"])
    row = org.store.get("ContentVersion", full) if full else None
    if row is None or row["IsDeleted"]:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return Answer(200, raw=row["VersionData"], headers={"Content-Type": "application/octetstream"})


ROUTES: tuple[Route[Org], ...] = (Route("/sobjects/ContentVersion/{id}/VersionData", GET=download),)
