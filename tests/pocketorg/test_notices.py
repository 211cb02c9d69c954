"""How people are told: a post with mentions, a task."""

import pytest

POST = "/chatter/feed-elements"


def feed_item(subject, *segments):
    return {"feedElementType": "FeedItem", "subjectId": subject, "body": {"messageSegments": list(segments)}}


def test_a_post_with_a_mention_lies_on_the_records_feed(org, admin, deal):
    words = [{"type": "Text", "text": "Ready: "}, {"type": "Mention", "id": org.user_id[:15]}]
    answer = admin("POST", POST, json=feed_item(deal, *words))
    body = answer.json()
    assert (answer.status_code, body["type"], body["parent"]["id"]) == (201, "TextPost", deal)
    assert body["body"]["messageSegments"][1]["record"]["id"] == org.user_id
    (row,) = admin.query(f"SELECT ParentId, Body, Type, CreatedById FROM FeedItem WHERE Id = '{body['id']}'")
    assert (row["ParentId"], row["Body"], row["CreatedById"]) == (deal, "Ready: @Ada Admin", org.user_id)


def test_a_post_can_go_to_oneself(org, admin):
    answer = admin("POST", POST, json=feed_item("me", {"type": "Text", "text": "Note"}))
    assert answer.json()["parent"] == answer.json()["parent"] | {"id": org.user_id, "type": "User"}


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        ([], "POST_BODY_PARSE_ERROR"),
        ([{"type": "Text", "text": " "}], "POST_BODY_PARSE_ERROR"),
        ([{"type": "Text", "text": "x" * 10_001}], "POST_BODY_PARSE_ERROR"),
        ([{"type": "Hashtag", "tag": "x"}], "POST_BODY_PARSE_ERROR"),
        ([{"type": "Mention", "id": "005000000000000AAA"}], "NOT_FOUND"),
    ],
)
def test_a_post_that_says_nothing_or_too_much_is_refused(admin, deal, segments, code):
    assert admin.refused("POST", POST, json=feed_item(deal, *segments))[1] == code


def test_a_post_mentions_up_to_twenty_five_people(org, admin, deal):
    mention = {"type": "Mention", "id": org.user_id}
    assert admin("POST", POST, json=feed_item(deal, *[mention] * 25)).status_code == 201
    assert admin.refused("POST", POST, json=feed_item(deal, *[mention] * 26))[1] == "LIMIT_EXCEEDED"


@pytest.fixture
def group(admin):
    """A Chatter group that the admin owns; each test names one of its own."""
    made = []

    def of(name, **values):
        made.append(admin.create("CollaborationGroup", Name=name, **{"CollaborationType": "Public", **values}))
        return made[-1]

    yield of
    for each in made:
        admin("DELETE", f"/sobjects/CollaborationGroup/{each}")


def test_whoever_makes_a_group_is_its_manager(org, admin, group):
    team = group("Sales Ops")
    (member,) = admin.query(
        "SELECT MemberId, CollaborationRole FROM CollaborationGroupMember WHERE CollaborationGroup.Name = 'Sales Ops'"
    )
    assert (member["MemberId"], member["CollaborationRole"]) == (org.user_id, "Admin")
    assert admin.read("CollaborationGroup", team)["MemberCount"] == 1


def test_a_member_posts_in_a_group_and_nobody_else_does(admin, worker, group):
    team = group("Members Only")
    words = {"type": "Text", "text": "Made: 12"}
    assert worker.refused("POST", POST, json=feed_item(team, words))[:2] == (403, "INSUFFICIENT_ACCESS")
    (me,) = admin.query("SELECT Id FROM User WHERE Username = 'worker@pocketorg.example'")
    admin.create("CollaborationGroupMember", CollaborationGroupId=team, MemberId=me["Id"])
    answer = worker("POST", POST, json=feed_item(team, words)).json()
    assert (answer["parent"]["id"], answer["parent"]["type"]) == (team, "CollaborationGroup")
    assert admin.read("CollaborationGroup", team)["MemberCount"] == 2
    (row,) = admin.query(f"SELECT Body, CreatedById FROM FeedItem WHERE ParentId = '{team}'")
    assert (row["Body"], row["CreatedById"]) == ("Made: 12", me["Id"])


def test_nobody_is_in_a_group_twice(org, admin, group):
    twice = {"CollaborationGroupId": group("Twice"), "MemberId": org.user_id}
    assert admin.refused("POST", "/sobjects/CollaborationGroupMember", json=twice)[1] == "DUPLICATE_VALUE"


def test_nobody_posts_in_an_archived_group_nor_in_one_that_is_not_there(admin, group):
    words = {"type": "Text", "text": "Made: 12"}
    old = group("Old", IsArchived=True)
    assert admin.refused("POST", POST, json=feed_item(old, words))[:2] == (403, "INSUFFICIENT_ACCESS")
    assert admin.refused("POST", POST, json=feed_item("0F9000000000000AAA", words))[:2] == (404, "NOT_FOUND")


def test_posts_and_groups_have_no_permissions_of_their_own(admin):
    fields = admin.get("/sobjects/ObjectPermissions/describe").json()["fields"]
    (listed,) = [f["picklistValues"] for f in fields if f["name"] == "SobjectType"]
    assert not {"FeedItem", "FeedComment", "CollaborationGroup"} & {each["value"] for each in listed}


def test_a_task_knows_its_account_its_owner_and_whether_it_is_done(org, admin, deal):
    task = admin.create("Task", WhatId=deal, Subject="Call", Priority="High")
    row = admin.read("Task", task)
    assert row["AccountId"] == admin.read("Opportunity", deal)["AccountId"]
    assert (row["OwnerId"], row["Status"], row["IsHighPriority"], row["IsClosed"]) == (
        org.user_id, "Not Started", True, False,
    )  # fmt: skip
    admin.update("Task", task, Status="Completed")
    done = admin.read("Task", task)
    assert done["IsClosed"]
    assert done["CompletedDateTime"]


def test_a_task_about_nothing_that_exists_is_refused(admin):
    assert admin.refused("POST", "/sobjects/Task", json={"WhatId": "006000000000000AAA"})[1] == (
        "INVALID_CROSS_REFERENCE_KEY"
    )
