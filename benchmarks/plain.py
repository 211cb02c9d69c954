"""The script that everybody writes first: one record at a time, six calls a form. The measure for the others."""

import base64
from collections.abc import Callable
from typing import Any

import requests

from sfsync.forms.render import render
from sfsync.pocketorg.server import PocketOrg
from tests.forms.sample import lines, opportunity, order_form, shipped

Record = dict[str, Any]


def form() -> Callable[[Record, list[Record]], bytes]:
    """What makes a PDF of the shipped template, so that only the script's way through the API differs."""
    design = shipped()
    return lambda _, found: render(order_form(opportunity(lines(len(found)))), design).content


class PlainScript:
    """Each call may fail, and then the script ends where it stands."""

    def __init__(self, url: str, token: str, make: Callable[[Record, list[Record]], bytes]) -> None:
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"
        self._url, self._make = f"{url}/services/data/v62.0", make
        self.calls = 0

    @classmethod
    def on(cls, org: PocketOrg) -> "PlainScript":
        return cls(org.instance_url, org.access_token, form())

    def due(self, stage: str) -> list[str]:
        """Ids of those in the stage that are not marked as done."""
        rows = self._query(f"SELECT Id FROM Opportunity WHERE StageName = '{stage}' AND Order_Form_Status__c = null")
        return [row["Id"] for row in rows]

    def attach(self, opportunity_id: str) -> None:
        [deal] = self._query(
            f"SELECT Name, Amount, Account.Name, Owner.Name FROM Opportunity WHERE Id = '{opportunity_id}'"
        )
        found = self._query(f"SELECT Quantity FROM OpportunityLineItem WHERE OpportunityId = '{opportunity_id}'")
        body = {
            "Title": "Order Form",
            "PathOnClient": "Order Form.pdf",
            "VersionData": base64.b64encode(self._make(deal, found)).decode(),
        }
        version = self._call("POST", "sobjects/ContentVersion", body)["id"]
        [row] = self._query(f"SELECT ContentDocumentId FROM ContentVersion WHERE Id = '{version}'")
        link = {"ContentDocumentId": row["ContentDocumentId"], "LinkedEntityId": opportunity_id, "ShareType": "V"}
        self._call("POST", "sobjects/ContentDocumentLink", link)
        self._call("PATCH", f"sobjects/Opportunity/{opportunity_id}", {"Order_Form_Status__c": "Ready"})

    def _query(self, soql: str) -> list[Record]:
        rows: list[Record] = self._call("GET", "query", params={"q": soql})["records"]
        return rows

    def _call(self, method: str, path: str, body: Any = None, params: Any = None) -> Any:
        self.calls += 1
        answer = self.http.request(method, f"{self._url}/{path}", json=body, params=params, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None
