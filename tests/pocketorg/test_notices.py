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
