"""A rep, an org, and a worker that makes one pass when told to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sfsync import config
from sfsync.demo import Rep
from sfsync.forms import blueprint as order_forms
from sfsync.pocketorg.founding import READER
from sfsync.pocketorg.server import PocketOrg
from sfsync.renderers import Renderers
from sfsync.report import Report
from sfsync.sync import Sync
from tests.conftest import METADATA, ROOT, connected

STAGE = "Order Form"
TEMPLATE = """\
<form title="{{ Opportunity.Name }}">
<p>{{ company.name }} for {{ Opportunity.Account.Name }}, {{ Opportunity.Account.BillingCity }}</p>
<table widths="4 2 4"><head><td>Product</td><td>Quantity</td><td>Net</td></head>
{% for line in Opportunity.OpportunityLineItems %}
<row><td>{{ line.Product2.Name }}</td><td>{{ line.Quantity | quantity }}</td>
<td>{{ line.TotalPrice | money }}</td></row>
{% endfor %}</table>
</form>
"""
#: the order forms that the stories tell of: one template serves them all
FORMS = ("Standard", "Renewal", "Big", "Proposal")
SETTINGS = """\
company: {name: Northwind}
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
    file_name: "Order Form {{ Opportunity.Name }}"
    needs:
      Account.BillingStreet: Add the billing address to the account.
      OpportunityLineItems: Add at least one product.
currency: USD
"""


class Clock:
    """The org's time, which moves only when told to; stamps of whole seconds then tell what came before what."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **some: float) -> None:
        self.now += timedelta(**some)


@dataclass
class World:
    """The org with its rep, and workers on it."""

    org: PocketOrg
    rep: Rep
    clock: Clock
    folder: Path
    renderers: Renderers
    entries: list[str] = field(default_factory=list)

    # ------------------------------------------------------------- the rep

    def account(self, **values: Any) -> str:
        whole = {"Name": "Burlington", "BillingStreet": "525 S. Lexington Ave", "BillingCity": "Burlington"}
        return self.rep.create("Account", **{**whole, **values})

    def deal(self, *, products: int = 1, account: str = "", stage: str = "Qualification", **values: Any) -> str:
        whole = {"Name": "Looms", "CloseDate": "2026-12-31", "StageName": stage, "Pricebook2Id": self.pricebook}
        deal = self.rep.create("Opportunity", **{**whole, "AccountId": account or self.account(), **values})
        for _ in range(products):
            self.product(deal)
        return deal

    def product(self, deal: str, quantity: float = 2, price: float = 10) -> str:
        line = {"OpportunityId": deal, "PricebookEntryId": self.entry, "Quantity": quantity, "UnitPrice": price}
        return self.rep.create("OpportunityLineItem", **line)

    def move(self, *deals: str, stage: str = STAGE) -> None:
        self.clock.forward(minutes=1)
        for deal in deals:
            self.rep.update("Opportunity", deal, StageName=stage)

    @property
    def pricebook(self) -> str:
        return self.org.org.get_all("Pricebook2")[0]["Id"]

    @property
    def entry(self) -> str:
        if not self.entries:
            product = self.org.insert("Product2", {"Name": "Loom", "ProductCode": "L1", "IsActive": True})
            entry = {"Pricebook2Id": self.pricebook, "Product2Id": product, "UnitPrice": 10, "IsActive": True}
            self.entries.append(self.org.insert("PricebookEntry", entry))
        return self.entries[0]

    # -------------------------------------------------------- what there is

    def record(self, deal: str) -> dict[str, Any]:
        return self.org.org.get_all("Opportunity", Id=deal)[0]

    def status(self, deal: str) -> str | None:
        return self.record(deal)["Order_Form_Status__c"]

    def message(self, deal: str) -> str | None:
        return self.record(deal)["Order_Form_Message__c"]

    def rows(self, deal: str) -> list[dict[str, Any]]:
        return sorted(self.org.org.get_all("Order_Form__c", Opportunity__c=deal), key=lambda row: row["Version__c"])

    def files(self, deal: str) -> list[tuple[str, str, int]]:
        return self.rep.files(deal)

    def versions(self, deal: str) -> int:
        """How many ContentVersions there ever were for this deal's files."""
        documents = {
            row["ContentDocumentId"] for row in self.org.org.get_all("ContentDocumentLink", LinkedEntityId=deal)
        }
        return sum(len(self.org.org.get_all("ContentVersion", ContentDocumentId=d)) for d in documents)

    def bells(self, deal: str) -> list[str]:
        return [n.title for n in self.org.notifications if n.target_id == deal]

    # ----------------------------------------------------------- the worker

    def worker(
        self,
        settings: str = SETTINGS,
        *,
        remake: bool = False,
        renderers: Renderers | None = None,
        ahead: timedelta = timedelta(),
        since: datetime | None = None,
    ) -> Sync:
        """A fresh worker, as after a restart, on a machine whose clock is `ahead` of the org's."""
        (self.folder / "sfsync.yaml").write_text(settings)
        loaded = config.load(self.folder / "sfsync.yaml")
        api = connected(self.org)
        api.session._now = lambda: self.clock() + ahead
        forms, drawn_by = order_forms.load(loaded), renderers or self.renderers
        return Sync(api, loaded.settings, forms, drawn_by, remake=remake, since=since)

    def run(self, worker: Sync | None = None, **options: Any) -> Report:
        """One pass, a while after whatever happened before."""
        self.clock.forward(minutes=1)
        return (worker or self.worker()).run(**options)


@pytest.fixture(scope="session")
def template_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "form.xml").write_text(TEMPLATE)
    return folder


@pytest.fixture(scope="session")
def renderers(template_folder) -> Iterator[Renderers]:
    """One render process for all stories: its start costs more than a form."""
    (template_folder / "sfsync.yaml").write_text(SETTINGS)
    blueprint = order_forms.load(config.load(template_folder / "sfsync.yaml"))[0]
    with Renderers(dict.fromkeys(FORMS, blueprint.design), processes=1) as running:
        yield running


@pytest.fixture
def world(template_folder, renderers) -> Iterator[World]:
    (template_folder / "form.xml").write_text(TEMPLATE)
    clock = Clock()
    with PocketOrg(seed="none", metadata=[METADATA], clock=clock) as org:
        rep = Rep(org.instance_url, org.access_token)
        keep_only_ours(org, rep)
        yield World(org, rep, clock, template_folder, renderers)


def keep_only_ours(org: PocketOrg, rep: Rep) -> None:
    """Leave the worker with the permission set that sfsync ships, and the field that the stories' own settings name."""
    [ours] = org.org.get_all("PermissionSet", Name="Order_Form_Worker")
    named = {"SobjectType": "Opportunity", "Field": "Opportunity.Type", "PermissionsRead": True}
    rep.create("FieldPermissions", ParentId=ours["Id"], PermissionsEdit=False, **named)
    [wide] = org.org.get_all("PermissionSet", Name=READER)
    for row in org.org.get_all("PermissionSetAssignment", PermissionSetId=wide["Id"]):
        rep.call("DELETE", f"sobjects/PermissionSetAssignment/{row['Id']}")


@pytest.fixture
def shipped() -> Callable[[], config.Config]:
    return lambda: config.load(ROOT / "config" / "sfsync.yaml")
