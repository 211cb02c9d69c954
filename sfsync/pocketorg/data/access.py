"""Who may do what: a profile, and what permission sets add to it.

The permissions are rows like any other (PermissionSetAssignment, ObjectPermissions, FieldPermissions), so what an
admin changes through the API takes effect at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sfsync.pocketorg.data.store import Row, Store
from sfsync.pocketorg.schema import Field, Schema, SObject

#: objects that every user of the API may read, whatever the profile says
_OPEN_TO_ALL = frozenset(
    {"user", "organization", "profile", "permissionset", "permissionsetassignment", "objectpermissions"}
    | {
        "fieldpermissions",
        "recordtype",
        "userrole",
        "group",
        "opportunitystage",
        "customnotificationtype",
        "currencytype",
        "collaborationgroup",
        "collaborationgroupmember",
    }
)
#: posts have no permissions either: who uses Chatter writes where he may read
_POSTS = frozenset({"feeditem", "feedcomment"})
#: Salesforce Files belong to everybody; what one sees of them is a matter of sharing
_FILES = frozenset({"contentversion", "contentdocument", "contentdocumentlink"})
#: objects without permissions of their own, and the object whose permissions they follow
_FOLLOWS = {
    "opportunitylineitem": "opportunity",
    "opportunitycontactrole": "opportunity",
    "opportunityhistory": "opportunity",
    "opportunityfieldhistory": "opportunity",
    "opportunitylineitemschedule": "opportunity",
    "quotelineitem": "quote",
    "pricebookentry": "pricebook2",
}
#: lines, roles and entries come and go by an edit of their parent
_AS_PARENT_EDIT = {"create": "edit", "delete": "edit"}


def has_permissions(sobject: SObject) -> bool:
    """Whether profiles and permission sets speak of this object itself, and not of another one that it follows."""
    name = sobject.name.lower()
    return name not in _OPEN_TO_ALL | _FILES | _POSTS and name not in _FOLLOWS and "customSetting" not in sobject.traits


_ACTIONS = ("create", "read", "edit", "delete")
_PARTS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode")
_PLACES = ("Latitude", "Longitude", "GeocodeAccuracy")

#: tables whose rows say who may do what
TABLES = frozenset(
    {"User", "Profile", "PermissionSet", "PermissionSetAssignment", "ObjectPermissions", "FieldPermissions"}
)


@dataclass(frozen=True, slots=True)
class Access:
    """What one user may do. `None` for objects or fields stands for everything."""

    schema: Schema
    user_id: str
    objects: frozenset[tuple[str, str]] | None  #: (object, action), lower-case
    fields: frozenset[tuple[str, str, str]] | None  #: (object, field, "read" or "edit"), lower-case
    granted: frozenset[str] = frozenset()  #: what users may do beyond records: SendCustomNotifications
    standard: bool = False  #: whether the profile opens all standard objects and fields
    whole: frozenset[str] = frozenset()  #: objects with View All Fields, lower-case

    def may(self, permission: str) -> bool:
        """Whether the user has this permission, which is not about records."""
        return self.objects is None or permission in self.granted

    def can(self, sobject: str, action: str) -> bool:
        """Whether the user may "create", "read", "edit" or "delete" records of this object."""
        name = sobject.lower()
        if self.objects is None or name in _FILES | _POSTS or (name in _OPEN_TO_ALL and action == "read"):
            return True
        if name in _FOLLOWS:
            return self.can(_FOLLOWS[name], _AS_PARENT_EDIT.get(action, action))
        known = self.schema.get(name)
        return (self.standard and known is not None and not known.custom) or (name, action) in self.objects

    def readable(self, sobject: str, field: str) -> bool:
        """Whether field-level security lets the user see this field of records that he may read."""
        return self._allows(sobject, field, "read")

    def editable(self, sobject: str, field: str) -> bool:
        """Whether field-level security lets the user write this field."""
        return self._allows(sobject, field, "edit")

    def _allows(self, sobject: str, field: str, action: str) -> bool:
        if self.fields is None:
            return True
        known = self.schema.get(sobject)
        found = known.field(field) if known else None
        if known is None or found is None:
            return False
        if not found.permissionable or known.name.lower() in _FILES | _POSTS | _OPEN_TO_ALL:
            return True
        if self.standard and not found.custom:
            return True
        if action == "read" and _FOLLOWS.get(known.name.lower(), known.name.lower()) in self.whole:
            return True
        names = {found.name.lower(), _compound(known, found)}
        return any((known.name.lower(), name, action) in self.fields for name in names)


def _compound(sobject: SObject, field: Field) -> str:
    """The compound whose permission covers this field: BillingAddress for BillingCity."""
    for part in (*_PARTS, *_PLACES):
        if field.name.endswith(part):
            whole = sobject.field(field.name.removesuffix(part) + "Address")
            if whole is not None and whole.type == "address":
                return whole.name.lower()
    return field.name.lower()


def everything(schema: Schema, user_id: str) -> Access:
    """The access of a System Administrator, and of the org itself."""
    return Access(schema, user_id, None, None)


def of_user(user_id: str, store: Store, schema: Schema) -> Access:
    """Read from the rows what this user may do."""
    user = store.get("User", user_id) or {}
    profile = store.get("Profile", user.get("ProfileId") or "") or {}
    if profile.get("Name") == "System Administrator":
        return everything(schema, user_id)
    sets = [a["PermissionSetId"] for a in store.find("PermissionSetAssignment", AssigneeId=user_id)]
    objects = [row for each in sets for row in store.find("ObjectPermissions", ParentId=each)]
    fields = (row for each in sets for row in store.find("FieldPermissions", ParentId=each))
    return Access(
        schema,
        user_id,
        frozenset(_object_grants(objects)),
        frozenset(_field_grants(fields)),
        frozenset(_user_grants(store.get("PermissionSet", each) or {} for each in sets)),
        standard=profile.get("Name") == "Standard User",
        whole=frozenset(row["SobjectType"].lower() for row in objects if row.get("PermissionsViewAllFields")),
    )


def _object_grants(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for action in _ACTIONS:
            if row.get(f"Permissions{action.capitalize()}"):
                yield row["SobjectType"].lower(), action


def _field_grants(rows: Iterable[Row]) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        sobject, _, field = row["Field"].lower().partition(".")
        for action in ("read", "edit"):
            if row.get(f"Permissions{action.capitalize()}"):
                yield sobject, field, action


def _user_grants(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield from (name.removeprefix("Permissions") for name, value in row.items() if value == 1)
