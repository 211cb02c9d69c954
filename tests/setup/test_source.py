"""Files of metadata, the zip that is made of them, and what an org gives back."""

import io
import zipfile
from pathlib import Path

import pytest

from sfsync.setup import source
from sfsync.setup.compare import State, compare
from sfsync.setup.source import Component
from tests.conftest import METADATA

XMLNS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def permission_set(inside: str) -> Component:
    text = f"<PermissionSet {XMLNS}>{inside}</PermissionSet>"
    return Component("PermissionSet", "Some", text, "some.xml")


def field(inside: str) -> Component:
    return Component("CustomField", "Opportunity.A__c", f"<CustomField {XMLNS}>{inside}</CustomField>", "a.xml")


def grant(name: str, editable: str = "false") -> str:
    return (
        f"<fieldPermissions><editable>{editable}</editable><field>{name}</field><readable>true</readable>"
        "</fieldPermissions>"
    )


def test_a_line_of_the_zip_leads_back_to_the_line_of_the_file_that_it_came_from():
    package = source.package(source.read(METADATA), "66.0")
    name = "objects/Order_Form_Settings__c.object"
    with zipfile.ZipFile(io.BytesIO(package.zipped)) as archive:
        lines = archive.read(name).decode().split("\n")
    at = next(n for n, line in enumerate(lines, start=1) if "Tick it to stop all order forms" in line)
    where = package.where(("CustomField", "Order_Form_Settings__c.Paused__c"), name, at)
    file, _, line = where.rpartition(":")
    assert file.endswith("objects/Order_Form_Settings__c/fields/Paused__c.field-meta.xml")
    assert "Tick it to stop all order forms" in Path(file).read_text().split("\n")[int(line) - 1]


def test_a_line_that_is_another_components_is_not_believed():
    package = source.package(source.read(METADATA), "66.0")
    where = package.where(("CustomField", "Order_Form__c.Key__c"), "objects/Order_Form__c.object", 1)
    assert where.endswith("fields/Key__c.field-meta.xml")


def test_what_is_not_ours_is_named_as_the_org_names_it():
    assert source.package((), "66.0").where(("Flow", "Nightly"), "flows/Nightly.flow", 3) == "Flow Nightly"


def test_everything_comes_out_of_the_zip_as_it_went_in():
    ours = source.read(METADATA)
    back = {c.member: c for c in source.unzip(source.package(ours, "66.0").zipped)}
    assert set(back) == {c.member for c in ours}
    assert {compare(c, back[c.member]).state for c in ours} == {State.SAME}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("<label>A</label>", "<externalId>false</externalId><label>A</label><trackTrending>false</trackTrending>"),
        ("<label>A</label><required>false</required>", "<label>A</label>"),
        ("<formula>A__c +\n  1</formula>", "<formula>A__c + 1</formula>"),
    ],
)
def test_a_default_that_the_org_fills_in_is_no_change(ours, theirs):
    assert compare(field(ours), field(theirs)).state is State.SAME


def test_a_list_in_another_order_is_the_same_where_its_entries_have_names():
    ours = permission_set(grant("Account.A__c") + grant("Account.B__c"))
    assert compare(ours, permission_set(grant("Account.B__c") + grant("Account.A__c"))).state is State.SAME


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (grant("A.B__c") + grant("A.C__c"), "fieldPermissions A.C__c: readable in the org, not here"),
        (grant("A.B__c", "true"), "fieldPermissions A.B__c editable: true in the org, here false"),
        ("", "fieldPermissions A.B__c: here readable, not in the org"),
        (
            grant("A.B__c") + "<userPermissions><enabled>true</enabled><name>ViewAllData</name></userPermissions>",
            "userPermissions ViewAllData: enabled in the org, not here",
        ),
    ],
)
def test_whatever_a_permission_set_grants_otherwise_is_a_change(theirs, said):
    assert [str(d) for d in compare(permission_set(grant("A.B__c")), permission_set(theirs)).differences] == [said]


def test_what_is_not_granted_is_as_good_as_not_there():
    none = "<objectPermissions><allowRead>false</allowRead><object>Account</object></objectPermissions>"
    assert compare(permission_set(grant("A.B__c")), permission_set(grant("A.B__c") + none)).state is State.SAME
