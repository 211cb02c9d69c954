"""Metadata as files: `config/salesforce` in source format, and the zip that a deployment takes.

In the zip an object's fields and lists stand inside its one file; where each of its lines came from is kept, so that a
mistake is named where the admin can mend it.

Source: Salesforce DX Developer Guide, "Source Format"; Metadata API Developer Guide, "Deploying with the Zip File".
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

from sfsync.config import shown
from sfsync.errors import SetupError

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
#: folder and suffix in the zip
_FOLDERS = {
    "CustomObject": ("objects", "object"),
    "CustomTab": ("tabs", "tab"),
    "PermissionSet": ("permissionsets", "permissionset"),
    "CustomNotificationType": ("notificationtypes", "notiftype"),
    "Layout": ("layouts", "layout"),
    "ReportType": ("reportTypes", "reportType"),
    "Report": ("reports", "report"),
}
#: what stands inside an object's file, under which tag
CHILDREN = {"CustomField": "fields", "ListView": "listViews", "CompactLayout": "compactLayouts"}
#: a folder of reports is deployed under the type of what it holds
_FOLDER_OF = {"ReportFolder": "Report"}
_ROOT = re.compile(r"<(\w+)[^>]*>(.*)</\1>", re.DOTALL)

#: a file and a line of it
Place = tuple[str, int]
#: type and full name, as a manifest lists them
Member = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Component:
    """One piece of metadata: its type, its full name, its XML, and where that came from."""

    kind: str
    #: Opportunity.Order_Form_Status__c, Order_Forms/Turnaround
    name: str
    text: str
    #: as the admin would type it; for what is generated, from what
    where: str

    @property
    def called(self) -> str:
        """How people call its kind: `permission set`."""
        return re.sub(r"(?<!^)(?=[A-Z])", " ", self.kind.removeprefix("Custom")).lower()

    @property
    def title(self) -> str:
        """`field Opportunity.Order_Form_Status__c`."""
        return f"{self.called} {self.name}"

    @property
    def xml(self) -> ET.Element:
        return parse(self.text)

    @property
    def member(self) -> Member:
        return _FOLDER_OF.get(self.kind, self.kind), self.name

    @property
    def file(self) -> str:
        """Where it stands in the zip."""
        if self.kind in CHILDREN:
            return f"objects/{self.name.partition('.')[0]}.object"
        if self.kind == "ReportFolder":
            return f"reports/{self.name}-meta.xml"
        folder, suffix = _FOLDERS[self.kind]
        return f"{folder}/{quote(self.name, safe='/ ')}.{suffix}"


@dataclass(frozen=True, slots=True)
class Package:
    """A zip to deploy, and for each line of its files the line of ours that it came from."""

    zipped: bytes
    #: where each component came from, by type and full name
    components: Mapping[Member, str]
    lines: Mapping[str, tuple[Place, ...]]

    def where(self, component: Member, file: str, line: int) -> str:
        """`config/salesforce/…/Paused__c.field-meta.xml:7`, from a line of the zip's file; else what we know."""
        lines = self.lines.get(file, ())
        name, number = lines[line - 1] if 0 < line <= len(lines) else ("", 0)
        known = self.components.get(component, name)
        if not known:
            return f"{component[0]} {component[1]}".strip() or file
        return f"{known}:{number}" if number and name == known else known


def parse(text: str | bytes) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 (our own files, and the org's answers over TLS)


def read(folder: Path) -> list[Component]:
    """Everything in a project of source format. Raises SetupError that names a file which cannot be read."""
    files = sorted(folder.rglob("*-meta.xml"))
    if not files:
        raise SetupError("There is no metadata in source format.", where=shown(folder))
    return [_component(file) for file in files]


def _component(file: Path) -> Component:
    try:
        text = file.read_text("utf-8")
        kind = parse(text).tag.removeprefix(NAMESPACE)
    except (OSError, UnicodeDecodeError, ET.ParseError) as error:
        raise SetupError(f"It cannot be read as metadata: {error}.", where=shown(file)) from None
    if kind not in {*_FOLDERS, *CHILDREN, *_FOLDER_OF}:
        raise SetupError(f"sfsync does not deploy a {kind}.", where=shown(file), remedy="Use sf project deploy start.")
    return Component(kind, _full_name(kind, file), text, shown(file))


def _full_name(kind: str, file: PurePath) -> str:
    name = unquote(file.name.removesuffix("-meta.xml").rpartition(".")[0])
    if kind in CHILDREN:
        return f"{file.parent.parent.name}.{name}"
    return f"{file.parent.name}/{name}" if kind == "Report" else name


def package(components: Iterable[Component], version: str, extra: Mapping[str, str] | None = None) -> Package:
    """Zip the components with a manifest that names them; `extra` are further files by name."""
    components = list(components)
    lines: dict[str, list[tuple[str, Place]]] = {}
    for each in components:
        if each.kind in CHILDREN:
            lines.setdefault(each.file, []).extend(_child_lines(each))
        else:
            lines.setdefault(each.file, [])[:0] = _lines(each)
    texts = {name: _document(name, some) for name, some in lines.items()}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package.xml", manifest((c.member for c in components), version))
        for name, text in {**{n: "\n".join(t for t, _ in some) for n, some in texts.items()}, **(extra or {})}.items():
            archive.writestr(name, text)
    return Package(
        held.getvalue(),
        {c.member: c.where for c in components},
        {name: tuple(place for _, place in some) for name, some in texts.items()},
    )


def manifest(members: Iterable[Member], version: str = "") -> str:
    """A package.xml; without a version, a list of what is to go."""
    by_type: dict[str, list[str]] = {}
    for kind, name in members:
        by_type.setdefault(kind, []).append(name)
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
        for kind, names in by_type.items()
    )
    numbered = f"<version>{version}</version>" if version else ""
    return f"{_HEAD}\n<Package {_XMLNS}>{types}{numbered}</Package>"


def _document(file: str, lines: list[tuple[str, Place]]) -> list[tuple[str, Place]]:
    """The file whole: an object's lines get the root that its parts were taken out of."""
    if not file.startswith("objects/"):
        return lines
    first = lines[0][1][0], 0
    return [(_HEAD, first), (f"<CustomObject {_XMLNS}>", first), *lines, ("</CustomObject>", first)]


def _lines(component: Component) -> list[tuple[str, Place]]:
    if component.kind != "CustomObject":
        numbered = enumerate(component.text.splitlines(), start=1)
        return [(line, (component.where, n)) for n, line in numbered]
    return list(_inside(component))


def _child_lines(component: Component) -> Iterator[tuple[str, Place]]:
    tag = CHILDREN[component.kind]
    yield f"<{tag}>", (component.where, 1)
    yield from _inside(component)
    yield f"</{tag}>", (component.where, 1)


def _inside(component: Component) -> Iterator[tuple[str, Place]]:
    """The lines within the root, each with its number in the file."""
    found = _ROOT.search(component.text)
    if found is None:
        return
    first = component.text.count("\n", 0, found.start(2)) + 1
    for n, line in enumerate(found[2].split("\n"), start=first):
        yield line, (component.where, n)


def unzip(zipped: bytes) -> list[Component]:
    """The components of a retrieved zip, an object's parts apart from it."""
    found: list[Component] = []
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        for name in archive.namelist():
            if name != "package.xml":
                found += _retrieved(PurePath(name), parse(archive.read(name)))
    return found


def _retrieved(file: PurePath, root: ET.Element) -> Iterator[Component]:
    kind = root.tag.removeprefix(NAMESPACE)
    inside = "/".join(file.parts[1:])
    name = unquote(inside.removesuffix("-meta.xml") if kind in _FOLDER_OF else inside.rpartition(".")[0])
    tags = {f"{NAMESPACE}{tag}": child for child, tag in CHILDREN.items()} if kind == "CustomObject" else {}
    for part in list(root):
        if part.tag in tags:
            own = part.findtext(f"{NAMESPACE}fullName", "")
            yield Component(tags[part.tag], f"{name}.{own}", ET.tostring(part, "unicode"), str(file))
            root.remove(part)
    if len(root):
        yield Component(kind, name, ET.tostring(root, "unicode"), str(file))
