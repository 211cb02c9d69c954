"""Clocks and workers on one broker: the whole story, and what befalls them."""

from tests.brokers.machines import placed
from tests.cluster.orgs import CANARY, assert_once, move


def test_one_clock_and_two_workers_make_the_forms_of_two_orgs_once(broker_url, tmp_path):
    with placed(tmp_path, broker_url, "acme", "globex", deals=30) as (place, deals):
        machines = [place.start("clock"), place.start("work"), place.start("work")]
        for name, org in place.orgs.items():
            move(org, deals[name][:20])
        for name, org in place.orgs.items():
            place.until_served(org, deals[name][:20])
            move(org, deals[name][20:])
        for name, org in place.orgs.items():
            place.until_served(org, deals[name])
        ends = [each.ended() for each in machines]
        assert [code for code, _ in ends] == [0, 0, 0], place.said
        assert max(seconds for _, seconds in ends) < 20
        for word in (CANARY, "Traceback", "dramatiq", "pika", *(org.client_secret for org in place.orgs.values())):
            assert word not in place.said
        assert broker_url.split("@")[0].rpartition(":")[2] not in place.said


def test_two_clocks_that_overlap_have_each_form_made_once_and_each_hears_of_its_own(broker_url, tmp_path):
    with placed(tmp_path, broker_url, deals=40) as (place, found):
        org, deals = place.orgs["main"], found["main"]
        clocks = [place.start("clock"), place.start("clock")]
        place.start("work")
        for n in range(0, 40, 10):
            move(org, deals[n : n + 10])
            place.until_served(org, deals[: n + 10])
        place.until_quiet()
        assert_once(org, deals)
        # a batch whose outcome went astray would keep its clock waiting: it ends at once, with nothing on its way
        assert [clock.ended()[0] for clock in clocks] == [0, 0]
        assert "nothing was heard" not in place.said


def test_without_a_common_name_or_a_broker_a_clock_says_what_is_missing(tmp_path):
    with placed(tmp_path, "redis://127.0.0.1", deals=0) as (place, _):
        nameless = place.start("clock", SFSYNC_INSTALLATION="")
        alone = place.start("work", BROKER_URL="")
        assert [each.process.wait(30) for each in (nameless, alone)] == [2, 2]
        place.until(lambda: "SFSYNC_INSTALLATION" in nameless.said and "BROKER_URL" in alone.said)


def test_a_wrong_password_is_said_clearly_once_and_never_repeated(broker_url, tmp_path):
    right = broker_url.split("@")[0].rpartition(":")[2]
    wrong = broker_url.replace(right, "WRONGPASSWORD")
    with placed(tmp_path, wrong, deals=1) as (place, deals):
        clock, work = place.start("clock"), place.start("work")
        move(place.orgs["main"], deals["main"])
        for each in (clock, work):
            place.until(lambda each=each: "BROKER_URL: The broker does not let us in" in each.said)
        assert work.said.count("The broker does not let us in") == 1
        assert [each.ended()[0] for each in (clock, work)] == [0, 0]
        assert "WRONGPASSWORD" not in place.said
        assert "Traceback" not in place.said
