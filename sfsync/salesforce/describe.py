"""What the org says of its objects and fields, and field paths resolved against it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sfsync.errors import SetupError, SfsyncError, TryAgainLater, did_you_mean
from sfsync.records import FieldLabel

_LIKELY = (
    "Opportunity",
    "OpportunityLineItem",
    "OpportunityContactRole",
    "Product2",
    "Account",
    "Contact",
    "User",
    "Order_Form__c",
    "ContentVersion",
)


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What we need of a field's describe."""

    name: str
    label: str
    type: str
    scale: int
    nillable: bool
    updateable: bool
    createable: bool
    #: the object behind a lookup; empty where there is none, or several are possible
    parent: str
    relationship: str
    picklist: tuple[str, ...]
    unique: bool
    #: whether a permission set can hide it
    permissionable: bool
    #: the compound whose permission covers it: BillingAddress for BillingCity; empty for most
    compound: str

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "FieldInfo":
        targets = raw.get("referenceTo") or []
        return cls(
            name=raw["name"],
            label=raw["label"],
            type=raw["type"],
            scale=raw.get("scale") or 0,
            nillable=bool(raw.get("nillable")),
            updateable=bool(raw.get("updateable")),
            createable=bool(raw.get("createable")),
            parent=targets[0] if len(targets) == 1 else "User" if "User" in targets else "",
            relationship=raw.get("relationshipName") or "",
            picklist=tuple(v["value"] for v in raw.get("picklistValues") or [] if v.get("active", True)),
            unique=bool(raw.get("unique")),
            permissionable=bool(raw.get("permissionable")),
            compound=raw.get("compoundFieldName") or "",
        )


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What we need of an object's describe."""

    name: str
    label: str
    createable: bool
    fields: dict[str, FieldInfo]
    #: relationship name -> (child object, its lookup field)
    children: dict[str, tuple[str, str]]
    #: API names of those that the user may use
    record_types: tuple[str, ...]

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "ObjectInfo":
        return cls(
            name=raw["name"],
            label=raw["label"],
            createable=bool(raw.get("createable")),
            fields={f["name"]: FieldInfo.read(f) for f in raw["fields"]},
            children={
                c["relationshipName"]: (c["childSObject"], c["field"])
                for c in raw.get("childRelationships") or []
                if c.get("relationshipName")
            },
            record_types=tuple(r["developerName"] for r in raw.get("recordTypeInfos") or [] if r.get("available")),
        )

    @property
    def lookups(self) -> dict[str, FieldInfo]:
        """Lookup fields by the name under which a path goes through them."""
        return {f.relationship: f for f in self.fields.values() if f.relationship}


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field path that the org has."""

    path: str  #: as the template names it
    #: the child relationship that it runs through; empty for the Opportunity and its parents
    child: str
    #: what to select, relative to the Opportunity or to the child
    select: str
    info: FieldInfo
    label: FieldLabel


class Describer:
    """The describes of the objects in use, each fetched once, several in one call."""

    def __init__(self, fetch: Callable[[Sequence[str]], list[dict[str, Any] | SfsyncError]]) -> None:
        self._fetch = fetch
        self._known: dict[str, ObjectInfo] = {}

    def get(self, name: str) -> ObjectInfo:
        self.load([name])
        return self._known[name]

    def load(self, names: Iterable[str]) -> None:
        """Fetch what is not known yet. Raises SetupError for an object that the org or the user does not have."""
        asked = [n for n in dict.fromkeys(names) if n not in self._known]
        if not asked:
            return
        # a form needs most of the others too, and together they cost one call
        together = [*asked, *(n for n in _LIKELY if n not in {*asked, *self._known})]
        for name, found in zip(together, self._fetch(together), strict=True):
            if not isinstance(found, SfsyncError):
                self._known[name] = ObjectInfo.read(found)
            elif isinstance(found, TryAgainLater):
                raise found
            elif name in asked:
                raise SetupError(
                    f"The org has no object {name}, or the integration user may not see it.",
                    remedy="Run sfsync setup, and give the integration user the permission set Order Form Worker.",
                )

    def known(self, names: Sequence[str]) -> list[ObjectInfo]:
        """Describe several objects at once. Raises SetupError for one that the org or the user does not have."""
        self.load(names)
        return [self._known[name] for name in names]

    def forget(self) -> None:
        """Ask the org anew from now on: an admin may have changed it."""
        self._known.clear()

    def resolve(self, path: str, where: str = "") -> Resolved:
        """Follow a path from Opportunity. Raises SetupError with a did-you-mean where the org does not have it."""
        here, steps, child = self.get("Opportunity"), path.split("."), ""
        if steps[0] in here.children:
            child = steps.pop(0)
            here = self.get(here.children[child][0])
        chosen = list(steps) or ["Id"]
        for n, step in enumerate(chosen[:-1]):
            here = self._parent(here, step, f"{path!s}", where, n)
        if chosen[-1] in here.lookups and chosen[-1] not in here.fields:
            here = self._parent(here, chosen[-1], path, where, len(chosen))
            chosen.append("Id")
        info = here.fields.get(chosen[-1])
        if info is None:
            raise _unknown(path, chosen[-1], here, [*here.fields, *here.lookups], where)
        return Resolved(path, child, ".".join(chosen), info, FieldLabel(label=info.label, object_label=here.label))

    def _parent(self, here: ObjectInfo, step: str, path: str, where: str, depth: int) -> ObjectInfo:
        lookup = here.lookups.get(step)
        if lookup is None:
            known = [*here.lookups, *(here.children if depth == 0 else ())]
            raise _unknown(path, step, here, known, where)
        if not lookup.parent:
            raise SetupError(
                f"{step} in '{path}' can lead to different objects.", where=where, remedy="Name a field of its own."
            )
        return self.get(lookup.parent)


def _unknown(path: str, step: str, here: ObjectInfo, known: Iterable[str], where: str) -> SetupError:
    remedy = (
        did_you_mean(step, known)
        or "Copy its API name from Object Manager; sfsync setup --permissions-only lets the worker read it."
    )
    return SetupError(
        f"'{path}': {here.label} has no '{step}', or the integration user may not read it.", where=where, remedy=remedy
    )
