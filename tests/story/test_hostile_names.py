"""A record may hold anything: it becomes text on a form and a file's name, and nothing else."""

import logging

import pytest

HOSTILE = [
    "../../etc/passwd",
    "a\nERROR forged line",
    "<img src='file:///etc/passwd'/>",
    "{{ company }} {% raw %}",
    "x' OR Name != '",
    "\u202efdp.exe",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_printed_and_names_a_file_and_does_nothing_else(world, caplog, name):
    caplog.set_level(logging.DEBUG, "sfsync")
    deal = world.deal(Name=name, account=world.account(Name=name, BillingCity=name))
    world.move(deal)
    assert world.run().made == 1
    [(title, _, _)] = world.files(deal)
    assert not set(title) & set("/\\\n\r\t\x00\u202e")
    [row] = world.org.org.get_all("ContentVersion")
    assert row["PathOnClient"].endswith(".pdf")
    assert "/" not in row["PathOnClient"]
    assert not [r for r in caplog.records if "\n" in r.getMessage() or "forged" in r.getMessage()]
