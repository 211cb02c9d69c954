"""The org before anything breaks, and the reps who work in it: what they did is what must be there at the end."""

import random
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from sfsync.errors import TryAgainLater
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce.login import Credentials, log_in
from sfsync.schedule import utc_now

METADATA = Path(__file__).parents[1] / "config" / "salesforce"
STAGE, ELSEWHERE = "Order Form", "Qualification"
#: what must be in no log and in no file on disk
CANARY = "Canary Textiles"
#: a call of a rep takes at most so long; the org is being killed meanwhile
_PATIENCE = 90.0
_COLLECTION = 200


@dataclass(slots=True)
class Deal:
    """One Opportunity, as its rep left it."""

    id: str
    name: str
    stage: str = ELSEWHERE
    #: how often something happened to it that asks for a version of its own
    asked: int = 0
    moved_at: float = 0.0


def found(db: Path, count: int) -> list[Deal]:
    """Make an org in this file, with so many Opportunities that are complete and in no watched stage."""
    org = PocketOrg(db=db, seed="none", metadata=[METADATA])
    deals = []
    with org.org.store.transaction(), org.org.dml.bulk():
        book = org.org.get_all("Pricebook2")[0]["Id"]
        product = org.insert("Product2", {"Name": "Loom", "IsActive": True})
        entry = {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 10, "IsActive": True}
        entry_id = org.insert("PricebookEntry", entry)
        for number in range(count):
            if number % 20 == 0:
                address = {"BillingStreet": "17 Canary Wharf", "BillingCity": "London"}
                account = org.insert("Account", {"Name": f"{CANARY} {number}", "OwnerId": org.user_id, **address})
            deals.append(_deal(org, number, account, book, entry_id))
    org.org.store.close()
    return deals


def _deal(org: PocketOrg, number: int, account: str, book: str, entry: str) -> Deal:
    name = f"Deal {number} of {CANARY}"
    values = {"Name": name, "AccountId": account, "OwnerId": org.user_id, "Pricebook2Id": book}
    deal = org.insert("Opportunity", {**values, "StageName": ELSEWHERE, "CloseDate": "2027-12-31"})
    org.insert(
        "OpportunityLineItem", {"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 10}
    )
    return Deal(deal, name)


@dataclass(slots=True)
class Reps:
    """They speak to the org itself, past the proxy, and try again until it has said yes."""

    credentials: Credentials
    rng: random.Random
    tokens: list[str] = field(default_factory=list)
    http: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Every call of theirs may be repeated."""
        until = time.monotonic() + _PATIENCE
        while True:
            with suppress(requests.ConnectionError, TryAgainLater):
                headers = {"Authorization": f"Bearer {(self.tokens or self._log_in())[-1]}"}
                url = f"{self.credentials.login_url}{path}"
                answer = self.http.request(method, url, headers=headers, timeout=30, **more)
                if answer.status_code < 500 and answer.status_code not in {401, 403}:
                    answer.raise_for_status()
                    return answer.json() if answer.content else None
                if answer.status_code == 401:
                    self._log_in()
            if time.monotonic() > until:
                raise TimeoutError(f"{method} {path}")
            time.sleep(0.2)

    def _log_in(self) -> list[str]:
        self.tokens.append(log_in(self.credentials, utc_now).value)
        return self.tokens

    def move(self, deals: Iterable[Deal], stage: str = STAGE) -> None:
        """As in a list view: many at once."""
        some = list(deals)
        for at in range(0, len(some), _COLLECTION):
            part = some[at : at + _COLLECTION]
            self._write({deal.id: {"StageName": stage} for deal in part})
            for deal in part:
                deal.asked += stage == STAGE and deal.stage != STAGE
                deal.stage, deal.moved_at = stage, time.monotonic()

    def rename(self, deal: Deal) -> None:
        """A correction, which the form prints."""
        name = f"{deal.name.partition(' (')[0]} ({deal.asked} {self.rng.randrange(10**6)})"
        self._write({deal.id: {"Name": name}})
        deal.name = name
        deal.asked += deal.stage == STAGE

    def _write(self, changes: dict[str, dict[str, str]]) -> None:
        records = [{"attributes": {"type": "Opportunity"}, "Id": i, **values} for i, values in changes.items()]
        while True:
            body = {"allOrNone": False, "records": records}
            answers = self.call("PATCH", "/services/data/v62.0/composite/sobjects", json=body)
            records = [record for record, answer in zip(records, answers, strict=True) if not answer["success"]]
            if not records:
                return
            time.sleep(0.1)  # a lock: the worker was quicker

    def status(self) -> dict[str, tuple[str | None, float | None]]:
        """Status and version of each Opportunity that has one."""
        fields = "SELECT Id, Order_Form_Status__c, Order_Form_Version__c FROM Opportunity"
        path = f"/services/data/v62.0/query?q={fields} WHERE Order_Form_Status__c != null".replace(" ", "+")
        rows: dict[str, tuple[str | None, float | None]] = {}
        while path:
            page = self.call("GET", path)
            for row in page["records"]:
                rows[row["Id"]] = row["Order_Form_Status__c"], row["Order_Form_Version__c"]
            path = page.get("nextRecordsUrl", "")
        return rows

    def control(self, method: str, path: str = "", body: dict[str, Any] | None = None) -> Any:
        return self.call(method, f"/__pocketorg__{path}", json=body)
