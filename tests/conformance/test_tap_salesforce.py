"""Singer's tap-salesforce, which copies whole orgs into warehouses, unmodified but for the host where it logs in."""

import json
from pathlib import Path
from typing import Any

import pytest
from clients import HERE, Run, installed

from sfsync.pocketorg import PocketOrg

pytestmark = pytest.mark.conformance

STREAMS = ("Account", "Opportunity", "OpportunityLineItem")


@pytest.mark.parametrize("api", ["REST", "BULK"])
def test_it_copies_the_same_records_that_are_there(org: PocketOrg, run: Run, tmp_path: Path, api: str) -> None:
    python = installed("tap", "bin", "python")
    config = {"refresh_token": "-", "client_id": "-", "client_secret": "-", "start_date": "2000-01-01T00:00:00Z"}
    settings = _write(tmp_path / "config.json", config | {"api_type": api, "select_fields_by_default": True})

    def tap(*arguments: str | Path) -> str:
        way_in = {"INSTANCE_URL": org.instance_url, "ACCESS_TOKEN": org.access_token}
        return run(python, HERE / "tap.py", "--config", settings, *arguments, **way_in)

    catalog = json.loads(tap("--discover"))
    for stream in catalog["streams"]:
        top = next(each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
        top["selected"] = stream["stream"] in STREAMS
    copied = tap("--properties", _write(tmp_path / "catalog.json", catalog))
    messages = [json.loads(line) for line in copied.splitlines()]
    for name in STREAMS:
        found = {each["record"]["Id"] for each in messages if each["type"] == "RECORD" and each["stream"] == name}
        assert found == {row["Id"] for row in org.org.get_all(name)}


def _write(file: Path, content: Any) -> Path:
    file.write_text(json.dumps(content))
    return file
