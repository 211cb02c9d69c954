"""Looks the words of a query up in the org: objects, fields, parents; what a user may not see is not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import formula, soql
from sfsync.pocketorg.schema import Field, Schema, SObject

MOST_PARENTS = 5  #: levels up; SOQL and SOSL Reference, "Relationship Query Limits"

#: Salesforce appends this wherever a name is unknown.
WSDL = " Please reference your WSDL or the describe call for the appropriate names."
#: What every parent that may be of several kinds has, whatever it is.
_NAME_FIELDS = {
    "id": Field(name="Id", label="Name ID", type="id"),
    "name": Field(name="Name", label="Name", type="string"),
    "type": Field(name="Type", label="Type", type="picklist"),
}


class Access(Protocol):
    """What a user may see. Names are the schema's own, in their own case."""

    def can(self, sobject: str, action: str, /) -> bool:
        """Whether `action` (read, create, edit, delete) is granted on the object."""
        ...

    def readable(self, sobject: str, field: str, /) -> bool:
        """Whether field-level security shows the field."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query's circumstances: its text for messages, who asks, when and where."""

    text: str
    schema: Schema
    access: Access
    now: datetime
    zone: ZoneInfo
    fiscal_start: int  #: month in which the fiscal year begins
    version: str  #: "v59.0"
    include_deleted: bool
    user_id: str = ""
    all_files: bool = True  #: whether the user has Query All Files
    currency: str = ""  #: the user's own; empty in an org that has only one

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def records_url(self) -> str:
        return f"/services/data/{self.version}/sobjects/"

    def name_of(self, record_id: str) -> str:
        """The object that an Id belongs to."""
        found = self.schema.by_prefix(record_id)
        return found.name if found else "Name"

    def error(self, at: soql.Place, message: str, code: str = "MALFORMED_QUERY") -> ApiError:
        return soql.pointed(self.text, at, message, code)

    def sobject(self, path: soql.Path) -> SObject:
        """Find the object after FROM. Raises INVALID_TYPE, also where it is merely hidden."""
        found = self.schema.get(path.names[0]) if len(path.names) == 1 else None
        if found is None or not self.access.can(found.name, "read"):
            message = (
                f"sObject type '{path}' is not supported. If you are attempting to use a custom object, "
                f"be sure to append the '__c' after the entity name.{WSDL}"
            )
            raise self.error(path.at, message, "INVALID_TYPE")
        if not found.queryable:
            raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type {found.name} does not support query")
        return found


@dataclass(frozen=True, slots=True)
class Step:
    """A parent on the way to a field: its key in the record, the SQL of its Id, its object (None: of several kinds)."""

    key: str
    id_sql: str
    sobject: SObject | None


@dataclass(frozen=True, slots=True)
class Column:
    """A field as found: `sql` is the value; `parts` are the stored pieces of a compound address."""

    sql: str
    field: Field
    sobject: SObject | None
    steps: tuple[Step, ...]
    parts: tuple[tuple[str, str], ...] = ()


class Scope:
    """One FROM: its object, the word it goes by, and the parents that its paths have joined so far."""

    def __init__(self, asked: Asked, sobject: SObject, *, table: str, words: Iterable[str] = ()) -> None:
        self.asked = asked
        self.sobject = sobject
        self.table = table
        self.own_files = False  #: whether only files of the user's own are found
        self._words = {word.lower() for word in words if word} | {sobject.name.lower()}
        self._joins: dict[tuple[str, ...], Step] = {}
        self._sql = [f'FROM "{sobject.name}" AS {table}']

    @property
    def from_sql(self) -> str:
        return " ".join(self._sql)

    def column(self, path: soql.Path) -> Column:
        """Find the field that a path names, joining the parents on its way."""
        names = path.names
        if len(names) > 1 and names[0].lower() in self._words and not self._shadowed(names):
            names = names[1:]
        if len(names) > MOST_PARENTS + 1:
            message = f"SOQL relationship paths may go up {MOST_PARENTS} levels at most: {path}"
            raise self.asked.error(path.at, message, "INVALID_FIELD")
        steps: tuple[Step, ...] = ()
        table, sobject = self.table, self.sobject
        for depth, name in enumerate(names[:-1]):
            reference = self._reference(sobject, name, path)
            if len(self._targets(reference)) > 1:
                return self._of_several_kinds(table, reference, names[depth + 1 :], steps, path)
            step = self._join(table, reference, tuple(n.lower() for n in names[: depth + 1]))
            steps += (step,)
            assert step.sobject is not None
            table, sobject = step.id_sql.split(".")[0], step.sobject
        return self.field(table, sobject, self._visible(sobject, names[-1], path), steps)

    def field(self, table: str, sobject: SObject, field: Field, steps: tuple[Step, ...] = ()) -> Column:
        if field.type in {"address", "location"}:
            return Column("NULL", field, sobject, steps, tuple(_pieces(table, sobject, field)))
        if field.formula:
            sql = formula.of_field(
                field, sobject, self.asked.schema, table, now=self.asked.now, user_id=self.asked.user_id
            )
            return Column(f"({sql})", field, sobject, steps)
        return Column(f'{table}."{field.name}"', field, sobject, steps)

    def readable_fields(self) -> list[Field]:
        """Every field of the object that this user sees, in order of describe."""
        return [f for f in self.sobject.fields.values() if self.asked.access.readable(self.sobject.name, f.name)]

    def _shadowed(self, names: tuple[str, ...]) -> bool:
        """`Account.Name` on an object that is no Account but happens to be called by that alias is still the parent."""
        return names[0].lower() != self.sobject.name.lower() and self.sobject.relationship(names[0]) is not None

    def _visible(self, sobject: SObject, name: str, path: soql.Path) -> Field:
        field = sobject.field(name)
        if field is None or not self.asked.access.readable(sobject.name, field.name):
            raise self.no_such_column(name, sobject.name, path.at)
        return field

    def no_such_column(self, name: str, entity: str, at: soql.Place) -> ApiError:
        message = (
            f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, "
            f"be sure to append the '__c' after the custom field name.{WSDL}"
        )
        return self.asked.error(at, message, "INVALID_FIELD")

    def _reference(self, sobject: SObject, name: str, path: soql.Path) -> Field:
        field = sobject.relationship(name)
        if field is None or not self.asked.access.readable(sobject.name, field.name) or not self._targets(field):
            message = (
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                f"relationship, be sure to append the '__r' after the custom relationship name.{WSDL}"
            )
            raise self.asked.error(path.at, message, "INVALID_FIELD")
        return field

    def _targets(self, reference: Field) -> list[SObject]:
        known = (self.asked.schema.get(name) for name in reference.reference_to)
        return [target for target in known if target and self.asked.access.can(target.name, "read")]

    def _join(self, table: str, reference: Field, key: tuple[str, ...]) -> Step:
        if key not in self._joins:
            target = self._targets(reference)[0]
            alias = f"{self.table}_{len(self._joins) + 1}"
            self._sql.append(f'LEFT JOIN "{target.name}" AS {alias} ON {alias}."Id" = {table}."{reference.name}"')
            self._joins[key] = Step(reference.relationship_name, f'{alias}."Id"', target)
        return self._joins[key]

    def _of_several_kinds(
        self, table: str, reference: Field, rest: tuple[str, ...], steps: tuple[Step, ...], path: soql.Path
    ) -> Column:
        """`Owner.Name` where the owner is a User or a Group: whichever of them has the field and the Id."""
        id_sql = f'{table}."{reference.name}"'
        steps += (Step(reference.relationship_name, id_sql, None),)
        if len(rest) > 1:
            raise soql.refused(f"A path through {reference.relationship_name}, which may be of several kinds,")
        targets = self._targets(reference)
        if rest[0].lower() == "id":
            return Column(id_sql, _NAME_FIELDS["id"], None, steps)
        if rest[0].lower() == "type":
            cases = " ".join(f"WHEN '{target.key_prefix}' THEN '{target.name}'" for target in targets)
            return Column(f"CASE substr({id_sql}, 1, 3) {cases} END", _NAME_FIELDS["type"], None, steps)
        return self._first_that_has(rest[0], id_sql, targets, steps, path)

    def _first_that_has(
        self, name: str, id_sql: str, targets: list[SObject], steps: tuple[Step, ...], path: soql.Path
    ) -> Column:
        found = [(target, _named(target, name)) for target in targets]
        lookups = [
            f'(SELECT p."{field.name}" FROM "{target.name}" AS p WHERE p."Id" = {id_sql})'  # noqa: S608 -- the schema's names
            for target, field in found
            if field and not field.formula and self.asked.access.readable(target.name, field.name)
        ]
        if not lookups:
            raise self.no_such_column(name, "Name", path.at)
        field = next(field for _, field in found if field)
        shown = _NAME_FIELDS.get(name.lower(), field)
        return Column(lookups[0] if len(lookups) == 1 else f"coalesce({', '.join(lookups)})", shown, None, steps)


def _named(target: SObject, name: str) -> Field | None:
    """A file's Title or a case's number goes by Name when it is looked at as one of several kinds."""
    return target.name_field if name.lower() == "name" else target.field(name)


_ADDRESS = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")


def _pieces(table: str, sobject: SObject, field: Field) -> Iterable[tuple[str, str]]:
    """The stored pieces of `BillingAddress` or a geolocation, with their keys in the compound value."""
    if field.type == "address":
        names = {part[0].lower() + part[1:]: field.name.removesuffix("Address") + part for part in _ADDRESS}
    else:
        names = {part.lower(): f"{field.name.removesuffix('c')}{part}__s" for part in ("Latitude", "Longitude")}
    for key, name in names.items():
        stored = sobject.field(name)
        yield key, f'{table}."{stored.name}"' if stored else "NULL"
