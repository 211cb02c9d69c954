"""Metadata in source format, as `sf project deploy start` takes it: read from a folder, then put on an org.

What the pocket org does not understand it refuses, naming file and element; nothing is skipped silently but what
changes nothing here (descriptions of fields, settings of pages).

Source: Metadata API Developer Guide; Salesforce DX Developer Guide, "Project Structure and Source Format".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from sfsync.pocketorg.metadata import customfield, customobject, kinds
from sfsync.pocketorg.metadata import pages as shown
from sfsync.pocketorg.metadata.removal import Removal
from sfsync.pocketorg.metadata.sourcefile import Element, MetadataError
from sfsync.pocketorg.schema import Field, PicklistValue, Schema, SObject, ValidationRule
from sfsync.pocketorg.seed import Insert

_KEY_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: files of a project that are no metadata
_PROJECT = frozenset({"sfdx-project.json", "README.md", ".forceignore", ".gitignore"})
#: polymorphic fields that refer to every object to which a file can be attached
_FILE_PARENTS = (("ContentDocumentLink", "LinkedEntityId"), ("ContentVersion", "FirstPublishLocationId"))
#: forecast categories whose name is not their value
_FORECAST_NAMES = {"BestCase": "Best Case", "Forecast": "Commit", "MostLikely": "Most Likely"}
#: characters of a permission set's description
_LONGEST = 255
#: standard value sets, and the fields that they fill
_VALUE_SETS = {
    "AccountRating": ("Account.Rating",),
    "AccountType": ("Account.Type",),
    "ContactRole": ("OpportunityContactRole.Role",),
    "Industry": ("Account.Industry",),
    "LeadSource": ("Account.AccountSource", "Contact.LeadSource", "Opportunity.LeadSource"),
    "OpportunityStage": ("Opportunity.StageName", "OpportunityHistory.StageName"),
    "OpportunityType": ("Opportunity.Type",),
    "Product2Family": ("Product2.Family",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectPermission:
    sobject: str
    #: Create, Read, Edit, Delete, ViewAllRecords, ModifyAllRecords, ViewAllFields
    allowed: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldPermission:
    field: str  #: Opportunity.Amount
    readable: bool
    editable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PermissionSet:
    file: PurePath
    name: str
    label: str
    description: str
    objects: tuple[ObjectPermission, ...]
    fields: tuple[FieldPermission, ...]
    user_permissions: tuple[str, ...]  #: ApiEnabled
    tabs: tuple[str, ...]  #: Order_Form__c


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationType:
    name: str
    label: str
    description: str
    desktop: bool
    mobile: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A value of the OpportunityStage value set: a picklist value that knows where the deal stands."""

    value: PicklistValue
    closed: bool
    won: bool
    probability: int  #: percent
    forecast_category: str


@dataclass(kw_only=True, slots=True)
class Metadata:
    """Everything that a folder held; the files are not needed any more."""

    objects: list[SObject] = field(default_factory=list)
    fields: list[tuple[str, Field, PurePath]] = field(default_factory=list)
    rules: list[tuple[str, ValidationRule, PurePath]] = field(default_factory=list)
    value_sets: dict[str, tuple[PicklistValue, ...]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    permission_sets: list[PermissionSet] = field(default_factory=list)
    notification_types: list[NotificationType] = field(default_factory=list)
    pages: list[shown.Page] = field(default_factory=list)
    removed: list[Removal] = field(default_factory=list)
    #: the XML of each component by type and full name, to be given back when it is asked for
    sources: dict[tuple[str, str], str] = field(default_factory=dict)

    def apply(self, schema: Schema) -> None:
        """Put objects, fields, rules and value sets on the schema. Doing it twice changes nothing."""
        for sobject in self.objects:
            _add_object(sobject, schema)
        for owner, new, file in self.fields:
            _owner(owner, schema, file).add(replace(new))
        for owner, rule, file in self.rules:
            rules = _owner(owner, schema, file).rules
            rules[:] = [*(r for r in rules if r.name != rule.name), rule]
        for name, values in self.value_sets.items():
            _fill(schema, _VALUE_SETS[name], values)
        for removal in self.removed:
            removal.apply(schema)

    def check(self, schema: Schema) -> None:
        """Refuse permission sets and pages that speak of what is not there. Call it after `apply`."""
        for each in self.permission_sets:
            _check(each, schema)
        for page in self.pages:
            page.check(schema)

    def install(self, schema: Schema, insert: Insert) -> None:
        """Insert the rows that metadata becomes: permission sets, notification types, stages. Call it after `apply`."""
        self.check(schema)
        for each in self.permission_sets:
            _insert_permission_set(each, insert)
        for notice in self.notification_types:
            insert("CustomNotificationType", _notification_row(notice))
        for order, stage in enumerate(self.stages, start=1):
            insert("OpportunityStage", stage_row(stage, order))


def load(folder: Path) -> Metadata:
    """Read a folder of source format, a whole project or one package directory. Raise MetadataError."""
    if not folder.is_dir():
        raise MetadataError(folder, "no such folder")
    found = Metadata()
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in _PROJECT):
        suffix = file.name.removesuffix("-meta.xml").rpartition(".")[2]
        if suffix not in READERS or not file.name.endswith("-meta.xml"):
            raise MetadataError(file, f"metadata of this type is not spoken here; {', '.join(READERS)} are")
        kind, reader = READERS[suffix]
        xml = Element.read(file, kind)
        found.sources[kind, kinds.full_name(kind, file)] = xml.written()
        reader(xml, found)
    return found


def _name(file: PurePath) -> str:
    return file.name.removesuffix("-meta.xml").rpartition(".")[0]


def _read_object(xml: Element, found: Metadata) -> None:
    found.objects.append(customobject.read(_name(xml.file), xml))


def _read_field(xml: Element, found: Metadata) -> None:
    add_field(xml.file.parent.parent.name, xml, found)


def _read_rule(xml: Element, found: Metadata) -> None:
    add_rule(xml.file.parent.parent.name, xml, found)


def add_field(owner: str, xml: Element, found: Metadata) -> None:
    """Read a CustomField of the object `owner`."""
    found.fields.append((owner, customfield.read(xml), xml.file))


def add_rule(owner: str, xml: Element, found: Metadata) -> None:
    """Read a ValidationRule of the object `owner`."""
    xml.ignore("description")
    rule = ValidationRule(
        name=xml.required("fullName"),
        active=xml.flag("active"),
        formula=xml.required("errorConditionFormula"),
        message=xml.required("errorMessage"),
        error_field=xml.text("errorDisplayField"),
    )
    xml.close()
    found.rules.append((owner, rule, xml.file))


def add_list_view(owner: str, xml: Element, found: Metadata) -> None:
    """Read a ListView of the object `owner`."""
    found.pages.append(shown.list_view(owner, xml))


def add_compact_layout(owner: str, xml: Element, found: Metadata) -> None:
    """Read a CompactLayout of the object `owner`."""
    found.pages.append(shown.compact_layout(owner, xml))


def _read_permission_set(xml: Element, found: Metadata) -> None:
    xml.ignore("hasActivationRequired", "license")
    found.permission_sets.append(
        PermissionSet(
            file=xml.file,
            name=_name(xml.file),
            label=xml.required("label"),
            description=xml.text("description"),
            objects=tuple(_object_permission(each) for each in xml.all("objectPermissions")),
            fields=tuple(_field_permission(each) for each in xml.all("fieldPermissions")),
            user_permissions=tuple(_user_permissions(xml)),
            tabs=tuple(_tab_settings(xml)),
        )
    )
    xml.close()


def _tab_settings(xml: Element) -> Iterator[str]:
    for each in xml.all("tabSettings"):
        each.choice("visibility", ("Available", "None", "Visible"))
        yield each.required("tab")
        each.close()


def _object_permission(xml: Element) -> ObjectPermission:
    tags = {f"allow{action}": action for action in ("Create", "Read", "Edit", "Delete")}
    tags |= {tag: tag[0].upper() + tag[1:] for tag in ("viewAllRecords", "modifyAllRecords", "viewAllFields")}
    allowed = frozenset(word for tag, word in tags.items() if xml.flag(tag))
    permission = ObjectPermission(sobject=xml.required("object"), allowed=allowed)
    xml.close()
    return permission


def _field_permission(xml: Element) -> FieldPermission:
    permission = FieldPermission(
        field=xml.required("field"), readable=xml.flag("readable"), editable=xml.flag("editable")
    )
    xml.close()
    return permission


def _user_permissions(xml: Element) -> Iterator[str]:
    for each in xml.all("userPermissions"):
        name, enabled = each.required("name"), each.flag("enabled")
        each.close()
        if enabled:
            yield name


def _read_notification_type(xml: Element, found: Metadata) -> None:
    xml.ignore("slack")
    found.notification_types.append(
        NotificationType(
            name=xml.required("customNotifTypeName"),
            label=xml.required("masterLabel"),
            description=xml.text("description"),
            desktop=xml.flag("desktop"),
            mobile=xml.flag("mobile"),
        )
    )
    xml.close()


def _read_value_set(xml: Element, found: Metadata) -> None:
    name = _name(xml.file)
    if name not in _VALUE_SETS:
        raise MetadataError(xml.file, f"value set {name} is not spoken here; {', '.join(_VALUE_SETS)} are")
    xml.ignore("sorted")
    values = xml.all("standardValue")
    xml.close()
    if name == "OpportunityStage":
        found.stages = [_stage(each) for each in values]
        found.value_sets[name] = tuple(s.value for s in found.stages)
    else:
        found.value_sets[name] = tuple(customfield.picklist_value(each) for each in values)


def _stage(xml: Element) -> Stage:
    closed, won = xml.flag("closed"), xml.flag("won")
    probability, forecast = xml.number("probability", 0), xml.required("forecastCategory")
    value = customfield.picklist_value(xml)
    return Stage(value=value, closed=closed, won=won, probability=probability, forecast_category=forecast)


def _page(reader: Callable[[Element], shown.Page]) -> Callable[[Element, Metadata], None]:
    return lambda xml, found: found.pages.append(reader(xml))


#: what files of each suffix hold, and who reads it
READERS: dict[str, tuple[str, Callable[[Element, Metadata], None]]] = {
    "object": ("CustomObject", _read_object),
    "field": ("CustomField", _read_field),
    "validationRule": ("ValidationRule", _read_rule),
    "permissionset": ("PermissionSet", _read_permission_set),
    "notiftype": ("CustomNotificationType", _read_notification_type),
    "standardValueSet": ("StandardValueSet", _read_value_set),
    **{suffix: (kind, _page(reader)) for suffix, (kind, reader) in shown.READERS.items()},
}


def _add_object(new: SObject, schema: Schema) -> None:
    """Add a custom object under the next free key prefix; deployed again, it keeps its prefix and fields."""
    old = schema.get(new.name)
    prefix = old.key_prefix if old else _next_prefix(schema)
    fields = {**(old.fields if old else {}), **{key: replace(f) for key, f in new.fields.items()}}
    schema.add(replace(new, key_prefix=prefix, fields=fields, rules=list(old.rules) if old else []))
    currency = _lookup(schema, "Opportunity.CurrencyIsoCode")
    if currency:  # the org has several
        fields.setdefault("currencyisocode", replace(currency))
    for owner, name in _FILE_PARENTS:
        link = _lookup(schema, f"{owner}.{name}")
        if link and new.name not in link.reference_to:
            link.reference_to = (*link.reference_to, new.name)


def _next_prefix(schema: Schema) -> str:
    taken = {o.key_prefix for o in schema}
    return next(p for a in _KEY_DIGITS for b in _KEY_DIGITS if (p := f"a{a}{b}") not in taken)


def _owner(name: str, schema: Schema, file: PurePath) -> SObject:
    found = schema.get(name)
    if found is None:
        raise MetadataError(file, f"no object named {name}")
    return found


def _lookup(schema: Schema, path: str) -> Field | None:
    owner, _, name = path.partition(".")
    sobject = schema.get(owner)
    return sobject.field(name) if sobject else None


def _fill(schema: Schema, paths: tuple[str, ...], values: tuple[PicklistValue, ...]) -> None:
    for path in paths:
        if known := _lookup(schema, path):
            known.picklist = values


def _check(permission_set: PermissionSet, schema: Schema) -> None:
    """Refuse what a deployment would refuse: unknown objects, fields and permissions, and fields nobody can hide."""
    if len(permission_set.description) > _LONGEST:
        raise MetadataError(permission_set.file, f"Value too long for field: Description maximum length is:{_LONGEST}")
    rows = schema.get("PermissionSet")
    for name in permission_set.user_permissions:
        if rows is None or rows.field(f"Permissions{name}") is None:
            raise MetadataError(permission_set.file, f"Unknown user permission: {name}")
    for permission in permission_set.objects:
        _owner(permission.sobject, schema, permission_set.file)
    for tab in permission_set.tabs:
        if tab.endswith("__c") and schema.get(tab) is None:
            raise MetadataError(permission_set.file, f"In field: tab - no CustomTab named {tab} found")
    for each in permission_set.fields:
        known = _lookup(schema, each.field)
        if known is None:
            raise MetadataError(permission_set.file, f"In field: field - no CustomField named {each.field} found")
        if not known.permissionable:
            raise MetadataError(permission_set.file, f"You cannot deploy to a required field: {each.field}")


def _insert_permission_set(new: PermissionSet, insert: Insert) -> None:
    row = {"Name": new.name, "Label": new.label, "Description": new.description, "IsCustom": True, "Type": "Regular"}
    parent = insert("PermissionSet", row | {f"Permissions{name}": True for name in new.user_permissions})
    for each in new.objects:
        allowed = {f"Permissions{word}": True for word in each.allowed}
        insert("ObjectPermissions", {"ParentId": parent, "SobjectType": each.sobject, **allowed})
    for permission in new.fields:
        insert(
            "FieldPermissions",
            {
                "ParentId": parent,
                "SobjectType": permission.field.partition(".")[0],
                "Field": permission.field,
                "PermissionsRead": permission.readable,
                "PermissionsEdit": permission.editable,
            },
        )


def _notification_row(new: NotificationType) -> dict[str, str | bool]:
    return {
        "DeveloperName": new.name,
        "CustomNotifTypeName": new.name,
        "MasterLabel": new.label,
        "Description": new.description,
        "Desktop": new.desktop,
        "Mobile": new.mobile,
        "Language": "en_US",
    }


def stage_row(stage: Stage, order: int) -> dict[str, str | bool | int]:
    """Write a stage as the row that OpportunityStage shows."""
    return {
        "ApiName": stage.value.value,
        "MasterLabel": stage.value.label,
        "IsActive": stage.value.active,
        "SortOrder": order,
        "IsClosed": stage.closed,
        "IsWon": stage.won,
        "DefaultProbability": stage.probability,
        "ForecastCategory": stage.forecast_category,
        "ForecastCategoryName": _FORECAST_NAMES.get(stage.forecast_category, stage.forecast_category),
    }
