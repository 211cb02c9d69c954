"""No secret and no customer data in any log, and nothing of either on disk."""

import logging
import os

import pytest

from sfsync.cli.syncing import forget_secrets
from sfsync.errors import SetupError
from tests.conftest import connected, environ

CANARIES = {
    "account": "Canary Textiles",
    "deal": "Canary Looms",
    "street": "17 Canary Wharf",
}


def test_logs_hold_ids_and_numbers_only(world, caplog):
    caplog.set_level(logging.DEBUG)
    account = world.account(Name=CANARIES["account"], BillingStreet=CANARIES["street"])
    good = world.deal(account=account, Name=CANARIES["deal"])
    bad = world.deal(account=account, Name=CANARIES["deal"], products=0)
    locked = world.deal(account=account, Name=CANARIES["deal"])
    world.move(good, bad, locked)
    world.org.faults.lock(locked)
    caplog.clear()
    worker = world.worker()
    world.run(worker)
    world.org.faults.add("html", path="composite", times=20)
    world.run(worker)
    said = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(("sfsync.s", "sfsync.w", "sfsync.r")))
    assert good in said
    secrets = [world.org.client_secret, world.org.client_id, "Bearer", "00D"]
    assert not [word for word in (*CANARIES.values(), *secrets) if word in said]


def test_an_error_of_the_org_quotes_no_query_and_no_token(world):
    api = connected(world.org)
    with pytest.raises(SetupError) as caught:
        api.call("GET", f"sobjects/Account/{'x' * 18}")
    assert "Bearer" not in str(caught.value)
    assert "http" not in str(caught.value)


def test_nothing_is_written_to_disk(world, monkeypatch, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    worker = world.worker()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("TMPDIR", str(empty))
    deal = world.deal()
    world.move(deal)
    world.run(worker)
    assert world.files(deal)
    assert list(empty.iterdir()) == []


def test_the_render_processes_inherit_no_secret(world, monkeypatch):
    for name, value in environ(world.org).items():
        monkeypatch.setenv(name, value)
    forget_secrets()
    assert "SF_CLIENT_SECRET" not in os.environ
    assert "SF_PRIVATE_KEY" not in os.environ
