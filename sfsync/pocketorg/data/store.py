"""The org's rows: one SQLite table an object, one connection, one writing transaction at a time."""

# ruff: noqa: S608 - identifiers come from the schema and are quoted, values are always bound

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sfsync.pocketorg import ids
from sfsync.pocketorg.schema import Field, Schema, SObject

Row = dict[str, Any]

_AFFINITY = {"boolean": "INTEGER", "int": "INTEGER", "currency": "REAL", "double": "REAL", "percent": "REAL"}
_ALWAYS_INDEXED = ("SystemModstamp", "LastStageChangeDate", "ContentSize")


def is_stored(field: Field) -> bool:
    """Formulas and compound addresses are worked out on the way out."""
    return not field.formula and field.type not in {"address", "location"}


@dataclass(slots=True)
class Transaction:
    """A transaction that is under way. Set `undone` to leave it with nothing done."""

    undone: bool = False


class Store:
    """Rows as SQLite holds them (datetimes as UTC text, booleans as 0 and 1), by table and Id."""

    def __init__(self, path: str, schema: Schema) -> None:
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=1024)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")  # a pocket org need not survive a power cut
        self.lock = threading.RLock()
        self._schema = schema
        self._depth = 0
        self.migrate()

    def close(self) -> None:
        with self.lock:
            self.db.close()

    # ------------------------------------------------------------------ schema

    def migrate(self) -> None:
        """Give each object of the schema its table, and each table its missing columns."""
        self.db.execute('CREATE TABLE IF NOT EXISTS "-pocket" (key TEXT PRIMARY KEY, value TEXT)')
        for sobject in self._schema:
            self._migrate_table(sobject)

    def _migrate_table(self, sobject: SObject) -> None:
        table = quoted(sobject.name)
        present = self._columns(sobject.name)
        lacking = [f for f in sobject.fields.values() if is_stored(f) and f.name.lower() not in {*present, "id"}]
        if not present:
            columns = ", ".join(["Id TEXT PRIMARY KEY", *map(_column, lacking)])
            self.db.execute(f"CREATE TABLE {table} ({columns})")
        for field in lacking:
            if present:
                self.db.execute(f"ALTER TABLE {table} ADD COLUMN {_column(field)}")
            self._index(sobject, field)

    def _columns(self, table: str) -> set[str]:
        return {str(column["name"]).lower() for column in self.db.execute(f"PRAGMA table_info({quoted(table)})")}

    def _index(self, sobject: SObject, field: Field) -> None:
        if not (field.unique or field.external_id or field.reference_to or field.name in _ALWAYS_INDEXED):
            return
        name = quoted(f"{sobject.name}.{field.name}")
        collation = "" if field.reference_to or field.case_sensitive else " COLLATE NOCASE"
        self.db.execute(
            f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(sobject.name)} ({quoted(field.name)}{collation})"
        )

    def drop(self, table: str, column: str = "") -> None:
        """Take a table away with all its rows, or one of its columns."""
        if not column:
            self.db.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
        elif column.lower() in self._columns(table):
            self.db.execute(f"DROP INDEX IF EXISTS {quoted(f'{table}.{column}')}")
            self.db.execute(f"ALTER TABLE {quoted(table)} DROP COLUMN {quoted(column)}")

    # ------------------------------------------------------------ transactions

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """All or nothing; inside another one a savepoint, so that one record of many can fail alone."""
        transaction = Transaction()
        with self.lock:
            begin, commit, undo = self._words()
            self.db.execute(begin)
            self._depth += 1
            try:
                yield transaction
            except BaseException:
                transaction.undone = True
                raise
            finally:
                for word in undo if transaction.undone else (commit,):
                    self.db.execute(word)
                self._depth -= 1

    def _words(self) -> tuple[str, str, tuple[str, ...]]:
        if not self._depth:
            return "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
        name = f"level{self._depth}"
        return f"SAVEPOINT {name}", f"RELEASE {name}", (f"ROLLBACK TO {name}", f"RELEASE {name}")

    # -------------------------------------------------------------------- rows

    def get(self, table: str, record_id: str) -> Row | None:
        """Find one row, deleted or not."""
        found = self.db.execute(f"SELECT * FROM {quoted(table)} WHERE Id = ?", (record_id,)).fetchone()
        return _row(found) if found else None

    def find(self, table: str, **equal: Any) -> list[Row]:
        """All rows whose columns have these values, in the order of their Ids."""
        where = " AND ".join(f"{quoted(column)} = ?" for column in equal) or "1"
        rows = self.db.execute(f"SELECT * FROM {quoted(table)} WHERE {where} ORDER BY Id", tuple(equal.values()))
        return [_row(row) for row in rows]

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        self.db.execute(_insert(table, tuple(row)), tuple(row.values()))

    def update(self, table: str, record_id: str, changes: Mapping[str, Any]) -> None:
        if changes:
            self.db.execute(_update(table, tuple(changes)), (*changes.values(), record_id))

    def delete(self, table: str, record_id: str) -> None:
        self.db.execute(f"DELETE FROM {quoted(table)} WHERE Id = ?", (record_id,))

    # ------------------------------------------------------------------- notes

    def new_id(self, prefix: str) -> str:
        return ids.numbered(prefix, self.next_number(f"id {prefix}"))

    def next_number(self, sequence: str) -> int:
        """Count on in this sequence: 1, 2, 3, … Like an org's auto-numbers it never goes back but by a rollback."""
        row = self.db.execute(
            'INSERT INTO "-pocket" VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value',
            (sequence,),
        ).fetchone()
        return int(row["value"])

    def note(self, key: str) -> str | None:
        """What the org noted about itself under this key: its secrets and certificates, which outlive a restart."""
        row = self.db.execute('SELECT value FROM "-pocket" WHERE key = ?', (key,)).fetchone()
        return str(row["value"]) if row else None

    def notes(self, prefix: str) -> dict[str, str]:
        """All notes under keys that begin so, by what follows."""
        rows = self.db.execute('SELECT key, value FROM "-pocket" WHERE substr(key, 1, ?) = ?', (len(prefix), prefix))
        return {str(row["key"]).removeprefix(prefix): str(row["value"]) for row in rows}

    def forget_note(self, key: str) -> None:
        self.db.execute('DELETE FROM "-pocket" WHERE key = ?', (key,))

    def set_note(self, key: str, value: str) -> None:
        self.db.execute('INSERT OR REPLACE INTO "-pocket" VALUES (?, ?)', (key, value))


def _column(field: Field) -> str:
    kind = "BLOB" if field.name == "VersionData" else _AFFINITY.get(field.type, "TEXT")
    return f"{quoted(field.name)} {kind}"


def _row(found: sqlite3.Row) -> Row:
    # dict(found) looks each column up by its name, from the first one on
    return dict(zip(found.keys(), tuple(found), strict=True))


@lru_cache(maxsize=512)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, columns))}) VALUES ({marks})"


@lru_cache(maxsize=512)
def _update(table: str, columns: tuple[str, ...]) -> str:
    sets = ", ".join(f"{quoted(column)} = ?" for column in columns)
    return f"UPDATE {quoted(table)} SET {sets} WHERE Id = ?"


@lru_cache(maxsize=4096)
def quoted(name: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'
