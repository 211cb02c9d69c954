"""Queries as text: every value escaped, every Id checked."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
# what SOQL asks to be escaped; source: SOQL and SOSL Reference, "Quoted String Escape Sequences"
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def text(value: str) -> str:
    r"""Write a text literal.

    >>> print(text("O'Neill"))
    'O\'Neill'
    """
    return f"'{value.translate(_ESCAPES)}'"


def texts(values: Iterable[str]) -> str:
    """Write a list for IN."""
    return "(" + ",".join(map(text, values)) + ")"


def moment(value: datetime) -> str:
    """Write a datetime literal in UTC; they are not quoted."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def record_id(value: str) -> str:
    """Give the Id back. Raises ValueError for anything else, since Ids become parts of URLs."""
    if not _ID.fullmatch(value):
        raise ValueError(f"not a record Id: {value!r}")
    return value


def select(fields: Iterable[str], source: str, *conditions: str, order: str = "", most: int = 0) -> str:
    """Write a query; a field named twice is asked for once, since SOQL refuses duplicates.

    >>> select(["Id", "Name", "Id"], "Account", "Name != null", order="Name")
    'SELECT Id, Name FROM Account WHERE Name != null ORDER BY Name'
    """
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    by = f" ORDER BY {order}" if order else ""
    limit = f" LIMIT {most}" if most else ""
    return f"SELECT {', '.join(dict.fromkeys(fields))} FROM {source}{where}{by}{limit}"  # noqa: S608 (values are escaped above)


def among(field: str, values: Iterable[str]) -> str:
    """Write a condition on a text field."""
    return f"{field} IN {texts(values)}"


def contains(field: str, part: str) -> str:
    """Write a condition on a text field that has `part` somewhere, in whatever case.

    Source: SOQL and SOSL Reference, "Quoted String Escape Sequences": a backslash takes % and _ their meaning in LIKE.
    """
    inner = re.sub(r"([%_])", r"\\\1", text(part)[1:-1])
    return f"{field} LIKE '%{inner}%'"


def among_ids(field: str, values: Iterable[str]) -> str:
    """Write a condition on an Id field."""
    return f"{field} IN {texts(map(record_id, values))}"


def any_of(conditions: Iterable[str]) -> str:
    """Join by OR, in parentheses, since SOQL refuses AND and OR side by side."""
    return "(" + " OR ".join(conditions) + ")"


def url(soql: str) -> str:
    """Make the query's part of a URL; quotes and commas stay, so that 600 Ids fit into 16,384 bytes."""
    return "query?q=" + quote(soql, safe="',()=:.*")
