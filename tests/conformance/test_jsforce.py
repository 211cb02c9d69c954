"""jsforce, the JavaScript client on which Salesforce's own CLI is built, unmodified."""

import json
from typing import Any

import pytest
from clients import HERE, INSTALLED, Run, installed

from sfsync.pocketorg import PocketOrg

pytestmark = pytest.mark.conformance

#: what it must have seen, by the name that the script gives it
EXPECTED = {
    "identity": "admin@pocketorg.example",
    "query": 3,
    "create": [True, True, False],
    "update": True,
    "updateOne": True,
    "retrieve": ["One", "Two"],
    "upsert": True,
    "upsertAgain": False,
    "describe": "001",
    "describeGlobal": True,
    "delete": [True, True],
    "composite": [201, 200],
    "graph": True,
    "bulk": [True, False],
    "bulk2": [1, 1],
    "bulk2Query": ["Bulk 1", "Bulk 2"],
    "bulkQuery": ["Bulk 1", "Bulk 2"],
    "metadataTypes": 7,
    "limits": 100_000,
    "error": "INVALID_FIELD",
    "login": "INVALID_OPERATION",
}


@pytest.fixture(scope="module")
def seen(org: PocketOrg, run: Run) -> dict[str, Any]:
    node = installed("node_modules", ".bin", "node")
    installed("node_modules", "jsforce")
    way_in = {"INSTANCE_URL": org.instance_url, "ACCESS_TOKEN": org.access_token}
    return json.loads(run(node, HERE / "jsforce.mjs", JSFORCE=str(INSTALLED / "package.json"), **way_in))


@pytest.mark.parametrize("name", EXPECTED)
def test_it_gets_what_it_would_get_from_salesforce(seen: dict[str, Any], name: str) -> None:
    assert seen[name] == EXPECTED[name]
