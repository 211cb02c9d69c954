"""From a CustomField's XML to the field that describe shows.

Source: Metadata API Developer Guide, "CustomField"; defaults as there.
"""

from collections.abc import Callable
from typing import Any

from sfsync.pocketorg.metadata.sourcefile import Element
from sfsync.pocketorg.schema import Field, PicklistValue

Facts = dict[str, Any]

#: length in characters where the field does not say
_TEXT_FORMULA = 1300
_LONG: Facts = {"filterable": False, "sortable": False, "groupable": False, "aggregatable": False}
_UNGROUPED: Facts = {"groupable": False}


def read(xml: Element) -> Field:
    """Turn one `.field-meta.xml` into a field."""
    name, kind = xml.check_name(xml.required("fullName")), xml.required("type")
    if kind not in _KINDS:
        raise xml.refuse(f"fields of type {kind} are not spoken here; {', '.join(_KINDS)} are")
    xml.ignore("description", "trackTrending", "trackHistory", "trackFeedHistory", "businessStatus")
    xml.ignore("securityClassification", "complianceGroup", "fieldManageability", "visibleLines")
    facts: Facts = {"custom": True, "label": xml.required("label"), "help_text": xml.text("inlineHelpText")}
    facts |= _rules(xml) | (_formula(xml, kind) if (formula := xml.child("formula")) else _KINDS[kind](xml))
    if formula:
        facts["formula"] = formula.own_text
    if "reference_to" in facts:
        facts["relationship_name"] = name.removesuffix("c") + "r"
    xml.close()
    return Field(name=name, **facts)


def _rules(xml: Element) -> Facts:
    """Read what any kind of field may say of itself."""
    required, external = xml.flag("required"), xml.flag("externalId")
    return {
        "nillable": not required,
        "permissionable": not required,
        "unique": xml.flag("unique"),
        "case_sensitive": xml.flag("caseSensitive"),
        "external_id": external,
        "id_lookup": external,
    }


def _formula(xml: Element, kind: str) -> Facts:
    """Take the result's type; a formula is calculated at each read, never written and never grouped by."""
    if kind not in {"Text", "Number", "Currency", "Percent", "Checkbox", "Date", "DateTime"}:
        raise xml.refuse(f"a formula cannot be a {kind}")
    blanks = xml.choice("formulaTreatBlanksAs", ("BlankAsZero", "BlankAsBlank"), "BlankAsZero")
    facts = {"type": "string", "length": _TEXT_FORMULA} if kind == "Text" else _KINDS[kind](xml)
    return {
        **facts,
        "createable": False,
        "updateable": False,
        "groupable": False,
        "nillable": kind != "Checkbox",
        "default": None,
        "blank_as_zero": blanks == "BlankAsZero",
    }


def _text(xml: Element) -> Facts:
    return {"type": "string", "length": xml.number("length")} | _text_default(xml)


def _text_default(xml: Element) -> Facts:
    """Take the default value, which is a formula; only a literal in quotes is spoken here."""
    said = xml.text("defaultValue")
    if not said:
        return {}
    if len(said) < len('""') or said[0] != '"' or said[-1] != '"' or '"' in said[1:-1]:
        raise xml.refuse(f"<defaultValue> {said} is not spoken here; a text in quotes is")
    return {"default": said[1:-1], "defaulted_on_create": True}


def _text_area(_: Element) -> Facts:
    return {"type": "textarea", "length": 255, "extra_type": "plaintextarea"}


def _long_text_area(xml: Element) -> Facts:
    return {"type": "textarea", "length": xml.number("length"), "extra_type": "plaintextarea", **_LONG}


def _rich_text_area(xml: Element) -> Facts:
    return _long_text_area(xml) | {"extra_type": "richtextarea"}


def _number(xml: Element) -> Facts:
    return {"type": "double", "precision": xml.number("precision"), "scale": xml.number("scale", 0), **_UNGROUPED}


def _currency(xml: Element) -> Facts:
    return _number(xml) | {"type": "currency"}


def _percent(xml: Element) -> Facts:
    return _number(xml) | {"type": "percent"}


def _checkbox(xml: Element) -> Facts:
    return {
        "type": "boolean",
        "default": xml.flag("defaultValue"),
        "nillable": False,
        "defaulted_on_create": True,
        "aggregatable": False,
    }


def _date(_: Element) -> Facts:
    return {"type": "date"}


def _datetime(_: Element) -> Facts:
    return {"type": "datetime", **_UNGROUPED}


def _email(_: Element) -> Facts:
    return {"type": "email", "length": 80}


def _phone(_: Element) -> Facts:
    return {"type": "phone", "length": 40}


def _url(_: Element) -> Facts:
    return {"type": "url", "length": 255}


def _picklist(xml: Element) -> Facts:
    values = xml.child("valueSet")
    definition = values and values.child("valueSetDefinition")
    if values is None or definition is None:
        raise xml.refuse("needs a <valueSet> with a <valueSetDefinition>; global value sets are not spoken here")
    listed = tuple(picklist_value(each) for each in definition.all("value"))
    restricted, is_sorted = values.flag("restricted"), definition.flag("sorted")
    definition.close()
    values.close()
    return {
        "type": "picklist",
        "length": 255,
        "restricted": restricted,
        "picklist": tuple(sorted(listed, key=lambda v: v.label)) if is_sorted else listed,
        "default": next((v.value for v in listed if v.default), None),
        "defaulted_on_create": any(v.default for v in listed),
    }


def picklist_value(xml: Element) -> PicklistValue:
    """Read one `<value>` of a value set."""
    name = xml.required("fullName")
    xml.ignore("color", "description")
    value = PicklistValue(
        value=name,
        label=xml.text("label", name),
        default=xml.flag("default"),
        active=xml.flag("isActive", default=True),
    )
    xml.close()
    return value


def _lookup(xml: Element) -> Facts:
    on_delete = xml.choice("deleteConstraint", ("SetNull", "Cascade", "Restrict"), "SetNull")
    return _reference(xml) | {"cascade_delete": on_delete == "Cascade", "restricted_delete": on_delete == "Restrict"}


def _master_detail(xml: Element) -> Facts:
    xml.ignore("relationshipOrder", "writeRequiresMasterRead")
    return _reference(xml) | {
        "nillable": False,
        "permissionable": False,
        "cascade_delete": True,
        "updateable": xml.flag("reparentableMasterDetail"),
    }


def _reference(xml: Element) -> Facts:
    xml.ignore("relationshipLabel")
    children = xml.text("relationshipName")
    return {
        "type": "reference",
        "length": 18,
        "reference_to": (xml.required("referenceTo"),),
        "child_relationship_name": f"{children}__r" if children else "",
    }


_KINDS: dict[str, Callable[[Element], Facts]] = {
    "Text": _text,
    "TextArea": _text_area,
    "LongTextArea": _long_text_area,
    "Html": _rich_text_area,
    "Number": _number,
    "Currency": _currency,
    "Percent": _percent,
    "Checkbox": _checkbox,
    "Date": _date,
    "DateTime": _datetime,
    "Email": _email,
    "Phone": _phone,
    "Url": _url,
    "Picklist": _picklist,
    "Lookup": _lookup,
    "MasterDetail": _master_detail,
}
