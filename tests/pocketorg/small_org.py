"""A handful of records in real tables, for questions about SOQL and formulas that need no server."""

import sqlite3
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sfsync.pocketorg import ids, query, standard
from sfsync.pocketorg.data.store import Store
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import soql
from sfsync.pocketorg.schema import Field, PicklistValue, Schema

NOW = datetime(2026, 5, 14, 10, 30, tzinfo=UTC)  # a Thursday
STAMP = "2026-05-01T07:25:37.000Z"


@dataclass(frozen=True)
class Everyone:
    """Access that hides only what it is told to hide."""

    objects: AbstractSet[str] = frozenset()
    fields: AbstractSet[tuple[str, str]] = frozenset()

    def can(self, sobject: str, action: str) -> bool:
        return action == "read" and sobject not in self.objects

    def readable(self, sobject: str, name: str) -> bool:
        return (sobject, name) not in self.fields


@dataclass
class SmallOrg:
    schema: Schema
    db: sqlite3.Connection
    access: Everyone = field(default_factory=Everyone)
    user_id: str = ""
    count: int = 0

    def insert(self, sobject: str, **values: Any) -> str:
        found = self.schema.get(sobject)
        assert found is not None
        self.count += 1
        row = {"Id": ids.numbered(found.key_prefix, self.count), "IsDeleted": 0, "CreatedDate": STAMP} | values
        kept = {name: row[name] for name in row if found.field(name)}
        columns, marks = ", ".join(f'"{name}"' for name in kept), ", ".join("?" * len(kept))
        self.db.execute(f'INSERT INTO "{found.name}" ({columns}) VALUES ({marks})', tuple(kept.values()))
        return str(row["Id"])

    def ask(self, text: str, *, version: str = "59.0", include_deleted: bool = False) -> query.Result:
        return query.run(
            text,
            db=self.db,
            schema=self.schema,
            access=self.access,
            now=NOW,
            version=version,
            user_id=self.user_id,
            include_deleted=include_deleted,
        )

    def records(self, text: str, **options: Any) -> list[dict[str, Any]]:
        return self.ask(text, **options).records

    def column(self, text: str) -> list[Any]:
        """The first selected value of every record."""
        return [next(value for key, value in record.items() if key != "attributes") for record in self.records(text)]

    def named(self, where: str) -> set[str]:
        """Names of the Opportunities that a condition finds."""
        return set(self.column(f"SELECT Name FROM Opportunity WHERE {where}"))

    def refusal(self, text: str) -> ApiError:
        try:
            self.ask(text)
        except ApiError as error:
            return error
        raise AssertionError(f"not refused: {text}")


@lru_cache(maxsize=1)
def _schema() -> Schema:
    schema = standard.schema()
    opportunity = schema.get("Opportunity")
    assert opportunity is not None
    for extra in (
        Field(name="Tags__c", label="Tags", type="multipicklist", custom=True, groupable=False),
        Field(name="Code__c", label="Code", type="string", length=20, case_sensitive=True, custom=True),
        Field(name="Requested_At__c", label="Requested At", type="datetime", custom=True),
        Field(name="Ready_At__c", label="Ready At", type="datetime", custom=True),
        Field(
            name="Seconds__c",
            label="Seconds",
            type="double",
            custom=True,
            formula="(Ready_At__c - Requested_At__c) * 86400",
        ),
        Field(name="City__c", label="City", type="string", custom=True, formula="UPPER(Account.BillingCity)"),
        Field(
            name="Size__c",
            label="Size",
            type="picklist",
            custom=True,
            picklist=(PicklistValue(value="S", label="Small"), PicklistValue(value="L", label="Large")),
        ),
    ):
        opportunity.add(extra)
    return schema


@lru_cache(maxsize=1)
def _empty() -> sqlite3.Connection:
    """The tables without a row, made by the real store; every test gets a copy."""
    return Store(":memory:", _schema()).db


@contextmanager
def small_org() -> Iterator[SmallOrg]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    _empty().backup(db)
    soql.register(db)
    org = SmallOrg(_schema(), db)
    try:
        org.user_id = org.insert("User", Name="Dana Reyes", Email="dana@example.com", TimeZoneSidKey="Europe/Berlin")
        yield org
    finally:
        db.close()
