"""How much nonsense is tried, and what must hold after each piece of it."""

import os

from hypothesis import HealthCheck, settings

from sfsync.pocketorg import PocketOrg

#: `SFSYNC_FUZZ=5000` tries so many of each kind instead
TRIES = int(os.environ.get("SFSYNC_FUZZ", "120"))
FUZZ = settings(max_examples=TRIES, deadline=None, suppress_health_check=list(HealthCheck))


def whole(org: PocketOrg) -> None:
    """Nothing is half-done: no transaction is open, and every file has its document, its bytes and its link."""
    db = org.org.store.db
    assert not db.in_transaction
    lost = """SELECT COUNT(*) FROM ContentVersion v LEFT JOIN ContentDocument d ON d.Id = v.ContentDocumentId
        LEFT JOIN ContentDocumentLink l ON l.ContentDocumentId = d.Id
        WHERE (d.Id IS NULL OR l.Id IS NULL OR v.VersionData IS NULL) AND v.IsDeleted = 0"""
    assert db.execute(lost).fetchone()[0] == 0
    twice = "SELECT COUNT(*) FROM ContentVersion WHERE IsLatest = 1 GROUP BY ContentDocumentId HAVING COUNT(*) > 1"
    assert db.execute(twice).fetchone() is None
