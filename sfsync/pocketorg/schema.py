"""What an org knows of its objects and fields: plain data, read by every other room of the pocket org."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class PicklistValue:
    """One value of a picklist, as describe lists it."""

    value: str
    label: str
    default: bool = False
    active: bool = True


@dataclass(kw_only=True, slots=True)
class Field:
    """A field, in the words of `describe`, also for its `type`: string, picklist, reference, currency, datetime."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    aggregatable: bool = True
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    name_field: bool = False
    auto_number: str = ""  #: display format, e.g. "OF-{00000}"
    restricted: bool = False  #: a picklist that refuses values that are not listed
    picklist: tuple[PicklistValue, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str = ""
    #: name under which the parent lists its children (`Opportunities` on Account)
    child_relationship_name: str = ""
    cascade_delete: bool = False  #: a master-detail's child goes with its parent
    default: str | float | bool | None = None
    defaulted_on_create: bool = False
    formula: str = ""  #: a formula field; never stored
    help_text: str = ""
    custom: bool = False
    #: False for system and required fields, which no permission set can hide
    permissionable: bool = True
    compound: str = ""  #: the compound field that it is part of: BillingCity of BillingAddress
    extra_type: str = ""  #: describe's extraTypeInfo: plaintextarea, personname, imageurl
    restricted_delete: bool = False  #: the parent cannot be deleted while this refers to it
    blank_as_zero: bool = False  #: a formula that reads empty numbers as 0

    @property
    def required(self) -> bool:
        """Whether a create without it is refused with REQUIRED_FIELD_MISSING."""
        return self.createable and not self.nillable and not self.defaulted_on_create and self.type != "boolean"


@dataclass(kw_only=True, slots=True)
class ValidationRule:
    """An admin's rule: where the formula is true, the write is refused with the admin's own words."""

    name: str
    formula: str
    message: str
    error_field: str = ""
    active: bool = True


@dataclass(kw_only=True, slots=True)
class SObject:
    """An object with its fields in order of describe."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: dict[str, Field] = field(default_factory=dict)  #: by lower-case name
    rules: list[ValidationRule] = field(default_factory=list)
    custom: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    queryable: bool = True
    replicateable: bool = True
    hard_delete: bool = False  #: no recycle bin (OpportunityLineItem)
    #: describe's further flags that are true: searchable, layoutable, triggerable, mruEnabled, feedEnabled, …
    traits: frozenset[str] = frozenset()

    def field(self, name: str) -> Field | None:
        """Look a field up as Salesforce does: in any case."""
        return self.fields.get(name.lower())

    def add(self, new: Field) -> None:
        self.fields[new.name.lower()] = new

    def relationship(self, name: str) -> Field | None:
        """Find the reference field behind a parent path: `Account` on Opportunity, `Opportunity__r` on our row."""
        wanted = name.lower()
        return next((f for f in self.fields.values() if f.relationship_name.lower() == wanted), None)

    @property
    def name_field(self) -> Field | None:
        return next((f for f in self.fields.values() if f.name_field), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildRelationship:
    """A list of children as seen from the parent: (`OpportunityLineItems`, OpportunityLineItem, OpportunityId)."""

    name: str  #: empty where the children have no relationship name
    child: str
    field: str
    cascade_delete: bool


class Schema:
    """All objects of one org, looked up in any case, as Salesforce does."""

    def __init__(self, objects: Iterable[SObject] = (), *, features: frozenset[str] = frozenset()) -> None:
        self.features = features  #: what was switched on: multicurrency, quotes, schedules
        self._objects: dict[str, SObject] = {}
        for each in objects:
            self.add(each)

    def add(self, new: SObject) -> None:
        self._objects[new.name.lower()] = new

    def remove(self, name: str) -> None:
        """Forget an object, and that anything refers to it."""
        self._objects.pop(name.lower(), None)
        for referring in (f for o in self for f in o.fields.values() if name in f.reference_to):
            referring.reference_to = tuple(each for each in referring.reference_to if each != name)

    def get(self, name: str) -> SObject | None:
        return self._objects.get(name.lower())

    def __iter__(self) -> Iterator[SObject]:
        return iter(self._objects.values())

    def by_prefix(self, record_id: str) -> SObject | None:
        """The object that an Id belongs to, by its first three characters."""
        return next((o for o in self if o.key_prefix == record_id[:3]), None)

    def children(self, parent: str) -> list[ChildRelationship]:
        """Every reference to `parent`, in the order in which the objects were added."""
        wanted = parent.lower()
        return [
            ChildRelationship(
                name=f.child_relationship_name, child=o.name, field=f.name, cascade_delete=f.cascade_delete
            )
            for o in self
            for f in o.fields.values()
            if f.reference_to and wanted in (r.lower() for r in f.reference_to)
        ]
