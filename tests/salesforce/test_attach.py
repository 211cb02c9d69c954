"""The one write that matters: once, whole, and refused whole when its version was taken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sfsync.errors import LookAgain, Outage
from sfsync.pocketorg.server import PocketOrg
from sfsync.records import Receipt, Upload
from sfsync.salesforce.attach import MAX_GRAPHS, Attacher
from sfsync.settings import FieldNames
from tests.conftest import METADATA, connected


@pytest.fixture
def org():
    with PocketOrg(seed="none", metadata=[METADATA]) as running:
        yield running


@pytest.fixture
def upload(org) -> Upload:
    owner = {"OwnerId": org.user_id}
    deal = {"Name": "Looms", "StageName": "Order Form", "CloseDate": "2026-12-31", **owner}
    return Upload(
        opportunity_id=org.insert("Opportunity", deal),
        form="Standard",
        title="Order Form Looms",
        version=1,
        token="token of version 1",
        requested_at=datetime.now(UTC) - timedelta(seconds=9),
        made_from={"Name": "12345678"},
        document_id=None,
        content=b"%PDF-1.4 not much",
    )


def attacher(org, **more) -> Attacher:
    return Attacher(connected(org), FieldNames(), **more)


def answer(attacher_: Attacher, upload: Upload):
    return attacher_.attach([upload])[upload.opportunity_id]


def test_file_row_and_record_are_written_together(org, upload):
    receipt = answer(attacher(org), upload)
    assert isinstance(receipt, Receipt)
    [version] = org.org.get_all("ContentVersion")
    [row] = org.org.get_all("Order_Form__c")
    [deal] = org.org.get_all("Opportunity")
    assert receipt.file_id == version["Id"] == row["File_Id__c"]
    assert version["VersionData"] == upload.content
    assert (deal["Order_Form_Version__c"], deal["Order_Form_Token__c"]) == (1, upload.token)


def test_a_version_that_was_made_meanwhile_is_refused_whole(org, upload):
    """A late, repeated or racing write finds its key taken."""
    writer = attacher(org)
    assert isinstance(answer(writer, upload), Receipt)
    racing = replace(upload, token="another token", content=b"%PDF other")
    assert isinstance(answer(writer, racing), LookAgain)
    assert len(org.org.get_all("ContentVersion")) == 1
    assert org.org.get_all("Opportunity")[0]["Order_Form_Token__c"] == upload.token


def test_the_next_version_goes_into_the_same_file(org, upload):
    writer = attacher(org)
    answer(writer, upload)
    document = org.org.get_all("ContentDocument")[0]["Id"]
    assert isinstance(answer(writer, replace(upload, version=2, document_id=document)), Receipt)
    assert len(org.org.get_all("ContentDocument")) == 1
    assert [v["VersionNumber"] for v in org.org.get_all("ContentVersion")] == ["1", "2"]


def test_a_lost_answer_of_somebody_elses_write_is_not_taken_for_ours(org, upload):
    writer = attacher(org)
    answer(writer, replace(upload, token="another worker's"))
    org.faults.add("drop", path="graph", when="after")
    assert isinstance(answer(writer, upload), LookAgain)


def several(org, upload: Upload, count: int) -> list[Upload]:
    deal = {"Name": "Looms", "StageName": "Order Form", "CloseDate": "2026-12-31", "OwnerId": org.user_id}
    return [replace(upload, opportunity_id=org.insert("Opportunity", deal)) for _ in range(count)]


def graph_calls(org) -> int:
    return sum("graph" in call.path for call in org.calls)


@pytest.mark.parametrize("trouble", ["drop", "html", 500, 413, "UNKNOWN_EXCEPTION", "JSON_PARSER_ERROR", "truncate"])
def test_one_form_that_spoils_the_whole_call_costs_a_few_calls_and_no_other_form(org, upload, trouble):
    uploads = several(org, upload, 75)
    bad = uploads[40].opportunity_id
    org.faults.add(trouble, path="composite", body=f'FirstPublishLocationId":"{bad}', times=1000)
    writer = attacher(org)
    answers = writer.attach(uploads)
    assert [i for i, a in answers.items() if not isinstance(a, Receipt)] == [bad]
    assert not isinstance(answers[bad], Outage)
    assert graph_calls(org) <= 15
    before = graph_calls(org)
    writer.attach([replace(u, version=2) for u in uploads])
    assert graph_calls(org) - before <= 3  # from now on it goes alone, and last


def test_an_org_that_takes_no_write_at_all_is_not_blamed_on_each_form(org, upload):
    uploads = several(org, upload, 75)
    org.faults.add("html", path="graph", times=1000)
    answers = attacher(org).attach(uploads)
    assert sum(isinstance(a, Outage) for a in answers.values()) >= 73
    assert graph_calls(org) <= 10


def test_an_org_that_is_down_gets_one_write_and_one_question(org, upload):
    uploads = several(org, upload, 75)
    writer = attacher(org)
    writer._api.call("GET", "limits")
    org.faults.add("html", times=1000)
    before = len(org.calls)
    assert all(isinstance(a, Outage) for a in writer.attach(uploads).values())
    assert len(org.calls) == before  # refused at the door: none of them counts
    assert writer._api.session.calls <= 8


def test_batches_grow_to_what_the_org_takes_within_seconds_and_shrink_when_it_is_slow(org, upload):
    seconds = iter([0, 4, 0, 1, 0, 1, 0, 1, 0, 30, 0, 7])
    writer = attacher(org, clock=lambda: next(seconds))
    deal = {"Name": "Looms", "StageName": "Order Form", "CloseDate": "2026-12-31", "OwnerId": org.user_id}
    uploads = [replace(upload, opportunity_id=org.insert("Opportunity", deal)) for _ in range(MAX_GRAPHS)]
    sizes = []
    for version in range(1, 7):
        writer.attach([replace(u, version=version) for u in uploads[: writer.batch_size]])
        sizes.append(writer.batch_size)
    assert sizes == [12, 60, MAX_GRAPHS, MAX_GRAPHS, MAX_GRAPHS // 2, MAX_GRAPHS // 2]
