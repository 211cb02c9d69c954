"""Placeholder while the sample is written."""

from collections.abc import Mapping
from typing import Any, Protocol


class Insert(Protocol):
    """Writes one record past all permissions, as the org itself, and gives its 18-character Id."""

    def __call__(self, sobject: str, values: Mapping[str, Any], /) -> str:
        """Insert `values` under Salesforce's field names."""
