"""How much of its allowances an org has left. Source: REST API Developer Guide, "Limits"."""

from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.store import quoted
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org

_MOST_DOCUMENTS = 30_000_000
_DATA_MB = 5_120
_MOST_BATCHES = 15_000


def limits(org: Org, _: Call, __: Params) -> Answer:
    count = _counter(org)
    versions, documents = count("ContentVersion"), count("ContentDocument")
    size = org.store.db.execute("SELECT SUM(ContentSize) FROM ContentVersion").fetchone()[0] or 0
    return Answer(
        200,
        {
            "ContentPublicationLimit": _limit(org.limits.files, versions),
            "DailyApiRequests": _limit(org.limits.api, org.used()),
            "DailyBulkApiBatches": _limit(_MOST_BATCHES, 0),
            "DataStorageMB": _limit(_DATA_MB, 0),
            "FileStorageMB": _limit(org.limits.storage // 2**20, size // 2**20),
            "MaxContentDocumentsLimit": _limit(_MOST_DOCUMENTS, documents),
        },
    )


def _limit(most: int, used: int) -> dict[str, int]:
    return {"Max": most, "Remaining": max(most - used, 0)}


def record_count(org: Org, call: Call, _: Params) -> Answer:
    """How many records the objects have, roughly in an org and exactly here."""
    access, count = org.access(call), _counter(org)
    names = [name.strip() for name in call.query.get("sObjects", "").split(",") if name.strip()]
    asked = [org.schema.get(name) for name in names] if names else list(org.schema)
    readable = [sobject for sobject in asked if sobject and access.can(sobject.name, "read")]
    if not readable:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return Answer(200, {"sObjects": [{"count": count(each.name), "name": each.name} for each in readable]})


class _counter:  # noqa: N801 - used as a function
    """Counts the rows of a table."""

    def __init__(self, org: Org) -> None:
        self._db = org.store.db

    def __call__(self, table: str) -> int:
        return int(self._db.execute(f"SELECT COUNT(*) FROM {quoted(table)}").fetchone()[0])  # noqa: S608 - quoted


ROUTES: tuple[Route[Org], ...] = (Route("/limits", GET=limits), Route("/limits/recordCount", GET=record_count))
