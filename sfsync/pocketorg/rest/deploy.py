"""Deployments of metadata: tried on a copy of the schema, then applied whole or not at all.

A deployment is done when the call that brings it is answered; its answer still says Pending, as clients expect.

Sources: Metadata API Developer Guide, "deploy()", "DeployOptions", "DeployResult", "Deploy Metadata with Apex Testing
Using REST".
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.access import everything
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.metadata import Metadata, package
from sfsync.pocketorg.metadata.package import Component
from sfsync.pocketorg.metadata.removal import Removal
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.values import moment

Record = dict[str, Any]

#: metadata that becomes rows: by which field a row is known, and the rows that belong to it
_ROWS = {
    "PermissionSet": ("PermissionSet", "Name", ("ObjectPermissions", "FieldPermissions")),
    "CustomNotificationType": ("CustomNotificationType", "DeveloperName", ()),
    "StandardValueSet": ("OpportunityStage", "ApiName", ()),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """What became of one deployment. `done_at` is the moment, as answers write it."""

    id: str
    user_id: str
    user_name: str
    done_at: str
    options: Record
    components: list[Component]
    new: frozenset[str] = field(default_factory=frozenset)  #: full names of what was not there before

    @property
    def check_only(self) -> bool:
        return _is_true(self.options, "checkOnly")

    @property
    def failed(self) -> list[Component]:
        return [each for each in self.components if each.problem]

    @property
    def applied(self) -> bool:
        return not self.failed and not self.check_only

    def result(self, *, details: bool) -> Record:
        """The DeployResult."""
        good = [each for each in self.components if each.type and not each.problem]
        body: Record = {
            "id": self.id,
            "checkOnly": self.check_only,
            "createdBy": self.user_id,
            "createdByName": self.user_name,
            **dict.fromkeys(("createdDate", "startDate", "lastModifiedDate", "completedDate"), self.done_at),
            "done": True,
            "ignoreWarnings": _is_true(self.options, "ignoreWarnings"),
            "numberComponentErrors": len(self.failed),
            "numberComponentsDeployed": len(good),
            "numberComponentsTotal": len(good) + len(self.failed),
            **dict.fromkeys(("numberTestErrors", "numberTestsCompleted", "numberTestsTotal"), 0),
            "rollbackOnError": True,
            "runTestsEnabled": self.options.get("testLevel", "NoTestRun") != "NoTestRun",
            "status": "Failed" if self.failed else "Succeeded",
            "success": not self.failed,
        }
        return body | ({"details": self._details()} if details else {})

    def _details(self) -> Record:
        return {
            "componentFailures": [self._message(each) for each in self.failed],
            "componentSuccesses": [self._message(each) for each in self.components if not each.problem],
            "runTestResult": {"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0},
        }

    def _message(self, each: Component) -> Record:
        """The DeployMessage of a component."""
        new, goes = each.name in self.new, bool(each.metadata.removed)
        said = each.problem or each.warning
        kind = "Error" if each.problem else "Warning"
        problem = {"problem": said, "problemType": kind, "lineNumber": 1, "columnNumber": 1}
        return {
            "changed": bool(each.type) and not said,
            "componentType": each.type,
            "created": new and not each.problem,
            "createdDate": self.done_at,
            "deleted": goes and not said,
            "fileName": each.file,
            "fullName": each.name,
            **(problem if said else {}),
            "success": not each.problem,
        }


def _is_true(options: Record, name: str) -> bool:
    return str(options.get(name, False)).lower() == "true"


# ----------------------------------------------------------------------- deploying


def check_rights(org: Org, call: Call) -> None:
    """Refuse whoever may not use the Metadata API."""
    access = org.access(call)
    if access.objects is not None and not access.may("ModifyMetadata"):
        text = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
        raise ApiError(403, "INSUFFICIENT_ACCESS", text)


def deploy(org: Org, call: Call, zipped: bytes, options: Record) -> Deployment:
    """Deploy a zip and remember what became of it. Raises ApiError where the user may not, or it is no zip."""
    check_rights(org, call)
    components = package.read(zipped)
    rows = {kind: {row[key] for row in org.store.find(table)} for kind, (table, key, _) in _ROWS.items()}
    rows |= {kind: {name for of, name in sources(org) if of == kind} for kind in package.PAGES}
    new = frozenset(each.name for each in components if package.is_new(each, org.schema, rows))
    _check_removals(org, components)
    package.try_on(components, org.schema)
    user = org.store.get("User", call.user_id) or {}
    done = Deployment(
        id=org.store.new_id("0Af"),
        user_id=call.user_id,
        user_name=user.get("Name") or "",
        done_at=moment(org.clock()),
        options=options,
        components=components,
        new=new,
    )
    org.jobs[done.id] = done
    if done.applied:
        _apply(org, components)
        _remember(org, zipped)
    return done


def _apply(org: Org, components: list[Component]) -> None:
    for each in components:
        each.metadata.apply(org.schema)
    for removal in (r for each in components for r in each.metadata.removed):
        _uninstall(org, removal)
    org.store.migrate()
    insert = _Replacing(org)
    for each in components:
        each.metadata.install(org.schema, insert)
        keep_sources(org, each.metadata)


# ------------------------------------------------- what was deployed, as it was written

_SOURCE = "metadata "


def keep_sources(org: Org, metadata: Metadata) -> None:
    """Note the XML of what was deployed, so that it can be retrieved."""
    for (kind, name), xml in metadata.sources.items():
        org.store.set_note(f"{_SOURCE}{kind} {name}", xml)


def sources(org: Org) -> dict[tuple[str, str], str]:
    """The XML of all that was ever deployed and is still there, by type and full name."""
    found = {}
    for key, xml in org.store.notes(_SOURCE).items():
        kind, _, name = key.partition(" ")
        found[kind, name] = xml
    return found


# ----------------------------------------------------------------------- taking away


def _check_removals(org: Org, components: list[Component]) -> None:
    """What is not there is a warning; a permission set that somebody has cannot go."""
    there = {("Report" if kind == "ReportFolder" else kind, name) for kind, name in sources(org)}
    for each in components:
        if not each.metadata.removed or each.problem:
            continue
        if (each.type, each.name) not in there:
            each.warning = f"No {each.type} named: {each.name} found"
            each.metadata.removed.clear()
        elif each.type == "PermissionSet" and _assigned(org, each.name):
            each.problem = "The permission set is assigned to users. Remove the assignments, then delete it"


def _assigned(org: Org, permission_set: str) -> bool:
    rows = org.store.find("PermissionSet", Name=permission_set)
    return any(org.store.find("PermissionSetAssignment", PermissionSetId=row["Id"]) for row in rows)


def _uninstall(org: Org, removal: Removal) -> None:
    """Delete the rows, tables and columns of what went, and its XML with that of its parts."""
    owner, _, part = removal.name.partition(".")
    if removal.kind == "CustomObject":
        org.store.drop(owner)
        _delete_rows(org, "ObjectPermissions", SobjectType=owner)
        _delete_rows(org, "FieldPermissions", SobjectType=owner)
    elif removal.kind == "CustomField":
        org.store.drop(owner, part)
        _delete_rows(org, "FieldPermissions", Field=removal.name)
    elif removal.kind in _ROWS:
        table, key, parts = _ROWS[removal.kind]
        for row in org.store.find(table, **{key: removal.name}):
            for each in parts:
                _delete_rows(org, each, ParentId=row["Id"])
            org.store.delete(table, row["Id"])
    org.dml.forget_access()
    for kind, name in sources(org):
        if kind == "PermissionSet":
            _forget_grants(org, name, removal.name)
        same = (kind.replace("ReportFolder", "Report"), name) == (removal.kind, removal.name)
        if same or (removal.kind == "CustomObject" and name.startswith((f"{owner}.", f"{owner}-"))):
            org.store.forget_note(f"{_SOURCE}{kind} {name}")


def _forget_grants(org: Org, permission_set: str, gone: str) -> None:
    """Leave out of a permission set's XML whatever it grants of something that is gone."""
    key = f"{_SOURCE}PermissionSet {permission_set}"
    named = re.compile(rf"<(?:field|object|tab)>{re.escape(gone)}(?:\.\w+)?</")
    entries = re.split(r"(?m)^(?=    <\w)", org.store.note(key) or "")
    org.store.set_note(key, "".join(each for each in entries if not named.search(each)))


def _delete_rows(org: Org, table: str, **equal: str) -> None:
    for row in org.store.find(table, **equal):
        org.store.delete(table, row["Id"])


class _Replacing:
    """Inserts a row of metadata, or writes over the one of that name, so that its Id and what refers to it stay."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._inside = everything(org.schema, "")

    def __call__(self, sobject: str, values: Mapping[str, Any], /) -> str:
        for table, key, parts in _ROWS.values():
            old = self._org.store.find(table, **{key: values[key]}) if table == sobject else []
            if old:
                self._replace(sobject, old[0]["Id"], values, parts)
                return str(old[0]["Id"])
        return self._org.dml.insert(sobject, values, self._inside, system=True)

    def _replace(self, sobject: str, record_id: str, values: Mapping[str, Any], parts: tuple[str, ...]) -> None:
        store = self._org.store
        for part in parts:
            for row in store.find(part, ParentId=record_id):
                store.delete(part, row["Id"])
        store.update(sobject, record_id, {**values, "SystemModstamp": moment(self._org.clock())})
        self._org.dml.forget_access(sobject)


# ------------------------------------------------------------------ after a restart


def _remember(org: Org, zipped: bytes) -> None:
    """Keep the zip beside the rows: the schema is in memory, and has to be made again after a restart."""
    number = org.store.next_number("deployed package")
    org.store.set_note(f"package {number}", base64.b64encode(zipped).decode())


def restore(org: Org) -> None:
    """Put on the schema what was deployed before the org was stopped. Its rows are still there."""
    number = 1
    while (zipped := org.store.note(f"package {number}")) is not None:
        for each in package.read(base64.b64decode(zipped)):
            each.metadata.apply(org.schema)
        number += 1
    org.store.migrate()


# ------------------------------------------------------------------------------ REST


def request(org: Org, call: Call, _: Params) -> Answer:
    zipped = call.parts.get("file")
    body = call.body if isinstance(call.body, dict) else {}
    options = body.get("deployOptions")
    if zipped is None or not isinstance(options, dict):
        text = "The request must be multipart/form-data with the parts 'json' (deployOptions) and 'file' (a zip)."
        raise ApiError(400, "INVALID_INPUT", text)
    done = deploy(org, call, zipped, options)
    pending = {"id": done.id, "status": "Pending", "done": False, "success": False, "checkOnly": done.check_only}
    body = {"id": done.id, "validatedDeployRequestId": None, "deployOptions": options, "deployResult": pending}
    return Answer(201, body)


def status(org: Org, call: Call, params: Params) -> Answer:
    done = find(org, params["id"])
    details = call.query.get("includeDetails", "").lower() == "true"
    return Answer(200, {"id": done.id, "deployOptions": done.options, "deployResult": done.result(details=details)})


def cancel(org: Org, _: Call, params: Params) -> Answer:
    done = find(org, params["id"])
    raise ApiError(400, "INVALID_ID_FIELD", f"Deployment already completed: {done.id}")


def find(org: Org, deployment_id: str) -> Deployment:
    """Look a deployment up by its Id of 15 or 18 characters."""
    found = next((each for key, each in org.jobs.items() if key[:15] == deployment_id[:15]), None)
    if not isinstance(found, Deployment):
        raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return found


ROUTES: tuple[Route[Org], ...] = (
    Route("/metadata/deployRequest", POST=request),
    Route("/metadata/deployRequest/{id}", GET=status, PATCH=cancel),
)
