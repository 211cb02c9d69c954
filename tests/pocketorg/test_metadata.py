"""Metadata in source format: sfsync's own comes onto an org whole, and what is not understood is refused by name."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sfsync.pocketorg import metadata, standard
from sfsync.pocketorg.metadata.sourcefile import MetadataError
from sfsync.pocketorg.schema import Field, Schema

OURS = Path(__file__).parents[2] / "config" / "salesforce"
RECORDED = Path(__file__).parents[2] / ".." / "shared" / "salesforce" / "recorded" / "metadata"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def deployed(folder: Path) -> Schema:
    schema = standard.schema()
    metadata.load(folder).apply(schema)
    return schema


def field_of(schema: Schema, sobject: str, name: str) -> Field:
    found = schema.get(sobject)
    field = found.field(name) if found else None
    assert field is not None
    return field


def write(folder: Path, path: str, kind: str, body: str) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{HEAD}<{kind} {XMLNS}>{body}</{kind}>", encoding="utf-8")
    return folder


def write_field(folder: Path, body: str, name: str = "New__c") -> Path:
    path = f"objects/Opportunity/fields/{name}.field-meta.xml"
    return write(folder, path, "CustomField", f"<fullName>{name}</fullName><label>New</label>{body}")


def installed(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    schema, rows = standard.schema(), list[tuple[str, dict[str, Any]]]()

    def insert(sobject: str, values: dict[str, Any], /) -> str:
        rows.append((sobject, values))
        return f"Id{len(rows)}"

    loaded = metadata.load(folder)
    loaded.apply(schema)
    loaded.install(schema, insert)
    return rows


def test_our_fields_stand_on_the_opportunity_after_deployment() -> None:
    schema = deployed(OURS)
    status = field_of(schema, "Opportunity", "Order_Form_Status__c")
    assert (status.type, status.restricted) == ("picklist", True)
    assert [v.value for v in status.picklist] == ["Ready", "Needs information", "Failed"]
    message = field_of(schema, "Opportunity", "Order_Form_Message__c")
    assert (message.type, message.length, message.filterable, message.sortable) == ("textarea", 4096, False, False)
    version = field_of(schema, "Opportunity", "Order_Form_Version__c")
    assert (version.type, version.precision, version.scale) == ("double", 6, 0)


def test_our_object_has_a_unique_key_and_goes_with_its_opportunity() -> None:
    schema = deployed(OURS)
    row = schema.get("Order_Form__c")
    assert row is not None
    assert (row.key_prefix, row.label_plural) == ("a01", "Order Forms")
    key = field_of(schema, "Order_Form__c", "Key__c")
    assert (key.unique, key.external_id, key.id_lookup, key.case_sensitive, key.length) == (True, True, True, True, 40)
    master = field_of(schema, "Order_Form__c", "Opportunity__c")
    assert (master.cascade_delete, master.nillable, master.createable, master.updateable) == (True, False, True, False)
    children = {c.child: c for c in schema.children("Opportunity")}
    assert children["Order_Form__c"].name == "Order_Forms__r"
    name = row.name_field
    assert name is not None
    assert (name.auto_number, name.createable) == ("OF-{00000}", False)


def test_a_row_of_a_master_detail_has_no_owner() -> None:
    row = deployed(OURS).get("Order_Form__c")
    assert row is not None
    assert row.field("OwnerId") is None


def test_a_file_can_be_attached_to_a_custom_object() -> None:
    link = field_of(deployed(OURS), "ContentDocumentLink", "LinkedEntityId")
    assert "Order_Form__c" in link.reference_to


def test_deploying_twice_changes_nothing() -> None:
    schema, loaded = standard.schema(), metadata.load(OURS)
    loaded.apply(schema)
    once = {o.name: (o.key_prefix, len(o.fields)) for o in schema}
    loaded.apply(schema)
    assert {o.name: (o.key_prefix, len(o.fields)) for o in schema} == once


def test_each_of_our_fields_explains_itself_in_at_most_510_characters() -> None:
    fields = [f for _, f, _ in metadata.load(OURS).fields]
    assert fields
    assert all(0 < len(f.help_text) <= 510 for f in fields)


def test_the_permission_sets_are_rows_that_an_admin_could_have_made() -> None:
    rows = installed(OURS)
    sets = {v["Name"]: f"Id{i}" for i, (name, v) in enumerate(rows, 1) if name == "PermissionSet"}
    assert set(sets) == {"Order_Form_Admin", "Order_Form_Reader", "Order_Form_Worker"}
    worker = [v for name, v in rows if name == "FieldPermissions" and v["ParentId"] == sets["Order_Form_Worker"]]
    editable = {v["Field"] for v in worker if v["PermissionsEdit"]}
    assert {f.partition(".")[0] for f in editable} == {"Opportunity", "Order_Form__c", "Order_Form_Settings__c"}
    assert {f for f in editable if f.startswith("Opportunity")} == {
        f"Opportunity.Order_Form_{word}__c"
        for word in ("Status", "Message", "Requested_At", "Ready_At", "Version", "Token")
    }
    reader = [v for name, v in rows if name == "FieldPermissions" and v["ParentId"] == sets["Order_Form_Reader"]]
    answers = {"Order_Form__c.Was_It_Right__c", "Order_Form__c.What_Was_Wrong__c"}
    assert {v["Field"] for v in reader if v["PermissionsEdit"]} == answers


def test_the_worker_may_delete_nothing_and_change_only_opportunities() -> None:
    rows = [v for name, v in installed(OURS) if name == "ObjectPermissions"]
    assert not any("PermissionsDelete" in v or "PermissionsModifyAllRecords" in v for v in rows)
    edited = [v["SobjectType"] for v in rows if "PermissionsEdit" in v]
    # the settings by worker and admin; the rows of the history by reps, who answer there
    assert sorted(edited) == ["Opportunity", *["Order_Form_Settings__c"] * 2, "Order_Form__c"]
    assert {v["SobjectType"] for v in rows if "PermissionsCreate" in v} == {"Order_Form__c", "Order_Form_Settings__c"}


def test_the_notification_type_comes_with_it() -> None:
    types = [v for name, v in installed(OURS) if name == "CustomNotificationType"]
    assert [(t["DeveloperName"], t["Desktop"], t["Mobile"]) for t in types] == [("Order_Form", True, True)]


def test_our_files_list_their_elements_in_the_order_in_which_salesforce_gives_them_back() -> None:
    for file in OURS.rglob("*.field-meta.xml"):
        tags = [re.sub(r"\{.*\}", "", child.tag) for child in ET.parse(file).getroot()]
        assert tags == ["fullName", *sorted(tags[1:])], file.name


def test_no_stage_of_the_admins_is_replaced() -> None:
    assert metadata.load(OURS).value_sets == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<type>Text</type><length>80</length>", {"type": "string", "length": 80, "groupable": True}),
        ("<type>TextArea</type>", {"type": "textarea", "length": 255}),
        ("<type>Checkbox</type><defaultValue>true</defaultValue>", {"type": "boolean", "default": True}),
        ("<type>Currency</type><precision>18</precision><scale>2</scale>", {"type": "currency", "groupable": False}),
        ("<type>Percent</type><precision>5</precision><scale>2</scale>", {"type": "percent", "scale": 2}),
        ("<type>Date</type><required>true</required>", {"nillable": False, "permissionable": False}),
        ("<type>Email</type>", {"type": "email", "length": 80}),
        (
            "<type>Lookup</type><referenceTo>Account</referenceTo><relationshipName>Deals</relationshipName>",
            {"relationship_name": "New__r", "child_relationship_name": "Deals__r", "cascade_delete": False},
        ),
        (
            "<type>Number</type><precision>18</precision><scale>1</scale><formula>Amount * 2</formula>",
            {"type": "double", "formula": "Amount * 2", "createable": False, "groupable": False, "blank_as_zero": True},
        ),
    ],
)
def test_each_kind_of_field_becomes_what_describe_would_show(
    tmp_path: Path, body: str, expected: dict[str, Any]
) -> None:
    field = field_of(deployed(write_field(tmp_path, body)), "Opportunity", "New__c")
    assert {key: getattr(field, key) for key in expected} == expected


def test_a_validation_rule_comes_with_the_admins_words(tmp_path: Path) -> None:
    body = (
        "<fullName>Amount_needed</fullName><active>true</active><errorConditionFormula>ISBLANK(Amount)"
        "</errorConditionFormula><errorDisplayField>Amount</errorDisplayField><errorMessage>How much?</errorMessage>"
    )
    path = "objects/Opportunity/validationRules/Amount_needed.validationRule-meta.xml"
    opportunity = deployed(write(tmp_path, path, "ValidationRule", body)).get("Opportunity")
    assert opportunity is not None
    rule = opportunity.rules[0]
    assert (rule.formula, rule.message, rule.error_field) == ("ISBLANK(Amount)", "How much?", "Amount")


def test_stages_become_picklist_values_and_rows(tmp_path: Path) -> None:
    body = (
        "<sorted>false</sorted><standardValue><fullName>Signed</fullName><default>false</default><label>Signed</label>"
        "<closed>true</closed><forecastCategory>Closed</forecastCategory><probability>100</probability><won>true</won>"
        "</standardValue>"
    )
    folder = write(tmp_path, "standardValueSets/OpportunityStage.standardValueSet-meta.xml", "StandardValueSet", body)
    assert [v.value for v in field_of(deployed(folder), "Opportunity", "StageName").picklist] == ["Signed"]
    row = dict(installed(folder))["OpportunityStage"]
    assert (row["ApiName"], row["IsWon"], row["DefaultProbability"]) == ("Signed", True, 100)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<type>Summary</type>", "fields of type Summary are not spoken here"),
        ("<type>Text</type>", "<length> must be a whole number"),
        ("<type>Text</type><length>9</length><surprise/>", "<surprise> is not spoken here"),
        ("<type>Text</type><length>9</length><required>maybe</required>", "<required> must be true or false"),
        ("<length>9</length>", "needs <type>"),
        ("<type>Text</type><type>Text</type><length>9</length>", "<type> stands 2 times"),
        ("<type>Picklist</type>", "needs a <valueSet>"),
    ],
)
def test_what_a_field_says_and_nobody_understands_is_refused_by_file_and_element(
    tmp_path: Path, body: str, complaint: str
) -> None:
    with pytest.raises(MetadataError, match=re.escape(complaint)) as refused:
        metadata.load(write_field(tmp_path, body))
    assert "New__c.field-meta.xml" in str(refused.value)


def test_a_type_of_metadata_that_is_not_spoken_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, "flows/Nightly.flow-meta.xml", "Flow", "")
    with pytest.raises(MetadataError, match=r"Nightly\.flow-meta\.xml: metadata of this type is not spoken here"):
        metadata.load(tmp_path)


def test_a_file_that_is_not_xml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "X.field-meta.xml").write_text("<CustomField>", encoding="utf-8")
    with pytest.raises(MetadataError, match="not well-formed XML"):
        metadata.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Opportunity.Amuont", "no CustomField named Opportunity.Amuont found"),
        ("Opportunity.StageName", "You cannot deploy to a required field: Opportunity.StageName"),
    ],
)
def test_a_permission_for_a_field_that_cannot_have_one_is_refused_as_by_a_deployment(
    tmp_path: Path, name: str, complaint: str
) -> None:
    permission = f"<editable>true</editable><field>{name}</field><readable>true</readable>"
    body = f"<fieldPermissions>{permission}</fieldPermissions><label>Some</label>"
    folder = write(tmp_path, "permissionsets/Some.permissionset-meta.xml", "PermissionSet", body)
    with pytest.raises(MetadataError, match=re.escape(complaint)):
        installed(folder)


def test_fields_of_other_peoples_projects_are_read_too(tmp_path: Path) -> None:
    files = [f for f in RECORDED.rglob("*.field-meta.xml") if "LogEntry__r" not in f.read_text(encoding="utf-8")]
    if not files:
        pytest.skip("the recordings are not beside this checkout")
    for file in files:
        target = tmp_path / "objects" / "Opportunity" / "fields" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    assert len(metadata.load(tmp_path).fields) == len(files)
