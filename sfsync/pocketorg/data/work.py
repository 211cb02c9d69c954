"""One write in progress: what the objects' own logic may use, and the places where it is called."""

# ruff: noqa: S608 - identifiers come from the schema and are quoted, values are always bound

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sfsync.pocketorg.data.store import Row, Store, is_stored, quoted
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.locks import Locks
from sfsync.pocketorg.schema import Field, Schema, SObject
from sfsync.pocketorg.values import moment

#: rows that a bulk keeps in mind
_KEPT = 1000


@dataclass(slots=True)
class Limits:
    """What an org allows within 24 hours; it may be changed while the org runs."""

    api: int = 100_000  #: requests
    files: int = 200_000  #: versions of files
    storage: int = 5_120 * 2**20  #: bytes of files, in all
    read_only: bool = False  #: maintenance: what is there can be read
    odd: frozenset[str] = frozenset()  #: what nobody documents, and this org does otherwise; see http/control.py


@dataclass(slots=True)
class Bulk:
    """Many inserts by the org itself, which succeed or fail as one, so that work can be shared between them."""

    finish: dict[str, Callable[[], None]] = field(default_factory=dict)  #: what to do at the end, by record
    empty: dict[str, Row] = field(default_factory=dict)  #: by object: the defaults of a new row
    fresh: dict[str, Row] = field(default_factory=dict)  #: by object: the system fields of a new row
    read: dict[tuple[str, str], Row | None] = field(default_factory=dict)  #: rows that were read lately


@dataclass(frozen=True, slots=True)
class Work:
    """The rows, the moment and the user of one write. What it adds or changes is stamped as Salesforce stamps it."""

    store: Store
    schema: Schema
    locks: Locks
    limits: Limits
    at: datetime
    user_id: str
    bulk: Bulk | None = None

    def finish(self, about: str, do: Callable[[], None]) -> None:
        """Do what follows from a write to this record: now, or once for many writes."""
        if self.bulk is None:
            do()
        else:
            self.bulk.finish[about] = do

    @property
    def now(self) -> str:
        return moment(self.at)

    def get(self, name: str, record_id: str) -> Row | None:
        """Find one row, deleted or not; the caller must not change it."""
        if self.bulk is None:
            return self.store.get(name, record_id)
        read = self.bulk.read
        if (name, record_id) not in read:
            if len(read) > _KEPT:
                read.clear()
            read[name, record_id] = self.store.get(name, record_id)
        return read[name, record_id]

    def add(self, name: str, row: Row) -> str:
        """Insert a row under a new Id, with the system fields that it lacks."""
        sobject = self.sobject(name)
        self.locks.check([row.get(f.name) for f in sobject.fields.values() if f.cascade_delete])
        complete = {**self._fresh(sobject), **row}
        complete["Id"] = row.get("Id") or self.store.new_id(sobject.key_prefix)
        self.store.insert(sobject.name, complete)
        row.update(complete)
        return str(complete["Id"])

    def _fresh(self, sobject: SObject) -> Row:
        if self.bulk is None:
            return _blank(sobject) | self._stamps(sobject)
        if sobject.name not in self.bulk.fresh:
            self.bulk.fresh[sobject.name] = _blank(sobject) | self._stamps(sobject)
        return self.bulk.fresh[sobject.name]

    def _stamps(self, sobject: SObject) -> Row:
        stamps = {"OwnerId": self.user_id, "CreatedById": self.user_id, "LastModifiedById": self.user_id}
        times = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), self.now)
        return {name: value for name, value in (stamps | times).items() if sobject.field(name)}

    def change(self, name: str, record_id: str, changes: Row, *, by_user: bool = False) -> None:
        """Update a row. Automation moves SystemModstamp alone, a user's write LastModifiedDate too.

        Source: Object Reference, "System Fields".
        """
        self.locks.check([record_id])
        if self.bulk is not None:
            self.bulk.read.pop((name, record_id), None)
        sobject = self.sobject(name)
        stamps: Row = {"SystemModstamp": self.now}
        if by_user:
            stamps |= {"LastModifiedDate": self.now, "LastModifiedById": self.user_id}
        known = {key: value for key, value in stamps.items() if sobject.field(key)}
        self.store.update(sobject.name, record_id, {**known, **changes})

    def remove(self, name: str, record_id: str) -> None:
        """Delete a row, softly where the object has a recycle bin."""
        self.locks.check([record_id])
        sobject = self.sobject(name)
        if sobject.hard_delete or sobject.field("IsDeleted") is None:
            self.store.delete(sobject.name, record_id)
        else:
            self.change(name, record_id, {"IsDeleted": 1})

    def find(self, name: str, **equal: Any) -> list[Row]:
        """The rows with these values that are not in the recycle bin."""
        alive = {"IsDeleted": 0} if self.sobject(name).field("IsDeleted") else {}
        return self.store.find(name, **equal, **alive)

    def find_text(self, sobject: SObject, field: Field, value: Any) -> list[Row]:
        """Like `find` for one field, with letters compared as the field compares them."""
        collation = "" if field.case_sensitive else " COLLATE NOCASE"
        alive = " AND IsDeleted = 0" if sobject.field("IsDeleted") else ""
        sql = f"SELECT * FROM {quoted(sobject.name)} WHERE {quoted(field.name)} = ?{collation}{alive} ORDER BY Id"
        return [dict(row) for row in self.store.db.execute(sql, (value,))]

    def sobject(self, name: str) -> SObject:
        found = self.schema.get(name)
        if found is None:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        return found


def _blank(sobject: SObject) -> Row:
    """A checkbox is never null."""
    return {f.name: 0 for f in sobject.fields.values() if f.type == "boolean" and is_stored(f)}


class Logic:
    """What an object does of itself when its records change. By default nothing.

    The rows may be changed in the two `before_…`; `given` holds the names of the fields that the caller wrote.
    """

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None: ...

    def after_insert(self, work: Work, row: Row) -> None: ...

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None: ...

    def after_update(self, work: Work, old: Row, new: Row) -> None: ...

    def after_delete(self, work: Work, row: Row) -> None: ...  # not for one that goes with its parent
