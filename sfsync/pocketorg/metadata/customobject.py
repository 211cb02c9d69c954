"""From a CustomObject's XML to the object that describe shows, with the fields that the platform adds.

Source: Metadata API Developer Guide, "CustomObject"; Object Reference, "System Fields".
"""

from typing import Any

from sfsync.pocketorg.metadata.sourcefile import Element
from sfsync.pocketorg.schema import Field, SObject

#: settings that change nothing in a pocket org
_IDLE = (
    "allowInChatterGroups",
    "compactLayoutAssignment",
    "description",
    "enableActivities",
    "enableBulkApi",
    "enableHistory",
    "enableLicensing",
    "enableReports",
    "enableSharing",
    "enableStreamingApi",
    "externalSharingModel",
    "startsWith",
    "visibility",
)
_READ_ONLY: dict[str, Any] = {
    "nillable": False,
    "createable": False,
    "updateable": False,
    "permissionable": False,
    "defaulted_on_create": True,
}


def read(name: str, xml: Element) -> SObject:
    """Turn one `.object-meta.xml` into an object. Its key prefix is given when it comes to an org."""
    if not name.endswith("__c"):
        raise xml.refuse(f"settings of the standard object {name} are not spoken here")
    xml.check_name(name)
    xml.ignore(*_IDLE)
    if xml.choice("customSettingsType", ("", "Hierarchy")):
        return _setting(name, xml)
    xml.choice("deploymentStatus", ("Deployed",), "Deployed")
    sharing = xml.choice("sharingModel", ("ControlledByParent", "Private", "Read", "ReadWrite"), "ReadWrite")
    switches = {"searchable": xml.flag("enableSearch"), "feedEnabled": xml.flag("enableFeeds")}
    label, plural = xml.required("label"), xml.required("pluralLabel")
    fields = _fields(xml, owned=sharing != "ControlledByParent")
    xml.close()
    return SObject(
        name=name,
        label=label,
        label_plural=plural,
        key_prefix="",
        fields={f.name.lower(): f for f in fields},
        custom=True,
        traits=frozenset({"layoutable", "triggerable", "undeletable"} | {t for t, on in switches.items() if on}),
    )


def _setting(name: str, xml: Element) -> SObject:
    """A hierarchy custom setting: one row for the org, and for the profiles and users that differ.

    Source: Object Reference, "Custom Settings"; SetupOwnerId says whom a row is for.
    """
    label = xml.required("label")
    xml.ignore("enableFeeds")
    xml.close()
    owners = ("Organization", "Profile", "User")
    name_field = _text_name({"nillable": True, "permissionable": False})
    owner: dict[str, Any] = {
        "createable": True,
        "nillable": False,
        "permissionable": False,
        "unique": True,
        "updateable": False,
    }
    whom = Field(
        name="SetupOwnerId",
        label="Location",
        type="reference",
        length=18,
        reference_to=owners,
        relationship_name="SetupOwner",
        **owner,
    )
    fields = [*_platform(owned=False, name=name_field), whom]
    return SObject(
        name=name,
        label=label,
        label_plural=label,
        key_prefix="",
        fields={f.name.lower(): f for f in fields},
        custom=True,
        hard_delete=True,
        traits=frozenset({"customSetting"}),
    )


def _fields(xml: Element, *, owned: bool) -> list[Field]:
    return _platform(owned=owned, name=_name(xml))


def _platform(*, owned: bool, name: Field) -> list[Field]:
    """List the fields that the platform adds. A master-detail's row is owned by its parent's owner."""
    owner = [_user("OwnerId", "Owner ID", "Owner", _READ_ONLY | {"createable": True, "updateable": True})]
    return [
        Field(name="Id", label="Record ID", type="id", length=18, id_lookup=True, **_READ_ONLY),
        *(owner if owned else []),
        Field(name="IsDeleted", label="Deleted", type="boolean", default=False, aggregatable=False, **_READ_ONLY),
        name,
        _moment("CreatedDate", "Created Date"),
        _user("CreatedById", "Created By ID", "CreatedBy", _READ_ONLY),
        _moment("LastModifiedDate", "Last Modified Date"),
        _user("LastModifiedById", "Last Modified By ID", "LastModifiedBy", _READ_ONLY),
        _moment("SystemModstamp", "System Modstamp"),
    ]


def _name(xml: Element) -> Field:
    name = xml.child("nameField")
    if name is None:
        raise xml.refuse("needs <nameField>")
    name.ignore("trackHistory", "trackFeedHistory")
    kind, label = name.choice("type", ("Text", "AutoNumber")), name.text("label", "Name")
    display_format = name.required("displayFormat") if kind == "AutoNumber" else ""
    name.close()
    facts: dict[str, Any] = _READ_ONLY if display_format else {"permissionable": False}
    return _text_name(facts | {"label": label, "auto_number": display_format})


def _text_name(facts: dict[str, Any]) -> Field:
    usual: dict[str, Any] = {"name": "Name", "label": "Name", "type": "string", "length": 80}
    return Field(**usual | {"name_field": True, "id_lookup": True} | facts)


def _moment(name: str, label: str) -> Field:
    return Field(name=name, label=label, type="datetime", groupable=False, **_READ_ONLY)


def _user(name: str, label: str, parent: str, facts: dict[str, Any]) -> Field:
    return Field(
        name=name, label=label, type="reference", length=18, reference_to=("User",), relationship_name=parent, **facts
    )
