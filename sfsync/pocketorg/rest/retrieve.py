"""Retrieving metadata: the XML of what was deployed, in the zip that a deployment could take again.

What comes with every org (standard fields, layouts, profiles) a pocket org has no XML of, and does not give back.

Source: Metadata API Developer Guide, "retrieve()", "RetrieveRequest", "RetrieveResult".
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sfsync.pocketorg import xmltext
from sfsync.pocketorg.metadata import kinds
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.rest import deploy

Record = dict[str, Any]
Named = tuple[str, str]  #: type and full name

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Retrieval:
    """What one retrieval came to."""

    id: str
    zipped: bytes
    found: tuple[tuple[Named, str], ...]  #: each with its file in the zip
    missing: tuple[Named, ...]


def retrieve(org: Org, wanted: Iterable[Named], *, version: str, folder: str) -> Retrieval:
    """Zip what is wanted, in `folder` within the zip; `*` is all of a type. Remembered as a job."""
    sources, asked = deploy.sources(org), list(wanted)
    found = sorted({each for one in asked for each in _matching(one, sources)})
    placed = tuple((each, f"{folder}{_file(*each)}") for each in found)
    missing = tuple(one for one in asked if one[1] != "*" and not any(True for _ in _matching(one, sources)))
    files = {f"{folder}{name}": text for name, text in _files(found, sources)}
    files[f"{folder}package.xml"] = _manifest(found, version)
    done = Retrieval(id=org.store.new_id("09S"), zipped=_zip(files), found=placed, missing=missing)
    org.jobs[done.id] = done
    return done


def _matching(wanted: Named, sources: Iterable[Named]) -> Iterator[Named]:
    """The components that are meant: an object with all its parts, a folder by its name, or just the one."""
    kind, name = wanted
    for each in sources:
        of, called = each
        same_kind = of == kind or (kind, of) == ("Report", "ReportFolder")
        part = kind == "CustomObject" and of in kinds.CHILDREN and name in {"*", called.partition(".")[0]}
        if (same_kind and name in {"*", called}) or part:
            yield each


def _file(kind: str, name: str) -> str:
    if kind in kinds.CHILDREN:
        return f"objects/{name.partition('.')[0]}.object"
    if kind == "ReportFolder":
        return f"reports/{name}-meta.xml"
    folder, suffix = kinds.FOLDERS[kind]
    return f"{folder}/{name}.{suffix}"


def _files(found: Iterable[Named], sources: dict[Named, str]) -> Iterator[tuple[str, str]]:
    inside: dict[str, str] = {}
    for kind, name in found:
        text = sources[kind, name]
        if kind in kinds.CHILDREN:
            tag = kinds.CHILDREN[kind]
            text = f"    <{tag}>\n{text}    </{tag}>\n"
        file = _file(kind, name)
        inside[file] = inside.get(file, "") + text
        if not file.startswith("objects/"):
            yield file, _document(kind, inside.pop(file))
    for file, text in inside.items():
        yield file, _document("CustomObject", text)


def _document(root: str, inside: str) -> str:
    return f"{_HEAD}<{root} {_XMLNS}>\n{inside}</{root}>\n"


def _manifest(found: Iterable[Named], version: str) -> str:
    by_type: dict[str, list[str]] = {}
    for kind, name in found:
        by_type.setdefault("Report" if kind == "ReportFolder" else kind, []).append(name)
    types = [{"members": names, "name": kind} for kind, names in sorted(by_type.items())]
    return _document("Package", xmltext.render("types", types) + xmltext.render("version", version))


def _zip(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()
