"""What none of ours wrote is set aside without a word of it, and the next message is served."""

from tests.brokers import queues
from tests.brokers.machines import placed
from tests.brokers.queues import CLOCK, WORK
from tests.cluster.orgs import move


def test_strangers_are_set_aside_on_both_queues_and_hold_up_nothing(broker_url, tmp_path):
    with placed(tmp_path, broker_url, deals=6) as (place, found):
        org, deals = place.orgs["main"], found["main"]
        clock, work = place.start("clock"), place.start("work", "--threads", "2")
        move(org, deals[:1])
        place.until_served(org, deals[:1])
        for queue in (WORK, CLOCK):
            for number, stranger in enumerate(queues.strangers(queue)):
                queues.put(broker_url, stranger, queue, number=str(number))
        many = len(queues.strangers(WORK))
        for machine in (clock, work):
            place.until(lambda each=machine: each.said.count("a message was set aside") >= many)
        for n in range(1, 6):
            move(org, deals[n : n + 1])
            place.until_served(org, deals[: n + 1], patience=10)
        assert [queues.aside(broker_url, queue) for queue in (WORK, CLOCK)] == [many, many]
        place.until(lambda: [queues.length(broker_url, queue) for queue in (WORK, CLOCK)] == [0, 0])
        assert "CANARY" not in place.said
        assert "Traceback" not in place.said
        assert [each.ended()[0] for each in (clock, work)] == [0, 0]
