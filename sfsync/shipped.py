"""What comes with sfsync beside its code: sample settings and templates, and the metadata for an org."""

from pathlib import Path

_BESIDE = Path(__file__).resolve().parent.parent  # a checkout
_INSIDE = Path(__file__).resolve().parent / "shipped"  # an installed wheel

HOME = _BESIDE if (_BESIDE / "config" / "salesforce").is_dir() else _INSIDE
#: sfsync's object, fields, permission sets and notification type, in source format
METADATA = HOME / "config" / "salesforce"
SETTINGS = HOME / "config" / "sfsync.yaml"
