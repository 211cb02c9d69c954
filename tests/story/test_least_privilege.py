"""The permission set is exactly what the worker needs: it reads and writes nothing else, and could do with no less."""

import xml.etree.ElementTree as ET

import pytest

from sfsync import status
from sfsync.forms import blueprint as order_forms
from sfsync.renderers import Renderers
from sfsync.salesforce.board import Board
from sfsync.sync import Sync
from tests.conftest import METADATA, connected
from tests.story.wiretap import Wiretap

SET = METADATA / "force-app/main/default/permissionsets/Order_Form_Worker.permissionset-meta.xml"
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
#: reading a line needs the right to read its product and price book
WITH_LINES = {"Pricebook2"}


def granted(editable: bool = False) -> set[str]:
    fields = ET.parse(SET).getroot().iter(f"{NAMESPACE}fieldPermissions")
    wanted = "editable" if editable else "readable"
    return {f.findtext(f"{NAMESPACE}field") for f in fields if f.findtext(f"{NAMESPACE}{wanted}") == "true"}


def allowed(what: str) -> set[str]:
    """The objects with this right."""
    objects = ET.parse(SET).getroot().iter(f"{NAMESPACE}objectPermissions")
    return {o.findtext(f"{NAMESPACE}object") for o in objects if o.findtext(f"{NAMESPACE}{what}") == "true"}


@pytest.fixture
def told(world, shipped):
    """A form that is made, one that lacks something, one that is wiped, one that leaves; and all that was said."""
    loaded = shipped()
    blueprints = order_forms.load(loaded)
    ready, incomplete, left = world.deal(), world.deal(products=0), world.deal(products=0)
    api = connected(world.org)
    api.session._now = world.clock
    tap = Wiretap(api, world.org.org.schema)
    with Renderers({b.settings.name: b.design for b in blueprints}, processes=1) as renderers:
        Board(api, loaded.settings).switch_on()
        worker = Sync(api, loaded.settings, blueprints, renderers)
        world.move(ready, incomplete, left)
        reports = [world.run(worker)]
        world.move(left, stage="Closed Lost")
        world.rep.update("Opportunity", ready, Order_Form_Status__c=None, Order_Form_Token__c=None)
        world.product(incomplete)
        reports.append(world.run(worker))
        assert status.look(api, loaded.settings).not_right == ()
    assert [(r.made, r.waiting, r.restored, r.error) for r in reports] == [(1, 2, 0, None), (1, 0, 1, None)]
    assert world.files(ready)
    return tap


def test_nothing_is_read_that_the_permission_set_does_not_name(told):
    assert told.read <= granted()


def test_nothing_is_named_that_is_not_used(told):
    assert granted() <= told.read | told.written


def test_nothing_is_written_but_our_own_fields_and_files(told):
    ours = {f for f in told.written if not f.startswith("ContentVersion.")} - {"Order_Form__c.Opportunity__c"}
    assert ours == granted(editable=True)


def test_each_object_is_used_as_far_as_is_allowed_and_no_further(told):
    assert {name for name, how in told.objects if how == "POST"} - {"ContentVersion"} == allowed("allowCreate")
    assert {name for name, how in told.objects if how == "PATCH"} == allowed("allowEdit")
    assert not allowed("allowDelete") | allowed("modifyAllRecords") | allowed("viewAllFields")
