"""What shows records to people: list views, layouts, compact layouts, tabs, report types, reports.

A pocket org shows none of them. It reads them so far that a deployment with a mistake fails as it would in an org:
the elements without which it is none, the objects, and every custom field by name. Standard columns of lists and
reports have names of their own (OPPORTUNITY.STAGE_NAME), which are taken on trust.

Source: Metadata API Developer Guide, "ListView", "Layout", "CompactLayout", "CustomTab", "ReportType", "Report".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import unquote

from sfsync.pocketorg.metadata.sourcefile import Element, MetadataError
from sfsync.pocketorg.schema import Schema

#: an object and one of its custom fields, as reports write them
_CUSTOM = re.compile(r"(\w+)[.$](\w+__c)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page and what it speaks of: an object that must be there, and custom fields by their paths."""

    name: str
    file: PurePath
    sobject: str  #: empty where it cannot be told
    fields: tuple[str, ...]  #: Opportunity.Order_Form_Status__c

    def check(self, schema: Schema) -> None:
        """Refuse a page of an object, or with a field, that is not there."""
        if self.sobject and schema.get(self.sobject) is None:
            raise MetadataError(self.file, f"no object named {self.sobject}")
        for path in self.fields:
            owner, _, name = path.partition(".")
            found = schema.get(owner)
            if found is not None and found.field(name) is None:
                raise MetadataError(self.file, f"In field: field - no CustomField named {path} found")


def list_view(owner: str, xml: Element) -> Page:
    name = xml.required("fullName")
    xml.required("label")
    xml.required("filterScope")
    columns = [each for tag in ("columns", "field") for each in xml.texts(tag)]
    return Page(name=name, file=xml.file, sobject=owner, fields=_own(owner, columns))


def compact_layout(owner: str, xml: Element) -> Page:
    name = xml.required("fullName")
    xml.required("label")
    return Page(name=name, file=xml.file, sobject=owner, fields=_own(owner, xml.texts("fields")))


def _compact_layout_file(xml: Element) -> Page:
    return compact_layout(xml.file.parent.parent.name, xml)


def _tab(xml: Element) -> Page:
    """A tab of a custom object; one for anything else needs what a pocket org has not."""
    if not xml.flag("customObject"):
        raise xml.refuse("only tabs of custom objects are spoken here")
    xml.required("motif")
    xml.ignore("description", "hasSidebar")
    xml.close()
    return Page(name=_name(xml), file=xml.file, sobject=_name(xml), fields=())


def _list_view_file(xml: Element) -> Page:
    return list_view(xml.file.parent.parent.name, xml)


def _layout(xml: Element) -> Page:
    name = _name(xml)
    owner = name.partition("-")[0]
    return Page(name=name, file=xml.file, sobject=owner, fields=_own(owner, xml.texts("field")))


def _report_type(xml: Element) -> Page:
    owner = xml.required("baseObject")
    xml.required("label")
    xml.required("category")
    columns = [column for section in xml.all("sections") for column in section.all("columns")]
    paths = (f"{column.required('table')}.{column.required('field')}" for column in columns)
    fields = tuple(path for path in paths if path.count(".") == 1 and path.endswith("__c"))
    return Page(name=_name(xml), file=xml.file, sobject=owner, fields=fields)


def _report(xml: Element) -> Page:
    xml.required("name")
    xml.required("format")
    xml.required("reportType")
    found = (_CUSTOM.fullmatch(text) for text in xml.texts("field"))
    fields = tuple(f"{match[1]}.{match[2]}" for match in found if match)
    return Page(name=_name(xml), file=xml.file, sobject="", fields=fields)


def _report_folder(xml: Element) -> Page:
    return Page(name=xml.required("name"), file=xml.file, sobject="", fields=())


def _own(owner: str, columns: list[str]) -> tuple[str, ...]:
    return tuple(f"{owner}.{each}" for each in columns if each.endswith("__c") and "." not in each)


def _name(xml: Element) -> str:
    return unquote(xml.file.name.removesuffix("-meta.xml").rpartition(".")[0])


#: what files of each suffix hold, and who reads it
READERS: dict[str, tuple[str, Callable[[Element], Page]]] = {
    "listView": ("ListView", _list_view_file),
    "compactLayout": ("CompactLayout", _compact_layout_file),
    "layout": ("Layout", _layout),
    "tab": ("CustomTab", _tab),
    "reportType": ("ReportType", _report_type),
    "report": ("Report", _report),
    "reportFolder": ("ReportFolder", _report_folder),
}
