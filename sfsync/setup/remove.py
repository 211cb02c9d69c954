"""Taking sfsync out of an org again: what would be lost, and the deployment that takes it away.

Only what `config/salesforce` holds is touched. The order forms themselves stay among the Files of their opportunities.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sfsync.errors import SetupError, SfsyncError
from sfsync.salesforce import soql
from sfsync.salesforce.api import Api, Row, chunks, error_in
from sfsync.salesforce.metadata import VERSION
from sfsync.setup import source
from sfsync.setup.source import Component, Package

_COLLECTION = 200


@dataclass(frozen=True, slots=True)
class Loss:
    """What is there of ours, and what goes with it."""

    components: tuple[Component, ...]
    #: (what, how many) of what holds something; None where the org does not let it be counted
    counts: tuple[tuple[str, int | None], ...]
    #: permission set -> usernames that have it
    holders: tuple[tuple[str, tuple[str, ...]], ...]
    assignment_ids: tuple[str, ...]


def loss(api: Api, components: Iterable[Component]) -> Loss:
    """What taking these away would cost. Reads only."""
    found = tuple(components)
    assigned = _assignments(api, [c.name for c in found if c.kind == "PermissionSet"])
    holders: dict[str, list[str]] = {}
    for row in assigned:
        holders.setdefault(row["PermissionSet"]["Label"], []).append(row["Assignee"]["Username"])
    return Loss(
        components=found,
        counts=tuple((what, n) for what, text in _questions(found) if (n := _count(api, text)) != 0),
        holders=tuple((name, tuple(sorted(users))) for name, users in sorted(holders.items())),
        assignment_ids=tuple(row["Id"] for row in assigned),
    )


def _questions(components: Sequence[Component]) -> list[tuple[str, str]]:
    """What to count, and how to ask for it."""
    objects = [c.name for c in components if c.kind == "CustomObject"]
    fields = [c.name.partition(".")[::2] for c in components if c.kind == "CustomField"]
    asked = [(f"rows of {name}", f"SELECT COUNT() FROM {name}") for name in objects]  # noqa: S608 (our own names)
    return asked + [
        (f"values of {owner}.{name}", f"SELECT COUNT() FROM {owner} WHERE {name} != null")  # noqa: S608 (same)
        for owner, name in fields
        if owner not in objects
    ]


def _count(api: Api, text: str) -> int | None:
    """How many; None where it cannot be asked for: a long text has no filter, and an admin may not see every field."""
    try:
        return int(api.call("GET", soql.url(text))["totalSize"])
    except SetupError:
        return None


def _assignments(api: Api, names: Sequence[str]) -> list[Row]:
    if not names:
        return []
    fields = ["Id", "Assignee.Username", "PermissionSet.Label"]
    return api.query(soql.select(fields, "PermissionSetAssignment", soql.among("PermissionSet.Name", names)))


def take_from_users(api: Api, ids: Sequence[str]) -> None:
    """Take the permission sets from whoever has them. Raises SetupError where the admin may not."""
    for some in chunks(ids, _COLLECTION):
        answers = api.call("DELETE", f"composite/sobjects?ids={','.join(map(soql.record_id, some))}", reads=True)
        refused: list[SfsyncError] = [error_in(a["errors"]) for a in answers if not a["success"]]
        if refused:
            raise SetupError(f"A permission set could not be taken from its users: {refused[0]}")


def package(components: Sequence[Component]) -> Package:
    """What takes them away: pages and permission sets first, then the fields and objects that they speak of."""
    objects = {c.name for c in components if c.kind == "CustomObject"}
    goes = [c for c in components if not _goes_with(c, objects)]
    last = [c.member for c in goes if c.kind in {"CustomObject", "CustomField"}]
    first = [c.member for c in goes if c.kind not in {"CustomObject", "CustomField"}]
    extra = {
        "destructiveChangesPre.xml": source.manifest(first),
        "destructiveChangesPost.xml": source.manifest(last),
    }
    return source.package((), VERSION, extra)


def _goes_with(component: Component, objects: set[str]) -> bool:
    """Whether it goes with its object, and may not be named beside it: its parts, and its last layout."""
    owner = component.name.partition("-" if component.kind == "Layout" else ".")[0]
    return component.kind in {*source.CHILDREN, "Layout"} and owner in objects
