"""Chatter: a post on a record's or a group's feed, with people mentioned in it.

Source: Connect REST API Developer Guide, "Post an @Mention", "Feed Item Input", "Feed Item"; Object Reference,
"CollaborationGroup", "CollaborationGroupMember": members post in a group, and in one for broadcasts its managers. What
the guide lists and no client of a feed post reads (photos, motifs, likes) is left out of the answer. The error codes
are unproven, and so is what an archived group answers. A pocket org has no sharing, so everybody sees a private group.
"""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

from typing import Any

from sfsync.pocketorg import ids
from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Logic, Work
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org

Record = dict[str, Any]

_LONGEST, _MOST_MENTIONS = 10_000, 25
_PEOPLE = frozenset({"User", "CollaborationGroup"})


class FeedItem(Logic):
    """A post counts what others say to it."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        row |= {"InsertedById": work.user_id, "CommentCount": 0, "LikeCount": 0, "Revision": 1}
        row["Type"] = row.get("Type") or "TextPost"


class CollaborationGroup(Logic):
    """Whoever owns a group is a manager of it."""

    def after_insert(self, work: Work, row: Row) -> None:
        manager = {"CollaborationGroupId": row["Id"], "MemberId": row["OwnerId"], "CollaborationRole": "Admin"}
        work.add("CollaborationGroupMember", {**manager, "NotificationFrequency": "N"})
        _count(work, row["Id"])


class CollaborationGroupMember(Logic):
    """A user is in a group once, and the group counts its members."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        there = {name: row[name] for name in ("CollaborationGroupId", "MemberId")}
        if work.find("CollaborationGroupMember", **there):
            raise ApiError(400, "DUPLICATE_VALUE", "User is already a member of this group")

    def after_insert(self, work: Work, row: Row) -> None:
        _count(work, row["CollaborationGroupId"])

    def after_delete(self, work: Work, row: Row) -> None:
        _count(work, row["CollaborationGroupId"])


def _count(work: Work, group_id: str) -> None:
    members = work.find("CollaborationGroupMember", CollaborationGroupId=group_id)
    work.change("CollaborationGroup", group_id, {"MemberCount": len(members)})


def post(org: Org, call: Call, _: Params) -> Answer:
    """Answer POST /chatter/feed-elements with status 201 and the feed item."""
    body = call.record()
    if body.get("feedElementType", "FeedItem") != "FeedItem":
        raise _malformed("feedElementType must be FeedItem.")
    subject_id = call.user_id if body.get("subjectId") == "me" else body.get("subjectId")
    kind, subject = _record(org, call, subject_id)
    if kind == "CollaborationGroup":
        _check_group(org, call, subject)
    segments = _segments(org, call, body.get("body"))
    text = "".join(segment["text"] for segment in segments)
    if not text.strip() or len(text) > _LONGEST:
        raise _malformed(f"A post has between 1 and {_LONGEST} characters.")
    item = {"ParentId": subject["Id"], "Body": text, "Type": "TextPost"}
    item_id = org.dml.insert("FeedItem", item, org.access(call))
    return Answer(201, _element(org, call, item_id, segments, _summary(call, kind, subject)))


def _check_group(org: Org, call: Call, group: Row) -> None:
    """Members post in a group; who may change all data need not be one."""
    if group["IsArchived"]:
        raise ApiError(403, "INSUFFICIENT_ACCESS", "This group is archived. You can't post to it.")
    if org.access(call).may("ModifyAllData"):
        return
    [mine] = org.store.find("CollaborationGroupMember", CollaborationGroupId=group["Id"], MemberId=call.user_id) or [{}]
    if not mine or (group["IsBroadcast"] and mine["CollaborationRole"] != "Admin"):
        raise ApiError(403, "INSUFFICIENT_ACCESS", "You do not have access to post to this group.")


def _segments(org: Org, call: Call, body: Any) -> list[Record]:
    listed = body.get("messageSegments") if isinstance(body, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _malformed("A post needs a body with a list of messageSegments.")
    made = [_segment(org, call, each) for each in listed]
    if sum(each["type"] == "Mention" for each in made) > _MOST_MENTIONS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"You can mention up to {_MOST_MENTIONS} people in a post.")
    return made


def _segment(org: Org, call: Call, given: Record) -> Record:
    kind = str(given.get("type")).lower()
    if kind == "text" and isinstance(given.get("text"), str):
        return {"type": "Text", "text": given["text"]}
    if kind == "mention":
        sobject, row = _record(org, call, given.get("id"))
        if sobject in _PEOPLE:
            record = _summary(call, sobject, row)
            return {
                "type": "Mention",
                "text": f"@{row['Name']}",
                "name": row["Name"],
                "accessible": True,
                "record": record,
            }
    raise _malformed(f"The pocket org's posts have text and mentions of people, not {given.get('type')}.")


def _record(org: Org, call: Call, record_id: Any) -> tuple[str, Row]:
    full = ids.full(record_id) if isinstance(record_id, str) else None
    sobject = org.schema.by_prefix(full) if full else None
    row = org.store.get(sobject.name, full) if sobject and full else None
    if sobject is None or row is None or row.get("IsDeleted") or not org.access(call).can(sobject.name, "read"):
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return sobject.name, row


def _summary(call: Call, sobject: str, row: Row) -> Record:
    return {
        "id": row["Id"],
        "name": row.get("Name"),
        "type": sobject,
        "url": f"{call.root}/chatter/records/{row['Id']}",
    }


def _element(org: Org, call: Call, item_id: str, segments: list[Record], parent: Record) -> Record:
    item, author = org.store.get("FeedItem", item_id) or {}, org.store.get("User", call.user_id) or {}
    created = str(item.get("CreatedDate"))
    return {
        "actor": _summary(call, "User", author) | {"displayName": author.get("Name")},
        "body": {"isRichText": False, "messageSegments": segments, "text": item.get("Body")},
        "capabilities": {
            "comments": {"page": {"items": [], "total": 0}},
            "chatterLikes": {"isLikedByCurrentUser": False},
        },
        "createdDate": created,
        "event": False,
        "feedElementType": "FeedItem",
        "id": item_id,
        "modifiedDate": created,
        "parent": parent,
        "relativeCreatedDate": "Just now",
        "type": "TextPost",
        "url": f"{call.root}/chatter/feed-elements/{item_id}",
        "visibility": "AllUsers",
    }


def _malformed(text: str) -> ApiError:
    return ApiError(400, "POST_BODY_PARSE_ERROR", text)


ROUTES: tuple[Route[Org], ...] = (Route("/chatter/feed-elements", POST=post),)
