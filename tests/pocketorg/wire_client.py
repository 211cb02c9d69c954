"""What the tests speak to a pocket org with."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from sfsync.pocketorg import PocketOrg

METADATA = Path(__file__).parents[2] / "config" / "salesforce"
VERSION = "66.0"
WORKER = "worker@pocketorg.example"


class Clock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


class Client:
    """A user of the data API."""

    def __init__(self, org: PocketOrg, token: str) -> None:
        self.root = f"/services/data/v{VERSION}"
        self._base = org.instance_url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        base = self._base if path.startswith("/services") else self._base + self.root
        return self.session.request(method, base + path, timeout=10, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self("GET", path, **options)

    def create(self, sobject: str, **values: Any) -> str:
        response = self("POST", f"/sobjects/{sobject}", json=values)
        assert response.status_code == 201, response.text
        return response.json()["id"]

    def update(self, sobject: str, record_id: str, **values: Any) -> None:
        response = self("PATCH", f"/sobjects/{sobject}/{record_id}", json=values)
        assert response.status_code == 204, response.text

    def query(self, soql: str) -> list[dict[str, Any]]:
        response = self("GET", "/query", params={"q": soql})
        assert response.status_code == 200, response.text
        return response.json()["records"]

    def read(self, sobject: str, record_id: str) -> dict[str, Any]:
        return self("GET", f"/sobjects/{sobject}/{record_id}").json()

    def refused(self, method: str, path: str, **options: Any) -> tuple[int, str, str]:
        """Status, error code and message of a request that must fail."""
        response = self(method, path, **options)
        (error,) = response.json()
        return response.status_code, error["errorCode"], error["message"]


def file(title: str = "Form", content: bytes = b"%PDF-1.7 form", **more: Any) -> dict[str, Any]:
    """The fields of a ContentVersion."""
    data = base64.b64encode(content).decode()
    return {"Title": title, "PathOnClient": f"{title}.pdf", "VersionData": data, **more}
