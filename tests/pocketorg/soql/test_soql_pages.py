"""Long answers come in pages."""

import pytest

from sfsync.pocketorg import query
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query.answers import MOST_CURSORS
from tests.pocketorg.small_org import SmallOrg


def numbered(count: int) -> query.Result:
    return query.Result([{"attributes": {}, "Name": str(i)} for i in range(count)], count, "Account")


def test_a_long_answer_comes_in_pages_until_it_is_done() -> None:
    cursors = query.Cursors()
    page = cursors.open(numbered(4500), version="59.0")
    seen = list(page["records"])
    while not page["done"]:
        url = page["nextRecordsUrl"]
        assert url.startswith("/services/data/v59.0/query/0r8")
        page = cursors.more(url.rpartition("/")[2], "v59.0")
        seen += page["records"]
    assert [r["Name"] for r in seen] == [str(i) for i in range(4500)]
    assert (page["totalSize"], "nextRecordsUrl" in page) == (4500, False)


def test_a_page_holds_between_200_and_2000_records() -> None:
    cursors = query.Cursors()
    assert len(cursors.open(numbered(300), version="59.0", batch_size=1)["records"]) == 200
    assert len(cursors.open(numbered(3000), version="59.0", batch_size=9999)["records"]) == 2000


@pytest.mark.parametrize("locator", ["0r8000000000001AAA-2000", "nonsense", "", "-", "0r8-x"])
def test_an_unknown_locator_is_refused(locator: str) -> None:
    with pytest.raises(ApiError, match="invalid query locator") as refused:
        query.Cursors().more(locator, "59.0")
    assert refused.value.code == "INVALID_QUERY_LOCATOR"


def test_the_oldest_cursor_is_forgotten_when_there_are_too_many() -> None:
    cursors = query.Cursors()
    first = cursors.open(numbered(201), version="59.0", batch_size=200)["nextRecordsUrl"]
    for _ in range(MOST_CURSORS):
        cursors.open(numbered(201), version="59.0", batch_size=200)
    with pytest.raises(ApiError):
        cursors.more(first.rpartition("/")[2], "59.0")


def test_a_long_list_of_children_is_cut_and_can_be_paged_on(org: SmallOrg) -> None:
    account = org.insert("Account", Name="Many")
    for number in range(450):
        org.insert("Contact", LastName=f"{number:03}", AccountId=account)
    cursors = query.Cursors()
    page = cursors.open(org.ask("SELECT Id, (SELECT LastName FROM Contacts) FROM Account"), version="59.0")
    children = page["records"][0]["Contacts"]
    assert (children["totalSize"], children["done"], len(children["records"])) == (450, False, 200)
    rest = cursors.more(children["nextRecordsUrl"].rpartition("/")[2], "59.0")
    assert (len(rest["records"]), rest["done"]) == (200, False)
