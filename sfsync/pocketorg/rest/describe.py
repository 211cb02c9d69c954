"""What an org says of its objects: describe, the list of objects, and an object's basic information.

Source: REST API Developer Guide, "sObject Describe", "Describe Global", "sObject Basic Information"; keys and habits
from recorded describes of API versions 42.0 to 61.0.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from sfsync.pocketorg.data.access import has_permissions
from sfsync.pocketorg.schema import ChildRelationship, Field, PicklistValue, Schema, SObject

#: the record type that every object has, and that stands for "none"
MASTER_RECORD_TYPE = "012000000000000AAA"

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "address": "urn:address",
    "location": "urn:location",
}
#: flags that no object of a pocket org has
_NEVER = ("activateable", "deprecatedAndHidden", "hasSubtypes", "isInterface", "isSubtype")
#: keys that describe carries and that are empty in a pocket org
_EMPTY = (
    "associateEntityType",
    "associateParentEntity",
    "defaultImplementation",
    "extendedBy",
    "extendsInterfaces",
    "implementedBy",
    "implementsInterfaces",
    "listviewable",
    "lookupLayoutable",
    "networkScopeFieldName",
)


class Access(Protocol):
    """What one user may see and do."""

    def can(self, sobject: str, action: str) -> bool:
        """Whether the user may `create`, `read`, `edit` or `delete` records of the object."""

    def readable(self, sobject: str, field: str) -> bool:
        """Whether field-level security shows the field."""

    def editable(self, sobject: str, field: str) -> bool:
        """Whether field-level security lets the user write the field."""


def describe_global(schema: Schema, access: Access, version: str) -> dict[str, Any]:
    """List every object that the user may read. `version` as in the URL, without its v: 66.0."""
    seen = [o for o in schema if access.can(o.name, "read")]
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_summary(o, access, version) for o in sorted(seen, key=lambda o: o.name.lower())],
    }


def describe_basic(
    sobject: SObject, access: Access, version: str, recent: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Answer `GET /sobjects/X`: the line of the object from the list, and the records that were looked at lately."""
    return {"objectDescribe": _summary(sobject, access, version), "recentItems": list(recent)}


def describe_sobject(
    sobject: SObject, schema: Schema, access: Access, version: str, *, instance_url: str = ""
) -> dict[str, Any]:
    """Describe one object in full. Fields that field-level security hides from the user are not in it."""
    layoutable = "layoutable" in sobject.traits
    summary = _summary(sobject, access, version)
    return {
        **summary,
        **dict.fromkeys(_EMPTY),
        "actionOverrides": [],
        "childRelationships": [_child(c, schema) for c in schema.children(sobject.name)],
        "compactLayoutable": layoutable,
        "fields": [_field(_listing(f, sobject, schema), sobject, access) for f in _visible(sobject, access)],
        "namedLayoutInfos": [],
        "recordTypeInfos": _record_types(sobject, summary["urls"]["sobject"]),
        "searchLayoutable": layoutable and "searchable" in sobject.traits,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": _scopes(sobject),
        "urls": {**summary["urls"], **(_pages(sobject, instance_url) if layoutable else {})},
    }


def _listing(field: Field, sobject: SObject, schema: Schema) -> Field:
    """The objects that permissions speak of are a picklist, which grows with the org."""
    if (sobject.name, field.name) != ("ObjectPermissions", "SobjectType"):
        return field
    names = sorted(each.name for each in schema if has_permissions(each))
    return replace(field, picklist=tuple(PicklistValue(value=name, label=name) for name in names))


def _visible(sobject: SObject, access: Access) -> list[Field]:
    return [f for f in sobject.fields.values() if access.readable(sobject.name, f.name)]


def _summary(sobject: SObject, access: Access, version: str) -> dict[str, Any]:
    deletable = sobject.deletable and access.can(sobject.name, "delete")
    return {
        **dict.fromkeys(_NEVER, False),
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable and access.can(sobject.name, "create"),
        "custom": sobject.custom,
        "customSetting": "customSetting" in sobject.traits,
        "deepCloneable": "deepCloneable" in sobject.traits,
        "deletable": deletable,
        "feedEnabled": "feedEnabled" in sobject.traits,
        "keyPrefix": sobject.key_prefix,
        "label": sobject.label,
        "labelPlural": sobject.label_plural,
        "layoutable": "layoutable" in sobject.traits,
        "mergeable": "mergeable" in sobject.traits,
        "mruEnabled": "mruEnabled" in sobject.traits,
        "name": sobject.name,
        "queryable": sobject.queryable,
        "replicateable": sobject.replicateable,
        "retrieveable": sobject.queryable,
        "searchable": "searchable" in sobject.traits,
        "triggerable": "triggerable" in sobject.traits,
        "undeletable": deletable and "undeletable" in sobject.traits,
        "updateable": sobject.updateable and access.can(sobject.name, "edit"),
        "urls": _urls(sobject, version),
    }


def _urls(sobject: SObject, version: str) -> dict[str, str]:
    root = f"/services/data/v{version}/sobjects/{sobject.name}"
    urls = {"rowTemplate": f"{root}/{{ID}}", "describe": f"{root}/describe", "sobject": root}
    if "layoutable" in sobject.traits:
        urls["compactLayouts"] = f"{root}/describe/compactLayouts"
        urls["quickActions"] = f"{root}/quickActions"
        urls["layouts"] = f"{root}/describe/layouts"
    if "mruEnabled" in sobject.traits:
        urls["approvalLayouts"] = f"{root}/describe/approvalLayouts"
        urls["listviews"] = f"{root}/listviews"
    return urls


def _pages(sobject: SObject, instance_url: str) -> dict[str, str]:
    return {
        "uiDetailTemplate": f"{instance_url}/{{ID}}",
        "uiEditTemplate": f"{instance_url}/{{ID}}/e",
        "uiNewRecord": f"{instance_url}/{sobject.key_prefix}/e",
    }


def _scopes(sobject: SObject) -> list[dict[str, str]]:
    plural = sobject.label_plural[:1].lower() + sobject.label_plural[1:]
    scopes = [{"label": f"All {plural}", "name": "everything"}]
    if sobject.field("OwnerId"):
        scopes.append({"label": f"My {plural}", "name": "mine"})
    return scopes


def _record_types(sobject: SObject, url: str) -> list[dict[str, Any]]:
    """Give the master record type to each object that could have others beside it."""
    if not (sobject.custom or "mruEnabled" in sobject.traits):
        return []
    master = {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER_RECORD_TYPE,
        "urls": {"layout": f"{url}/describe/layouts/{MASTER_RECORD_TYPE}"},
    }
    return [master]


def _child(child: ChildRelationship, schema: Schema) -> dict[str, Any]:
    owner = schema.get(child.child)
    field = owner and owner.field(child.field)
    return {
        "cascadeDelete": child.cascade_delete,
        "childSObject": child.child,
        "deprecatedAndHidden": False,
        "field": child.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": child.name or None,
        "restrictedDelete": bool(field and field.restricted_delete),
    }


def _field(field: Field, sobject: SObject, access: Access) -> dict[str, Any]:
    editable = access.editable(sobject.name, field.name)
    master_detail = field.custom and field.cascade_delete
    return {
        **_constant(field),
        **_kind(field),
        **_reference(field),
        "aggregatable": field.aggregatable,
        "caseSensitive": field.case_sensitive,
        "cascadeDelete": master_detail,
        "createable": field.createable and editable,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultedOnCreate": field.defaulted_on_create,
        "externalId": field.external_id,
        "extraTypeInfo": field.extra_type or None,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "idLookup": field.id_lookup,
        "inlineHelpText": field.help_text or None,
        "label": field.label,
        "name": field.name,
        "nameField": field.name_field,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": [_picklist_value(v) for v in field.picklist],
        "restrictedPicklist": field.restricted,
        "sortable": field.sortable,
        "unique": field.unique,
        "updateable": field.updateable and editable,
    }


def _constant(field: Field) -> dict[str, Any]:
    return {
        "aiPredictionField": False,
        "controllerName": None,
        "defaultValueFormula": None,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "filteredLookupInfo": None,
        "highScaleNumber": False,
        "htmlFormatted": field.extra_type == "richtextarea",
        "mask": None,
        "maskType": None,
    }


def _kind(field: Field) -> dict[str, Any]:
    """Whatever follows from the type. `byteLength` is three bytes a character, but one in an Id."""
    return {
        "autoNumber": bool(field.auto_number),
        "byteLength": field.length if field.type in {"id", "reference"} else field.length * 3,
        "calculated": bool(field.formula),
        "calculatedFormula": field.formula or None,
        "compoundFieldName": field.compound or None,
        "digits": 8 if field.type == "int" else 0,
        "formulaTreatNullNumberAsZero": field.blank_as_zero,
        "length": field.length,
        "precision": field.precision,
        "queryByDistance": field.type in {"address", "location"},
        "scale": field.scale,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "type": field.type,
    }


def _reference(field: Field) -> dict[str, Any]:
    master_detail = field.custom and field.cascade_delete
    polymorphic = len(field.reference_to) > 1
    return {
        "namePointing": polymorphic,
        "polymorphicForeignKey": polymorphic,
        "referenceTargetField": None,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship_name or None,
        "relationshipOrder": 0 if master_detail else None,
        "restrictedDelete": field.restricted_delete and field.custom,
        "searchPrefilterable": field.type == "reference" and field.nillable,
        "writeRequiresMasterRead": False,
    }


def _picklist_value(value: PicklistValue) -> dict[str, Any]:
    return {
        "active": value.active,
        "defaultValue": value.default,
        "label": value.label,
        "validFor": None,
        "value": value.value,
    }
