"""SOQL and formulas: from text to SQL, from rows to records. Knows nothing of HTTP or of writes."""

from sfsync.pocketorg.query.answers import Cursors, Result, run

__all__ = ["Cursors", "Result", "run"]
