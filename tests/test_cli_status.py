"""`sfsync status`: what waits, what failed, how long forms take; in one call, and writing nothing."""

import json
from datetime import timedelta

import pytest

from sfsync.demo import Rep
from sfsync.pocketorg.server import PocketOrg
from sfsync.schedule import ago
from tests.conftest import METADATA, environ, switched_on
from tests.shell import deal_in_stage, sfsync


@pytest.fixture(scope="module")
def org():
    """One form made, one deal that lacks an address, one that nobody has looked at."""
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        switched_on(running)
        deal_in_stage(running)
        bare = {a["Id"] for a in running.org.get_all("Account") if not a["BillingStreet"]}
        [waits, *_] = [o for o in running.org.get_all("Opportunity", IsClosed=0) if o["AccountId"] in bare]
        move(running, waits["Id"])
        assert sfsync("run", env=environ(running)).returncode == 0
        deal_in_stage(running)
        yield running


def move(org: PocketOrg, deal: str) -> None:
    org.org.store.db.execute(
        'UPDATE "Opportunity" SET "StageName" = ?, "LastStageChangeDate" = "SystemModstamp" WHERE "Id" = ?',
        ["Order Form", deal],
    )


def test_it_says_what_waits_and_why_and_how_long_forms_took(org):
    before = len(org.calls)
    done = sfsync("status", env=environ(org))
    assert done.returncode == 0
    assert "Today       1 order form, median" in done.stdout
    assert "Seven days  1 order form, median" in done.stdout
    assert "Not begun   1 stand in their stage" in done.stdout
    assert "Add the billing address to the account." in done.stdout
    assert "API calls" in done.stdout
    assert [c.method for c in org.calls[before:] if c.client.startswith("sfsync/")] == ["POST"]


def test_a_program_reads_the_same(org):
    found = json.loads(sfsync("status", "--json", env=environ(org)).stdout)
    assert (found["today"]["made"], len(found["waiting"]), found["failed"], found["untouched"]) == (1, 1, [], 1)
    assert found["calls_allowed"] > found["calls_used"] > 0


def test_it_shows_what_reps_marked_as_not_right(org):
    assert "Not right   No rep has marked an order form as not right in seven days." in (
        sfsync("status", env=environ(org)).stdout
    )
    [row] = org.org.get_all("Order_Form__c")
    Rep(org.instance_url, org.access_token).update(
        "Order_Form__c", row["Id"], Was_It_Right__c="No", What_Was_Wrong__c="The old\naddress."
    )
    before = len(org.calls)
    said = sfsync("status", env=environ(org)).stdout
    assert "Not right   Reps have marked 1 order form as not right in seven days." in said
    assert row["Opportunity__c"] in said.partition("Not right, the latest answers")[2]
    assert "The old address." in said
    assert [c.method for c in org.calls[before:] if c.client.startswith("sfsync/")] == ["POST"]
    [answer] = json.loads(sfsync("status", "--json", env=environ(org)).stdout)["not_right"]
    assert (answer["row_id"], answer["what"]) == (row["Id"], "The old\naddress.")


def test_an_org_without_answers_says_nothing_of_them():
    with PocketOrg(seed="none", metadata=[METADATA]) as older:
        sobject = older.org.schema.get("Order_Form__c")
        for name in ("was_it_right__c", "what_was_wrong__c"):
            del sobject.fields[name]
        done = sfsync("status", env=environ(older))
    assert (done.returncode, "ot right" in done.stdout) == (0, False)


def test_an_org_without_our_fields_says_what_to_do():
    with PocketOrg(seed="none") as bare:
        done = sfsync("status", env=environ(bare))
    assert done.returncode == 2
    assert "Run sfsync setup" in done.stderr


@pytest.mark.parametrize(
    ("some", "said"), [(1, "1 second ago"), (59, "59 seconds ago"), (3600, "1 hour ago"), (-5, "0 seconds ago")]
)
def test_how_long_ago_is_said_in_its_largest_unit(some, said):
    assert ago(timedelta(seconds=some)) == said
