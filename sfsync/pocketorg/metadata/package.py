"""Metadata in the zip of a deployment: `package.xml` and what it names, objects with their fields inside.

Source: Metadata API Developer Guide, "Deploying and Retrieving Metadata with the Zip File".
"""

import copy
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from sfsync.pocketorg import xmltext
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.metadata import kinds
from sfsync.pocketorg.metadata.folder import (
    READERS,
    Metadata,
    add_compact_layout,
    add_field,
    add_list_view,
    add_rule,
)
from sfsync.pocketorg.metadata.removal import Removal
from sfsync.pocketorg.metadata.sourcefile import Element, MetadataError
from sfsync.pocketorg.query import formula
from sfsync.pocketorg.schema import Schema

#: App Limits Cheat Sheet, "Metadata Limits": files, and bytes unzipped
MOST_FILES, MOST_BYTES = 10_000, 400 * 2**20
PAGES = ("ListView", "CompactLayout", "Layout", "CustomTab", "ReportType", "Report")
#: in this order, so that fields find their objects and permission sets their fields
ORDER = (
    *("CustomObject", "CustomField", "ValidationRule", "StandardValueSet", "PermissionSet", "CustomNotificationType"),
    *PAGES,
)

#: a folder of reports is described by a file without a suffix of its own, and deployed as a Report
_FOLDERS, _OF_FOLDERS = {"reports": "reportFolder"}, {"ReportFolder": "Report"}
_NOT_FOUND = "An object '{name}' of type {type} was named in package.xml, but was not found in zipped directory"


@dataclass(kw_only=True, slots=True)
class Component:
    """One piece of a package: what it is, what was read of it, and the first thing that is wrong with it."""

    type: str
    name: str  #: full name: Opportunity.Order_Form_Status__c
    file: str  #: objects/Opportunity.object
    metadata: Metadata = field(default_factory=Metadata)
    problem: str = ""
    #: what is odd, and keeps nothing from being deployed
    warning: str = ""

    @property
    def turn(self) -> tuple[int, int]:
        """When it is applied: what goes goes first, but for what a file named …Post says."""
        rank = ORDER.index(self.type) if self.type in ORDER else -1
        if not self.metadata.removed:
            return 1, rank
        return (2 if PurePosixPath(self.file).stem.endswith("Post") else 0), -rank


def read(zipped: bytes) -> list[Component]:
    """Take a zip apart, in the order in which to apply it. Raises ApiError where it is no zip."""
    files = _unzip(zipped)
    manifest = min((name for name in files if PurePosixPath(name).name == "package.xml"), key=len, default=None)
    if manifest is None:
        return [Component(type="", name="package.xml", file="package.xml", problem="No package.xml found")]
    root = PurePosixPath(manifest).parent
    found = [Component(type="", name="package.xml", file="package.xml")]
    for name in sorted(files):
        path = PurePosixPath(name)
        if name != manifest and path.is_relative_to(root):
            found += _components(path.relative_to(root), files[name])
    found += _missing(files[manifest], found)
    return sorted(found, key=lambda each: each.turn)


def _unzip(zipped: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(BytesIO(zipped)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            if len(entries) > MOST_FILES or sum(each.file_size for each in entries) > MOST_BYTES:
                raise ApiError(400, "LIMIT_EXCEEDED", "Maximum size of the unzipped package exceeded")
            return {each.filename: archive.read(each) for each in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as bad:
        raise ApiError(400, "INVALID_OPERATION", f"The deployment is no zip file: {bad}") from None


def _components(file: PurePosixPath, text: bytes) -> Iterator[Component]:
    plain = file.name.removesuffix("-meta.xml")
    suffix = plain.rpartition(".")[2] if "." in plain else _FOLDERS.get(file.parent.name, "")
    if file.name.startswith("destructiveChanges"):
        yield from _destructive(file, text)
        return
    if suffix not in READERS:
        problem = f"metadata of this type is not spoken by the pocket org; {', '.join(READERS)} are"
        yield Component(type="", name=file.stem, file=str(file), problem=problem)
        return
    kind, reader = READERS[suffix]
    name = _full_name(file, suffix)
    try:
        xml = Element.parse(file, text, kind)
    except MetadataError as bad:
        yield Component(type=kind, name=name, file=str(file), problem=bad.what)
        return
    if kind == "CustomObject":
        yield from _of_object(name, xml)
    if kind != "CustomObject" or not xml.empty:
        source = xml.written(*(kinds.TAGS if kind == "CustomObject" else ()))
        made = _read(_OF_FOLDERS.get(kind, kind), name, xml, lambda found: reader(xml, found))
        made.metadata.sources[kind, name] = source
        yield made


def _full_name(file: PurePosixPath, suffix: str) -> str:
    """What stands below the type's own folder: `Sales/Order_Forms` of reports/Sales/Order_Forms.report."""
    inside = "/".join(file.parts[1:]) or file.name
    return unquote(inside.removesuffix("-meta.xml").removesuffix(f".{suffix}"))


def _destructive(file: PurePosixPath, text: bytes) -> Iterator[Component]:
    """What is to go. A list of nothing, as some tools always send it, is fine."""
    for kind, name in _members(text):
        removed = Metadata(removed=[Removal(kind=kind, name=name)])
        problem = "" if name != "*" else "wildcards are not allowed in destructiveChanges.xml"
        yield Component(type=kind, name=name, file=str(file), metadata=removed, problem=problem)


def _of_object(owner: str, xml: Element) -> Iterator[Component]:
    """The fields and rules inside an object's file."""
    parts: tuple[tuple[str, str, Callable[[str, Element, Metadata], None]], ...] = (
        ("fields", "CustomField", add_field),
        ("validationRules", "ValidationRule", add_rule),
        ("listViews", "ListView", add_list_view),
        ("compactLayouts", "CompactLayout", add_compact_layout),
    )
    for tag, kind, add in parts:
        for each in xml.all(tag):
            name = f"{owner}.{each.full_name}"
            source = each.written()
            made = _read(kind, name, each, lambda found, each=each, add=add: add(owner, each, found))  # type: ignore[misc]
            made.metadata.sources[kind, name] = source
            yield made


def _read(kind: str, name: str, xml: Element, reader: Callable[[Metadata], None]) -> Component:
    made = Component(type=kind, name=name, file=str(xml.file))
    try:
        reader(made.metadata)
    except MetadataError as bad:
        made.problem = bad.what
    return made


def _missing(manifest: bytes, found: list[Component]) -> list[Component]:
    """What the manifest names and the zip does not hold."""
    there = {(each.type, each.name) for each in found}
    owners = {each.name.partition(".")[0] for each in found if "." in each.name}
    return [
        Component(type=kind, name=name, file="package.xml", problem=_NOT_FOUND.format(name=name, type=kind))
        for kind, name in _members(manifest)
        if name != "*" and (kind, name) not in there and not (kind == "CustomObject" and name in owners)
    ]


def _members(manifest: bytes) -> Iterator[tuple[str, str]]:
    """The (type, full name) pairs of a manifest; of one that is malformed none."""
    try:
        yield from members(xmltext.parse(manifest))
    except ApiError:
        return


def members(manifest: ET.Element) -> Iterator[tuple[str, str]]:
    """The (type, full name) pairs that a manifest names; `*` is all of a type. `sf` writes a folder as `X/`."""
    for types in manifest:
        if xmltext.local(types) == "types":
            kind = xmltext.text(types, "name")
            names = ((each.text or "").strip() for each in types if xmltext.local(each) == "members")
            yield from ((kind, unquote(name.rstrip("/"))) for name in names)


def try_on(components: list[Component], schema: Schema) -> Schema:
    """Apply the components to a copy of the schema, and note in each what is wrong with it there."""
    trial = copy.deepcopy(schema)
    for each in components:
        if each.problem:
            continue
        try:
            each.metadata.apply(trial)
            each.metadata.check(trial)
        except MetadataError as bad:
            each.problem = bad.what
    for each in components:
        if not each.problem:
            each.problem = _formula_problem(each.metadata, trial) or _still_used(each.metadata.removed, trial)
    return trial


def _formula_problem(metadata: Metadata, schema: Schema) -> str:
    """Say what is wrong with a formula, which may name any field of the package; "" where all is well."""
    formulas = [(owner, field.formula) for owner, field, _ in metadata.fields if field.formula]
    formulas += [(owner, rule.formula) for owner, rule, _ in metadata.rules]
    for owner, text in formulas:
        sobject = schema.get(owner)
        try:
            if sobject is not None:
                formula.compile(text, sobject, schema)
        except ApiError as error:
            return error.message
    return ""


def _still_used(removed: list[Removal], schema: Schema) -> str:
    """Say which formula or rule still names a field that goes; "" where none does."""
    fields = [each.name.partition(".")[2] for each in removed if each.kind == "CustomField"]
    texts = [(f"{o.name}.{f.name}", f.formula) for o in schema for f in o.fields.values() if f.formula]
    texts += [(f"{o.name}.{rule.name}", rule.formula) for o in schema for rule in o.rules]
    users = [user for user, text in texts if any(re.search(rf"\b{name}\b", text) for name in fields)]
    return f"This custom field is referenced elsewhere in salesforce.com: {', '.join(users)}" if users else ""


def is_new(component: Component, schema: Schema, rows: Mapping[str, set[str]]) -> bool:
    """Whether the org had none of that name before; `rows` are the names of what becomes rows, by type."""
    owner, _, name = component.name.partition(".")
    known = schema.get(owner)
    if component.type == "CustomObject":
        return known is None
    if component.type == "CustomField":
        return known is None or known.field(name) is None
    if component.type == "ValidationRule":
        return known is None or all(rule.name != name for rule in known.rules)
    return component.type in rows and component.name not in rows[component.type]
