"""Metadata in source format: from a folder of XML to objects, fields, rules and permission sets."""

from sfsync.pocketorg.metadata.folder import Metadata, load
from sfsync.pocketorg.metadata.sourcefile import MetadataError

__all__ = ["Metadata", "MetadataError", "load"]
