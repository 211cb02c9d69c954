"""Small orgs with deals, for as many of them as a test wants: real servers, each on a port of its own."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import requests

from sfsync import config
from sfsync.forms import blueprint as order_forms
from sfsync.oneorg import OneOrg
from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, connected, switched_on

STAGE, ELSEWHERE = "Order Form", "Qualification"
SETTINGS = """\
company: {name: Northwind}
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
    file_name: "{{ Opportunity.Name }}"
currency: USD
check_every: 1 second
check_otherwise_every: 1 second
at_most: 100000
"""
TEMPLATE = """\
<form title="{{ Opportunity.Name }}"><p>{{ Opportunity.Name }} for {{ Opportunity.Account.Name }}</p>
{% for line in Opportunity.OpportunityLineItems %}<p>{{ line.Product2.Name }} {{ line.TotalPrice | money }}</p>
{% endfor %}</form>
"""
#: what must be in no log
CANARY = "Canary Textiles"


def furnished(org: PocketOrg, deals: int, stage: str = ELSEWHERE) -> list[str]:
    """Switch sfsync on for it, and put so many complete deals into it, as of yesterday; gives back their Ids."""
    switched_on(org)
    org.clock.advance(-timedelta(days=1))
    found = add_deals(org, deals, stage)
    org.clock.run()
    return found


def add_deals(org: PocketOrg, deals: int, stage: str = ELSEWHERE) -> list[str]:
    found = []
    with org.org.store.transaction(), org.org.dml.bulk():
        book = org.org.get_all("Pricebook2")[0]["Id"]
        product = org.insert("Product2", {"Name": "Loom", "IsActive": True})
        entry = org.insert(
            "PricebookEntry", {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 10, "IsActive": True}
        )
        account = org.insert("Account", {"Name": CANARY, "OwnerId": org.user_id, "BillingCity": "London"})
        for number in range(deals):
            values = {"Name": f"Deal {number} of {CANARY}", "AccountId": account, "OwnerId": org.user_id}
            more = {"Pricebook2Id": book, "StageName": stage, "CloseDate": "2027-12-31"}
            found.append(org.insert("Opportunity", {**values, **more}))
            line = {"OpportunityId": found[-1], "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 10}
            org.insert("OpportunityLineItem", line)
    return found


def move(org: PocketOrg, ids: Sequence[str], stage: str = STAGE) -> None:
    """As a rep: they are asked for from now on."""
    headers = {"Authorization": f"Bearer {org.access_token}"}
    for some in (ids[n : n + 200] for n in range(0, len(ids), 200)):
        records = [{"attributes": {"type": "Opportunity"}, "id": i, "StageName": stage} for i in some]
        url = f"{org.instance_url}/services/data/v62.0/composite/sobjects"
        answer = requests.patch(url, json={"records": records}, headers=headers, timeout=30)
        answer.raise_for_status()
        assert all(each["success"] for each in answer.json())


def forms(org: PocketOrg) -> dict[str, int]:
    """How many rows each Opportunity has, by Id."""
    found: dict[str, int] = {}
    for row in org.org.get_all("Order_Form__c"):
        found[row["Opportunity__c"]] = found.get(row["Opportunity__c"], 0) + 1
    return found


def assert_once(org: PocketOrg, ids: Sequence[str]) -> None:
    """Each has one form, and one version of one file."""
    assert forms(org) == dict.fromkeys(ids, 1)
    assert len(org.org.get_all("ContentVersion")) == len(ids)


def installed(folder: Path, orgs: Sequence[str] = (), settings: str = SETTINGS) -> Path:
    """Settings and template in a folder, for these orgs or for one alone; the path of the settings."""
    (folder / "form.xml").write_text(TEMPLATE)
    (folder / "sfsync.yaml").write_text(settings)
    for name in orgs:
        (folder / "orgs").mkdir(exist_ok=True)
        (folder / "orgs" / f"{name}.yaml").write_text("extends: ../sfsync.yaml\n")
    return folder / "sfsync.yaml"


def ways_in(orgs: Mapping[str, PocketOrg]) -> dict[str, str]:
    """The environment in which each org has its variables; one org alone has the plain ones."""
    found = {}
    for name, org in orgs.items():
        end = f"_{name.upper().replace('-', '_')}" if len(orgs) > 1 else ""
        found |= {
            f"SF_LOGIN_URL{end}": org.instance_url,
            f"SF_CLIENT_ID{end}": org.client_id,
            f"SF_CLIENT_SECRET{end}": org.client_secret,
        }
    return found


def one_org(org: PocketOrg, folder: Path) -> OneOrg:
    loaded = config.load(installed(folder))
    return OneOrg(connected(org), loaded.settings, order_forms.load(loaded))


def pocket_org(deals: int, stage: str = ELSEWHERE) -> tuple[PocketOrg, list[str]]:
    """One that is not started yet, and its deals."""
    org = PocketOrg(seed="none", metadata=[METADATA])
    return org, furnished(org, deals, stage)
