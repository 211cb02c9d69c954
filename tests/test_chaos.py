"""A campaign of a minute: what `make chaos` breaks for half an hour can be broken, and the judge sees what is wrong."""

import sqlite3
import subprocess
import sys

import pytest

from chaos import table
from chaos.campaign import Figures, Size, campaign
from chaos.deals import STAGE, found
from chaos.judge import Judge, leaks
from chaos.processes import Place

TINY = Size(opportunities=40, kills=2, backlog=8, outage_seconds=3, restarts=0, stops=2, measured=4, expiring=6)


def test_nothing_is_lost_doubled_stale_or_leaked_in_a_minute_of_chaos():
    with campaign(TINY, lambda _text: None) as one:
        figures = one.run()
    assert figures.violations == []
    assert figures.forms >= 30
    assert figures.faults["kill -9 of a worker"] >= 2
    assert figures.logins == 1
    assert figures.outage_deals == TINY.backlog
    assert len(figures.drained) >= TINY.stops
    assert "| I1: served, and the record says so | 0 |" in table.of(figures)


@pytest.fixture
def org(tmp_path):
    """Three deals, of which the judge is told that they are in the stage."""
    deals = found(tmp_path / "org.sqlite", 3)
    for deal in deals:
        deal.stage, deal.asked = STAGE, 1
    db = sqlite3.connect(tmp_path / "org.sqlite")
    db.execute('UPDATE "Opportunity" SET "StageName" = ?', [STAGE])
    db.commit()
    yield tmp_path / "org.sqlite", deals, db
    db.close()


def seen(org) -> set[str]:
    return {invariant for invariant, _ in Judge(org[0]).violations(org[1])}


def test_the_judge_sees_a_deal_without_a_form(org):
    assert seen(org) == {"I5"}


def test_the_judge_sees_what_was_written_over_a_rep(org):
    org[2].execute('UPDATE "Opportunity" SET "NextStep" = ?', ["not the rep's"])
    org[2].commit()
    assert "I4" in seen(org)


def test_the_judge_sees_two_versions_for_one_request(org):
    columns = "Id, Opportunity__c, Version__c, Token__c, File_Id__c, Key__c"
    file = "INSERT INTO \"ContentVersion\" (Id, Title, ContentDocumentId) VALUES ('068', 'old', '069')"
    org[2].execute(file)
    for number in (1, 2):
        row = f"a0{number}", org[1][0].id, number, "token", "068", str(number)
        org[2].execute(f'INSERT INTO "Order_Form__c" ({columns}) VALUES (?, ?, ?, ?, ?, ?)', row)
    org[2].commit()
    assert {"I1", "I2", "I3"} <= seen(org)


def test_the_judge_sees_what_leaked(tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "form.pdf").write_bytes(b"%PDF-1.3 Canary Textiles")
    found = list(leaks(tmp_path, ["12:00 query?q=hunter2"], ["hunter2"]))
    assert [invariant for invariant, _ in found] == ["I6"] * 3


@pytest.mark.parametrize(("load", "said"), [(0.2, False), (1.9, True)])
def test_the_table_says_whether_the_machine_was_shared(load, said):
    text = table.of(Figures(TINY, load=load, cores=2))
    assert ("The machine was shared with other work" in text) is said


def test_workers_whose_clock_is_moved_can_still_sleep(tmp_path):
    place = Place(tmp_path)
    place.set_clock(3600)
    way_in = {"client_id": "", "client_secret": ""}
    code = "import time; began = time.monotonic(); time.sleep(0.2); assert 0.1 < time.monotonic() - began < 60"
    subprocess.run([sys.executable, "-c", code], env=place.environ(way_in, ""), check=True)
