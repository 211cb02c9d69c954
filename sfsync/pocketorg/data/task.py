"""What a task does of itself. Source: Object Reference, "Task"."""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Logic, Work

_CLOSED, _HIGH = "Completed", "High"


class Task(Logic):
    """Whether it is done and urgent follows from status and priority, and its account from what it is about."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        row["IsHighPriority"] = int(row.get("Priority") == _HIGH)
        row["IsClosed"] = int(row.get("Status") == _CLOSED)
        row["CompletedDateTime"] = (row.get("CompletedDateTime") or work.now) if row["IsClosed"] else None
        row["AccountId"] = _account(work, row.get("WhatId")) or _account(work, row.get("WhoId"))

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        self.before_insert(work, new, given)


def _account(work: Work, record_id: str | None) -> str | None:
    """The account that a record is, or belongs to."""
    found = work.schema.by_prefix(record_id) if record_id else None
    if found is None or record_id is None:
        return None
    if found.name == "Account":
        return record_id
    account = (work.store.get(found.name, record_id) or {}).get("AccountId")
    return str(account) if account else None
