"""How many batches of an org are on their way, and what keeps them back."""

import pytest

from sfsync import watch
from sfsync.cluster.clock import Clock
from sfsync.errors import Outage, SetupError, TryAgainLater
from sfsync.report import Outcome, Report
from sfsync.watch import DOUBTED, LEASE, Watch


class Way:
    """A clock, what it sent, and a broker that may be away."""

    def __init__(self, one, clock, ahead=2) -> None:
        self.sent = []
        self.away = None
        self.stopping = False
        self.clock = Clock(
            one, Watch(one, clock=clock), self._send, ahead=ahead, stopping=lambda: self.stopping, clock=clock
        )

    def _send(self, batch) -> None:
        if self.away:
            raise self.away
        self.sent.append(batch)

    def tick(self, *, sweep=False) -> Report:
        return self.clock.run(sweep=sweep)

    def comes_back(self, error=None, **more) -> bool:
        return self.clock.hear(Outcome(batch=self.sent[-1].id, report=Report(error=error, **more)))


@pytest.fixture(autouse=True)
def batches_of_three(monkeypatch):
    monkeypatch.setattr(watch, "BATCH", 3)


@pytest.fixture
def way(one, clock):
    return Way(one, clock)


def test_so_many_batches_are_on_their_way_and_the_next_goes_when_one_comes_back(way):
    way.tick()
    assert len(way.sent) == 2
    way.tick()
    assert len(way.sent) == 2
    assert way.comes_back()
    assert len(way.sent) == 3


def test_as_long_as_more_waits_than_is_on_its_way_it_does_not_look_again(way, org):
    way.tick()
    calls = len(org.calls)
    way.tick()
    assert len(org.calls) == calls


def test_an_org_that_takes_nothing_is_left_alone_for_longer_each_time(way, clock):
    way.clock._ahead = 1
    way.tick()
    for pause in (15, 30, 60, 120, 240, 300, 300):
        sent = len(way.sent)
        way.comes_back(Outage("down"))
        clock.now += pause - 1
        way.tick()
        assert len(way.sent) == sent
        clock.now += 1
        way.tick()
        assert len(way.sent) == sent + 1
    way.comes_back()
    way.comes_back(Outage("down"))
    clock.now += 15
    way.tick()
    assert len(way.sent) == sent + 3


def test_what_an_admin_must_mend_is_tried_again_at_the_next_tick(way):
    way.clock._ahead = 1
    way.tick()
    way.comes_back(SetupError("a field is missing"))
    assert len(way.sent) == 1
    assert "a field is missing" in str(way.tick().error)
    assert len(way.sent) == 2


def test_a_report_tells_what_outcomes_came_to_since_the_last_one(way):
    way.tick()
    way.comes_back(made=2, waiting=1)
    report = way.tick()
    assert (report.made, report.waiting) == (2, 1)
    assert way.tick().made == 0


def test_an_outcome_of_another_clocks_batch_is_none_of_its_business(way):
    way.tick()
    strange = Outcome(batch="f" * 32, report=Report(made=7, error=Outage("down")))
    for _ in range(5):
        assert not way.clock.hear(strange)
    assert way.comes_back()
    assert len(way.sent) == 3
    assert way.tick().made == 0


def test_while_it_is_paused_in_salesforce_nothing_is_handed_out(way, org):
    [row] = org.org.get_all("Order_Form_Settings__c")
    org.org.store.update("Order_Form_Settings__c", row["Id"], {"Paused__c": 1})
    try:
        assert way.tick().paused
        assert way.sent == []
    finally:
        org.org.store.update("Order_Form_Settings__c", row["Id"], {"Paused__c": 0})
    way.tick()
    assert len(way.sent) == 2


def test_whoever_stops_hands_out_nothing_more(way):
    way.tick()
    way.stopping = True
    way.comes_back()
    assert len(way.sent) == 2


@pytest.mark.parametrize("why", [TryAgainLater("The broker is away."), SetupError("The broker does not let us in.")])
def test_while_the_broker_is_away_it_goes_on_watching_and_loses_nothing(way, why, deals):
    way.away = why
    assert way.tick().error is why
    assert way.tick().error is why
    way.away = None
    assert way.tick().error is None
    assert [len(batch.failures) for batch in way.sent] == [3, 3]
    assert {i for batch in way.sent for i in batch.failures} <= set(deals)


def test_a_broker_that_goes_away_between_two_batches_does_not_lose_the_next(way):
    way.tick()
    way.away = TryAgainLater("The broker is away.")
    assert way.comes_back()
    way.away = None
    way.tick()
    assert len(way.sent) == 3


def test_what_nobody_answers_is_sent_again(way, clock, caplog):
    way.tick()
    clock.now += LEASE
    way.tick()
    assert len(way.sent) == 4
    assert "nothing was heard of 2 batches; they are sent again" in caplog.text


def test_after_the_broker_was_away_that_is_sooner(way, clock):
    way.tick()
    way.clock.doubt()
    clock.now += DOUBTED
    way.tick()
    assert len(way.sent) == 4
