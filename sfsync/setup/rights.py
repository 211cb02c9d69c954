"""What the worker must be allowed, from today's settings and templates: exactly what it reads and writes.

Fields that no permission set can hide (Ids, required and system fields, master-details) need no permission, and a
permission set that names one is refused. Files are everybody's: ContentVersion has no permissions.

Source: Metadata API Developer Guide, "PermissionSet"; Object Reference, "ObjectPermissions", "FieldPermissions".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sfsync.errors import SetupErrors
from sfsync.salesforce import answers, board
from sfsync.salesforce import plan as plans
from sfsync.salesforce.attach import ROW_FIELDS
from sfsync.salesforce.describe import Describer, FieldInfo, ObjectInfo, Resolved
from sfsync.settings import FieldNames
from sfsync.setup.source import Component

NAME = "Order_Form_Worker"
WHERE = "made from the settings and templates"
_LABEL = "Order Form Worker"
#: at most 255 characters
_DESCRIPTION = (
    "What sfsync's worker needs and no more, made from its settings and templates. It writes only the order form "
    "fields, the rows of Order Form and its own files. Share private opportunities Read/Write with its user."
)
_USER_PERMISSIONS = ("ApiEnabled", "SendCustomNotifications")
#: objects whose records are seen where another one may be read
_FOLLOWS = {
    "OpportunityLineItem": ("Product2", "Pricebook2"),
    "PricebookEntry": ("Product2", "Pricebook2"),
    "QuoteLineItem": ("Quote",),
}
#: an Opportunity can be read by nobody who may not read accounts
_WITH_OPPORTUNITY = "Account"

_FLAGS = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllFields", "viewAllRecords")


@dataclass(frozen=True, slots=True)
class Rights:
    """Objects with what may be done to them, and fields with whether they may be written."""

    objects: dict[str, frozenset[str]]
    fields: dict[str, bool]

    @property
    def component(self) -> Component:
        """The permission set."""
        return Component("PermissionSet", NAME, "\n".join(_lines(self)) + "\n", WHERE)


def of_worker(
    describer: Describer,
    places: Iterable[tuple[str, str]],
    optional: Iterable[str],
    names: FieldNames,
    *,
    answered: bool = True,
    digest: bool = False,
) -> Rights:
    """What a pass reads for (path, where), and what it writes. Raises SetupError for what the org does not have.

    Our own fields are not looked up: the org may not have them yet, and its admin may not see them. `answered`: whether
    it will have those for the reps' answers; `digest`: whether there is one, whose rows of earlier days are deleted.
    """
    read = [f"{answers.OBJECT}.{name}" for name in (answers.FIELDS if answered else ())]
    own = {
        f"{board.OBJECT}.{board.PAUSED}": False,
        **dict.fromkeys(read, False),
        **dict.fromkeys(_written(names), True),
    }
    wanted = [(path, where) for path, where in places if f"Opportunity.{path}" not in own]
    resolved, problems = plans.resolve(describer, wanted)
    if problems:
        raise problems[0] if len(problems) == 1 else SetupErrors(problems)
    visited: dict[str, ObjectInfo] = {}
    fields: dict[str, bool] = {}
    for sobject, path in _read(describer, [*resolved, *plans.resolve(describer, ((path, "") for path in optional))[0]]):
        for here, info in _steps(describer, sobject, path):
            visited[here.name] = here
            if info.permissionable:
                fields[f"{here.name}.{info.compound or info.name}"] = False
    return Rights(_objects(describer, visited, digest=digest), dict(sorted((fields | own).items())))


def _read(describer: Describer, resolved: Iterable[Resolved]) -> Iterator[tuple[str, str]]:
    """Every field that the queries name: the object that they ask, and the path from there."""
    yield from (("Opportunity", path) for path in plans.ALWAYS)
    children = describer.get("Opportunity").children
    for each in resolved:
        sobject, link = children.get(each.child, ("Opportunity", ""))
        yield sobject, each.select
        if link:
            order = [name for name in plans.ORDER if name in describer.get(sobject).fields]
            yield from ((sobject, name) for name in (link, *order))


def _steps(describer: Describer, sobject: str, path: str) -> Iterator[tuple[ObjectInfo, FieldInfo]]:
    """Every field on the way: each lookup that the path goes through, and its end."""
    here = describer.get(sobject)
    *parents, leaf = path.split(".")
    for step in parents:
        lookup = here.lookups[step]
        yield here, lookup
        here = describer.get(lookup.parent)
    yield here, here.fields[leaf]


def _written(names: FieldNames) -> list[str]:
    rows = (f for f in ROW_FIELDS if f != "Opportunity__c")  # a master-detail, which cannot be hidden
    return [
        *(f"Opportunity.{name}" for name in names.model_dump().values()),
        *(f"Order_Form__c.{name}" for name in rows),
        *(f"{board.OBJECT}.{name}" for name in (board.KEY, *board.WRITTEN)),
    ]


def _objects(describer: Describer, visited: dict[str, ObjectInfo], *, digest: bool) -> dict[str, frozenset[str]]:
    listed = set(describer.get("ObjectPermissions").fields["SobjectType"].picklist)
    wanted = {_WITH_OPPORTUNITY, *visited, *(other for name in visited for other in _FOLLOWS.get(name, ()))}
    found = {name: _reading(describer.get(name)) for name in wanted & listed}
    found["Opportunity"] |= {"allowEdit"}
    found["Order_Form__c"] = frozenset({"allowRead", "allowCreate"})
    found[board.OBJECT] = frozenset({"allowRead", "allowCreate", "allowEdit", *(("allowDelete",) if digest else ())})
    return dict(sorted(found.items()))


def _reading(info: ObjectInfo) -> frozenset[str]:
    """Records that have owners of their own are shared; the worker must see them all."""
    return frozenset({"allowRead", *(("viewAllRecords",) if "OwnerId" in info.fields else ())})


# --------------------------------------------------------------------- as XML


def _lines(rights: Rights) -> Iterator[str]:
    """In the order and with the indentation in which Salesforce's command line writes it."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">'
    yield f"    <description>{_DESCRIPTION}</description>"
    for name, editable in rights.fields.items():
        entry = [("editable", _flag(editable)), ("field", name), ("readable", "true")]
        yield from _entry("fieldPermissions", entry)
    yield "    <hasActivationRequired>false</hasActivationRequired>"
    yield f"    <label>{_LABEL}</label>"
    for name, allowed in rights.objects.items():
        flags = [(flag, _flag(flag in allowed)) for flag in _FLAGS]
        yield from _entry("objectPermissions", sorted([*flags, ("object", name)]))
    for name in _USER_PERMISSIONS:
        yield from _entry("userPermissions", [("enabled", "true"), ("name", name)])
    yield "</PermissionSet>"


def _entry(tag: str, values: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"    <{tag}>"
    yield from (f"        <{name}>{text}</{name}>" for name, text in values)
    yield f"    </{tag}>"


def _flag(value: bool) -> str:
    return "true" if value else "false"
