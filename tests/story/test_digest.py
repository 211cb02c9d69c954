"""Once a day the org hears what was made, what waits and what failed: in a Chatter group, or by a bell."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from sfsync.cluster.clock import Clock
from sfsync.pocketorg.founding import ADMIN, INTEGRATION_USER
from sfsync.salesforce.digests import Digest
from sfsync.sync import Sync
from tests.conftest import connected
from tests.story.conftest import SETTINGS, World

SETTINGS_OBJECT = "Order_Form_Settings__c"
HOURS = "business_hours: Mon-Fri 8:00-18:00 Europe/Berlin\n"
TO_GROUP = SETTINGS + HOURS + "digest: {at: 17:30, chatter_group: Sales Ops}\n"
BY_BELL = SETTINGS + HOURS + f"digest: {{at: 17:30, bell: {ADMIN}}}\n"


def berlin(world: World, text: str) -> None:
    """Set the org's clock, in winter."""
    world.clock.now = datetime.fromisoformat(f"{text}:00+01:00").astimezone(UTC)


@pytest.fixture(autouse=True)
def monday(world: World) -> None:
    """A Monday afternoon, before the digest; the worker may delete the rows of earlier ones, as setup grants it."""
    berlin(world, "2026-11-23 16:00")
    [right] = [
        row
        for row in world.org.org.get_all("ObjectPermissions", SobjectType=SETTINGS_OBJECT)
        if row["ParentId"] == world.org.org.get_all("PermissionSet", Name="Order_Form_Worker")[0]["Id"]
    ]
    world.rep.update("ObjectPermissions", right["Id"], PermissionsDelete=True)


def group(world: World, name: str = "Sales Ops", *, joined: bool = True) -> str:
    made = world.rep.create("CollaborationGroup", Name=name, CollaborationType="Public")
    if joined:
        [worker] = world.org.org.get_all("User", Username=INTEGRATION_USER)
        world.rep.create("CollaborationGroupMember", CollaborationGroupId=made, MemberId=worker["Id"])
    return made


def posts(world: World) -> list[str]:
    return [row["Body"] for row in world.org.org.get_all("FeedItem")]


def claims(world: World) -> list[str]:
    """The days that are claimed."""
    keys = [row["Key__c"] for row in world.org.org.get_all(SETTINGS_OBJECT, IsDeleted=0)]
    return sorted(key for key in keys if key != "only")


def digest_of(worker: Sync, world: World, mark: str = "") -> Digest:
    """The digest of another process with the same settings."""
    api = connected(world.org)
    api.session._now = world.clock
    return Digest(api, worker.one.settings, mark=mark)


def test_it_is_posted_at_its_time_and_says_how_the_day_was(world):
    team = group(world)
    worker = world.worker(TO_GROUP)
    world.move(world.deal(), world.deal(), world.deal(products=0))
    world.run(worker)
    assert posts(world) == []
    [row, _] = world.org.org.get_all("Order_Form__c")
    world.rep.update("Order_Form__c", row["Id"], Was_It_Right__c="No", What_Was_Wrong__c="The old address.")
    berlin(world, "2026-11-23 17:30")
    worker.run()
    [post] = posts(world)
    assert post.replace("\u202f", " ").splitlines() == [
        "Order forms, Monday, November 23, 2026",
        "Made since Fri, Nov 20, 5:30 PM: 2",
        "Seconds from request to file: median 60, slowest 60",
        "Waiting for information: 1",
        "Failed: 0",
        "Marked as not right since then: 1",
    ]
    assert world.org.org.get_all("FeedItem")[0]["ParentId"] == team


def test_it_is_posted_once_however_often_the_worker_looks_and_starts(world):
    group(world)
    berlin(world, "2026-11-23 17:31")
    for _ in range(3):
        worker = world.worker(TO_GROUP)
        for _ in range(3):
            world.run(worker)
    assert len(posts(world)) == 1


def test_a_clock_that_only_watches_posts_it_as_well(world):
    group(world)
    berlin(world, "2026-11-23 17:31")
    worker = world.worker(TO_GROUP)
    for _ in range(2):
        assert Clock(worker.one, worker.watch, lambda _: None, ahead=1).run(sweep=True).error is None
    assert len(posts(world)) == 1


def test_it_costs_five_calls_and_a_restart_after_it_one(world):
    group(world)
    worker = world.worker(TO_GROUP)
    now = world.clock.now
    for day, expected in ((23, 4), (24, 5)):  # the first day has no row of an earlier one to delete
        berlin(world, f"2026-11-{day} 17:31")
        before = len(world.org.calls)
        worker.one.digest.maybe(world.clock.now)
        worker.one.digest.maybe(world.clock.now)
        assert len(world.org.calls) - before == expected
    before = len(world.org.calls)
    digest_of(worker, world).maybe(world.clock.now)
    assert len(world.org.calls) - before == 1
    assert now < world.clock.now


def test_of_two_workers_that_look_at_the_same_moment_one_posts(world):
    group(world)
    berlin(world, "2026-11-23 17:30")
    worker = world.worker(TO_GROUP)
    other, heard = digest_of(worker, world), []

    def meanwhile(*_: Any, **__: Any) -> None:
        """The first has looked, and found the day free: now the other one does all of it."""
        if not heard:
            heard.append(True)
            other.maybe(world.clock.now)

    worker.one.digest._api.session.hooks["response"].append(meanwhile)
    worker.one.digest.maybe(world.clock.now)
    assert heard
    assert (len(posts(world)), claims(world)) == (1, ["digest 2026-11-23"])


def test_a_claim_whose_answer_is_lost_is_found_and_used(world):
    group(world)
    berlin(world, "2026-11-23 17:30")
    worker = world.worker(TO_GROUP)
    world.org.faults.add("drop", path=f"sobjects/{SETTINGS_OBJECT}$", method="POST", when="after")
    assert world.run(worker).error is None
    assert (posts(world), claims(world)) == ([], ["digest 2026-11-23"])
    world.run(worker)
    world.run(world.worker(TO_GROUP))
    assert len(posts(world)) == 1


def test_somebody_elses_claim_is_never_taken(world):
    group(world)
    berlin(world, "2026-11-23 17:30")
    worker = world.worker(TO_GROUP)
    world.org.faults.add("drop", path=f"sobjects/{SETTINGS_OBJECT}$", method="POST", when="after")
    world.run(worker)
    world.run(world.worker(TO_GROUP))
    assert posts(world) == []


@pytest.mark.parametrize(("when", "posted"), [("before", 0), ("after", 1)])
def test_a_post_whose_answer_is_lost_is_not_repeated(world, caplog, when, posted):
    group(world)
    berlin(world, "2026-11-23 17:30")
    worker = world.worker(TO_GROUP)
    world.org.faults.add("drop", path="chatter/feed-elements", when=when)
    for _ in range(3):
        assert world.run(worker).error is None
    assert len(posts(world)) == posted
    assert caplog.text.count("whether the digest was posted is not known") == 1


def test_a_worker_that_comes_late_posts_the_same_day_and_never_the_day_before(world):
    group(world)
    berlin(world, "2026-11-23 22:00")
    world.run(world.worker(TO_GROUP))
    assert "Monday, November 23" in posts(world)[0]
    berlin(world, "2026-11-25 08:00")  # nobody was there on Tuesday
    worker = world.worker(TO_GROUP)
    world.run(worker)
    assert len(posts(world)) == 1
    berlin(world, "2026-11-25 17:30")
    world.run(worker)
    assert "Made since Mon, Nov 23, 5:30" in posts(world)[1]


def test_a_day_without_business_hours_has_none_and_the_next_one_tells_of_it(world):
    group(world)
    berlin(world, "2026-11-20 17:30")
    worker = world.worker(TO_GROUP)
    world.run(worker)
    berlin(world, "2026-11-21 19:00")
    world.move(world.deal())
    assert world.run(worker).made == 1
    berlin(world, "2026-11-22 19:00")
    world.run(worker)
    assert len(posts(world)) == 1
    berlin(world, "2026-11-23 17:30")
    world.run(worker)
    assert "Made since Fri, Nov 20, 5:30" in posts(world)[1]
    assert posts(world)[1].splitlines()[1].endswith("PM: 1")


def test_a_form_made_in_the_evening_is_in_the_next_digest_and_in_no_other(world):
    group(world)
    worker = world.worker(TO_GROUP)
    berlin(world, "2026-11-23 17:30")
    world.run(worker)
    world.move(world.deal())
    world.run(worker)
    for day in (24, 25):
        berlin(world, f"2026-11-{day} 17:30")
        world.run(worker)
    assert [post.splitlines()[1][-1] for post in posts(world)] == ["0", "1", "0"]


def test_only_the_latest_row_stays(world):
    group(world)
    worker = world.worker(TO_GROUP)
    for day in (23, 24, 25):
        berlin(world, f"2026-11-{day} 17:30")
        world.run(worker)
    assert claims(world) == ["digest 2026-11-25"]
    assert world.org.org.get_all(SETTINGS_OBJECT, Key__c="only", IsDeleted=0)
    assert len(posts(world)) == 3
    [row] = world.org.org.get_all(SETTINGS_OBJECT, Key__c="digest 2026-11-25")
    assert row["Last_Words__c"] == posts(world)[2]


def test_a_worker_that_may_not_delete_posts_all_the_same(world):
    for right in world.org.org.get_all("ObjectPermissions", SobjectType=SETTINGS_OBJECT):
        world.rep.update("ObjectPermissions", right["Id"], PermissionsDelete=False)
    group(world)
    worker = world.worker(TO_GROUP)
    for day in (23, 24, 25):
        berlin(world, f"2026-11-{day} 17:30")
        world.run(worker)
    assert (len(posts(world)), len(claims(world))) == (3, 3)
    assert world.org.org.get_all(SETTINGS_OBJECT, Key__c="only")


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (lambda _: None, "There is no Chatter group 'Sales Ops' that the integration user sees."),
        (lambda world: group(world, joined=False), "is not a member of the Chatter group 'Sales Ops'."),
        (
            lambda world: world.rep.update("CollaborationGroup", group(world), IsArchived=True),
            "The Chatter group 'Sales Ops' is archived.",
        ),
        (lambda world: world.org.org.schema.remove("CollaborationGroup"), "Chatter is switched off in this org"),
    ],
)
def test_a_group_that_does_not_hear_it_keeps_no_form_from_being_made(world, caplog, there, said):
    there(world)
    berlin(world, "2026-11-23 17:30")
    worker = world.worker(TO_GROUP)
    world.move(world.deal())
    assert (world.run(worker).made, world.run(worker).error) == (1, None)
    assert said in caplog.text
    assert caplog.text.count("no digest: ") == 1
    assert (posts(world), claims(world)) == ([], [])


def test_a_group_that_is_made_meanwhile_hears_it_within_the_hour(world):
    berlin(world, "2026-11-23 17:30")
    worker = world.worker(TO_GROUP)
    world.run(worker)
    group(world)
    world.clock.forward(hours=1)
    world.run(worker)
    assert len(posts(world)) == 1


def test_a_bell_rings_for_the_admin_and_leads_to_the_settings(world):
    worker = world.worker(BY_BELL)
    world.run(worker)
    berlin(world, "2026-11-23 17:30")
    for _ in range(3):
        world.run(worker)
    [bell] = [n for n in world.org.org.notifications if n.title.startswith("Order forms")]
    assert bell.recipient_ids == (world.org.org.get_all("User", Username=ADMIN)[0]["Id"],)
    assert bell.target_id == world.org.org.get_all(SETTINGS_OBJECT, Key__c="only")[0]["Id"]
    assert bell.body.splitlines()[1:] == [
        "Waiting for information: 0",
        "Failed: 0",
        "Marked as not right since then: 0",
    ]


def test_a_bell_for_nobody_says_so_without_the_username(world, caplog):
    berlin(world, "2026-11-23 17:30")
    world.run(world.worker(BY_BELL.replace(ADMIN, "gone@acme.example")))
    assert "There is no active user with the username" in caplog.text
    assert "gone@" not in caplog.text


def test_a_bell_that_is_refused_is_rung_an_hour_later(world, caplog):
    berlin(world, "2026-11-23 17:30")
    [right] = world.org.org.get_all("PermissionSet", Name="Order_Form_Worker")
    world.rep.update("PermissionSet", right["Id"], PermissionsSendCustomNotifications=False)
    worker = world.worker(BY_BELL)
    world.run(worker)
    assert "no digest: " in caplog.text
    world.rep.update("PermissionSet", right["Id"], PermissionsSendCustomNotifications=True)
    world.clock.forward(hours=1)
    world.run(worker)
    assert [n.title for n in world.org.org.notifications] == ["Order forms, Monday, November 23, 2026"]


def test_an_org_without_answers_leaves_that_figure_out(world):
    sobject = world.org.org.schema.get("Order_Form__c")
    for name in ("was_it_right__c", "what_was_wrong__c"):
        del sobject.fields[name]
    group(world)
    berlin(world, "2026-11-23 17:30")
    world.run(world.worker(TO_GROUP))
    assert posts(world)[0].splitlines()[-1] == "Failed: 0"


def test_an_org_without_the_settings_object_has_none_and_makes_its_forms(world, caplog):
    world.org.org.schema.remove(SETTINGS_OBJECT)
    group(world)
    berlin(world, "2026-11-23 17:30")
    worker = world.worker(TO_GROUP)
    world.move(world.deal())
    assert world.run(worker).made == 1
    assert (posts(world), "no digest: " in caplog.text) == ([], True)


def test_paused_it_says_so(world):
    group(world)
    worker = world.worker(TO_GROUP)
    world.run(worker)
    [only] = world.org.org.get_all(SETTINGS_OBJECT)
    world.rep.update(SETTINGS_OBJECT, only["Id"], Paused__c=True)
    berlin(world, "2026-11-23 17:30")
    world.run(worker)
    assert posts(world)[0].splitlines()[-1] == "Paused: nothing is made until Paused is unticked."


def test_without_the_setting_there_is_none(world, caplog):
    caplog.set_level(logging.DEBUG, "sfsync")
    group(world)
    berlin(world, "2026-11-23 17:30")
    world.run()
    assert (posts(world), claims(world), "digest" in caplog.text) == ([], [], False)
