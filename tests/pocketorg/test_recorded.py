"""Every recorded request is sent to a pocket org that has what it speaks of, and the answers are held side by side."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import recordings
import requests
from recordings import Exchange

from sfsync.pocketorg import PocketOrg, ids

EXCHANGES = (
    [*recordings.sf_functions(), *recordings.grouparoo(), *recordings.cumulusci()] if recordings.FOLDER.is_dir() else []
)

#: what was recorded and is not replayed: a pattern for its line, and why
OUT_OF_SCOPE = {
    r".*(FROM |/sobjects/|sobjects=)(Topic|TopicAssignment|Lead|Campaign|CampaignMember|Case)\b.*": (
        "an object that a pocket org does not carry"
    ),
    r".* collections_(patch|post)-\d+ .*'(Lead|Topic|TopicAssignment|Campaign|CampaignMember)'.*": "likewise",
    r"GET TestUp(sert|dates).*(test_updates_task|complex|upsert_external_id_field).*(query|recordCount).*": (
        "reads what was there before the first request, or what the Bulk API wrote"
    ),
    r".* /services/Soap/u/.*": "login with a password, which Salesforce retires and a pocket org refuses",
    r".* /services/async/.*": "the Bulk API, held against its recordings elsewhere",
    r".* FruitVendor__c.*": "the answer of a web page that is not Salesforce",
    r".*(uncompressed_cassette|minimal_schema).*": "those who keep it have cut the answer",
    r".*test_http_headers.*": "unchanged describes (If-Modified-Since) are not told from changed ones",
    r".*test_count_sobjects.*": "counts of what that org happened to hold",
    r".*Opportunities\) from Contact.*": "lists contacts that the request before it names by Ids of that org",
    r".*network_errors.*": "made by hand, to show a client a failure",
    r".*query-with-next-records-url-2 .*": "the second page of a cursor: the first page is replayed, and paged on",
}
#: a difference as a line, and why it is there
EXPLAINED = {
    r"answer (IsPartner|IsCustomerPortal|ChannelProgram\w+|ContactSource) is in ours alone": "that org lacks a feature",
    r"answer \w+__c is in ours alone": "a field of another recorded exchange, in the org that they share",
    r"answer: '' there, 'x' here": "those who keep the recording have cut the file",
    r"answer errors message: 'email field: .*": "a label that the recorded org's admin had written",
    r"answer compositeResponse body records (Id|attributes url): .*ACCOUNTID0000.*": "likewise written over",
    r"answer (fields is in ours alone|(message|errorCode): .*Color__c.*|errorCode: 'INVALID_FIELD' there, 'MAL.*)": (
        "where both the Id and a field are wrong, Salesforce names the field and ours the Id"
    ),
    r"answer IsPriorityRecord is in ours alone": "later than version 42.0",
    r"answer id: '0010xACCOUNTID0000' there, .*": "the Id was written over by those who keep the recording",
}


def line(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.name} {exchange.path} {exchange.body}"


def replayed() -> list[Exchange]:
    return [x for x in EXCHANGES if not any(re.fullmatch(why, line(x), re.DOTALL) for why in OUT_OF_SCOPE)]


@pytest.fixture(scope="module")
def shared() -> Iterator[PocketOrg]:
    with PocketOrg(seed="none") as org:
        yield org


def send(org: PocketOrg, exchange: Exchange) -> requests.Response:
    if exchange.name == "delete-already-deleted":
        org.org.store.update("Account", exchange.path.rpartition("/")[2], {"IsDeleted": 1})
    return requests.request(
        exchange.method,
        org.instance_url + exchange.path,
        json=exchange.body,
        headers={"Authorization": f"Bearer {org.access_token}"},
        timeout=10,
    )


def differences(real: Any, mine: Any, at: str = "answer") -> Iterator[str]:
    """Each place where two answers part, but for the Ids, which every org gives itself."""
    if isinstance(real, dict) and isinstance(mine, dict):
        yield from (f"{at} {key} is missing" for key in real.keys() - mine.keys())
        yield from (f"{at} {key} is in ours alone" for key in mine.keys() - real.keys())
        for key in real.keys() & mine.keys():
            yield from differences(real[key], mine[key], f"{at} {key}")
    elif isinstance(real, list) and isinstance(mine, list):
        if len(real) != len(mine):
            yield f"{at} has {len(real)} there, {len(mine)} here"
        for theirs, ours in zip(real, mine, strict=False):
            yield from differences(theirs, ours, at)
    elif masked(real) != masked(mine):
        yield f"{at}: {real!r} there, {mine!r} here"


def masked(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return re.sub(r"\b[0-9a-zA-Z]{18}\b", lambda match: "Id" if ids.full(match[0]) else match[0], value)


@pytest.mark.skipif(not EXCHANGES, reason="the recordings are not beside this checkout")
@pytest.mark.parametrize("exchange", replayed(), ids=lambda exchange: exchange.name)
def test_a_recorded_request_gets_the_recorded_answer(shared: PocketOrg, exchange: Exchange) -> None:
    if "/v53.0/" in exchange.path:  # each of these is an org of its own
        with PocketOrg(seed="none") as org:
            replay(org, exchange)
    else:
        if exchange.first:
            recordings.empty(shared)
        replay(shared, exchange)


def replay(org: PocketOrg, exchange: Exchange) -> None:
    recordings.furnish(org, exchange)
    response = send(org, exchange)
    assert response.status_code == exchange.status, response.text
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    found = list(differences(exchange.answer, response.json() if is_json else response.text))
    assert [each for each in found if not any(re.fullmatch(why, each) for why in EXPLAINED)] == []
    read = exchange.headers & {"Location", "Sforce-Limit-Info", "Content-Type"}
    assert {name.title() for name in response.headers} >= read


@pytest.mark.skipif(not EXCHANGES, reason="the recordings are not beside this checkout")
def test_every_exception_is_about_something_that_was_recorded() -> None:
    lines = [line(each) for each in EXCHANGES]
    assert [why for why in OUT_OF_SCOPE if not any(re.fullmatch(why, each, re.DOTALL) for each in lines)] == []
