"""The permission set that sfsync ships is exactly what the shipped settings need, and the worker needs no more."""

import xml.etree.ElementTree as ET

from sfsync.forms import compose
from sfsync.forms.compose import DISCOUNT
from sfsync.renderers import Renderers
from sfsync.salesforce.org import Org
from sfsync.sync import Sync
from tests.conftest import METADATA, connected

SET = METADATA / "force-app/main/default/permissionsets/Order_Form_Worker.permissionset-meta.xml"
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
#: what admins ask for in `when`, though the shipped settings do not
CONDITIONS = {"Opportunity.Type"}
#: written and read by sfsync itself
OURS = {
    *(f"Opportunity.Order_Form_{n}__c" for n in ("Status", "Message", "Requested_At", "Ready_At", "Version", "Token")),
    *(
        f"Order_Form__c.{n}__c"
        for n in ("Key", "Version", "Requested_At", "Ready_At", "Form", "File_Id", "Token", "Made_From", "Seconds")
    ),
}


def granted(editable: bool = False) -> set[str]:
    fields = ET.parse(SET).getroot().iter(f"{NAMESPACE}fieldPermissions")
    wanted = "editable" if editable else "readable"
    return {f.findtext(f"{NAMESPACE}field") for f in fields if f.findtext(f"{NAMESPACE}{wanted}") == "true"}


def test_it_grants_what_the_shipped_form_reads_and_nothing_else(world, shipped):
    loaded = shipped()
    blueprints = compose.load(loaded)
    org = Org(connected(world.org), currency="USD")
    places = [place for b in blueprints for place in b.places]
    plan = org.plan([b.stage for b in blueprints], loaded.settings.fields, places, [DISCOUNT])
    schema, hideable = world.org.org.schema, set()
    for resolved in (*plan.paths, *(p for c in plan.children for p in c.paths)):
        here = schema.get(next((c.sobject for c in plan.children if c.relationship == resolved.child), "Opportunity"))
        for step in resolved.select.split("."):
            field = here.relationship(step) or here.field(step)
            if field.permissionable and here.name != "User":
                hideable.add(f"{here.name}.{field.compound or field.name}")
            here = schema.get(field.reference_to[0]) if field.relationship_name == step else here
    assert granted() - OURS - CONDITIONS == hideable - OURS


def test_it_lets_the_worker_write_our_own_fields_and_nothing_else():
    assert granted(editable=True) == OURS - {"Order_Form__c.Seconds__c"}


def test_the_shipped_form_is_made_with_this_permission_set_alone(world, shipped):
    loaded = shipped()
    blueprints = compose.load(loaded)
    deal = world.deal()
    world.move(deal)
    api = connected(world.org)
    api.session._now = world.clock
    with Renderers({b.settings.name: b.design for b in blueprints}, processes=1) as renderers:
        report = world.run(Sync(api, loaded.settings, blueprints, renderers))
    assert (report.made, report.error) == (1, None)
    assert world.files(deal)
