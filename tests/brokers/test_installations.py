"""Two installations on one broker, or on one org."""

from tests.brokers.machines import placed
from tests.cluster.orgs import assert_once, forms, move


def test_two_installations_on_one_broker_see_nothing_of_each_other(broker_url, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    there = placed(tmp_path / "there", broker_url, deals=5, SFSYNC_INSTALLATION="there")
    here = placed(tmp_path / "here", broker_url, deals=5)
    with there as (theirs, their_deals), here as (ours, our_deals):
        stranger = theirs.start("work")
        theirs.start("clock")
        move(theirs.orgs["main"], their_deals["main"])
        theirs.until_served(theirs.orgs["main"], their_deals["main"])
        ours.start("clock")
        move(ours.orgs["main"], our_deals["main"])
        ours.until(lambda: _queued(ours))
        assert forms(ours.orgs["main"]) == {}
        stranger.ended()
        ours.start("work")
        ours.until_served(ours.orgs["main"], our_deals["main"])
        assert "error" not in (ours.said + theirs.said).lower()


def _queued(place) -> bool:
    """Whether the clock has looked after the move: only then could a stranger have taken it."""
    [org] = place.orgs.values()
    return len(org.calls) > 8


def test_two_installations_on_one_org_hear_of_each_other_and_make_each_form_once(broker_url, tmp_path):
    with placed(tmp_path, broker_url, deals=30) as (place, found):
        org, deals = place.orgs["main"], found["main"]
        for name in ("here", "there"):
            place.start("clock", SFSYNC_INSTALLATION=name)
        workers = [place.start("work", "--verbose", SFSYNC_INSTALLATION=name) for name in ("here", "there")]
        move(org, deals[:10])
        place.until_served(org, deals[:10])
        move(org, deals[10:])
        place.until_served(org, deals)
        place.until(lambda: "another installation works on this org as well" in place.said)
        assert all(each.process.poll() is None for each in workers)
        place.until_quiet()
        assert_once(org, deals)
