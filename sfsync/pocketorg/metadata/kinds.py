"""The types of metadata that are spoken here: where each stands in a package.

Source: Metadata API Developer Guide, "Metadata Types".
"""

from pathlib import PurePath
from urllib.parse import unquote

#: folder and suffix
FOLDERS = {
    "CustomObject": ("objects", "object"),
    "StandardValueSet": ("standardValueSets", "standardValueSet"),
    "CustomTab": ("tabs", "tab"),
    "PermissionSet": ("permissionsets", "permissionset"),
    "CustomNotificationType": ("notificationtypes", "notiftype"),
    "Layout": ("layouts", "layout"),
    "ReportType": ("reportTypes", "reportType"),
    "Report": ("reports", "report"),
}
#: what stands inside an object's file, under which tag
CHILDREN = {
    "CustomField": "fields",
    "ValidationRule": "validationRules",
    "ListView": "listViews",
    "CompactLayout": "compactLayouts",
}
#: named by their object: Opportunity.Order_Form_Status__c
TAGS = tuple(CHILDREN.values())


def full_name(kind: str, file: PurePath) -> str:
    """The full name of what a file in source format holds: Opportunity.X__c, Sales/Turnaround, Worker."""
    name = unquote(file.name.removesuffix("-meta.xml").rpartition(".")[0])
    if kind in CHILDREN:
        return f"{file.parent.parent.name}.{name}"
    return f"{file.parent.name}/{name}" if kind == "Report" else name
