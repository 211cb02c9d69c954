"""The script that everybody writes first: one record at a time, six calls a form. The measure for the others."""

import base64
from typing import Any

import requests

from sfsync.forms.render import render
from sfsync.pocketorg.server import PocketOrg
from tests.forms.sample import lines, opportunity, order_form, shipped


class PlainScript:
    """It renders a form of the same template, so that only its way through the API differs."""

    def __init__(self, org: PocketOrg) -> None:
        self._url = f"{org.instance_url}/services/data/v62.0"
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {org.access_token}"
        self._design = shipped()
        self.calls = 0

    def attach(self, opportunity_id: str) -> None:
        self._query(f"SELECT Name, Amount, Account.Name, Owner.Name FROM Opportunity WHERE Id = '{opportunity_id}'")
        found = self._query(f"SELECT Quantity FROM OpportunityLineItem WHERE OpportunityId = '{opportunity_id}'")
        pdf = render(order_form(opportunity(lines(len(found)))), self._design)
        body = {
            "Title": "Order Form",
            "PathOnClient": "Order Form.pdf",
            "VersionData": base64.b64encode(pdf.content).decode(),
        }
        version = self._call("POST", "sobjects/ContentVersion", body)["id"]
        [row] = self._query(f"SELECT ContentDocumentId FROM ContentVersion WHERE Id = '{version}'")
        link = {"ContentDocumentId": row["ContentDocumentId"], "LinkedEntityId": opportunity_id, "ShareType": "V"}
        self._call("POST", "sobjects/ContentDocumentLink", link)
        self._call("PATCH", f"sobjects/Opportunity/{opportunity_id}", {"Order_Form_Status__c": "Ready"})

    def _query(self, soql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._call("GET", "query", params={"q": soql})["records"]
        return rows

    def _call(self, method: str, path: str, body: Any = None, params: Any = None) -> Any:
        self.calls += 1
        answer = self._http.request(method, f"{self._url}/{path}", json=body, params=params, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None
