"""An org in your pocket: a server that speaks Salesforce's wire protocol over SQLite."""

from sfsync.pocketorg.server import PocketOrg

__all__ = ["PocketOrg"]
