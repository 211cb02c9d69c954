"""The machine's clock is not the org's: nothing is missed for that, and no time on a record contradicts another."""

from datetime import timedelta

import pytest


@pytest.mark.parametrize("seconds", [-2, 0, 2])
def test_a_form_is_never_ready_before_it_was_asked_for(world, seconds):
    deal = world.deal()
    worker = world.worker(ahead=timedelta(seconds=seconds))
    world.move(deal)
    worker.run()  # within the same second
    record = world.record(deal)
    assert record["Order_Form_Status__c"] == "Ready"
    assert record["Order_Form_Requested_At__c"] <= record["Order_Form_Ready_At__c"]


def test_of_two_changes_within_one_second_the_second_is_not_missed(world):
    deal = world.deal()
    line = world.product(deal)
    world.move(deal)
    worker = world.worker(ahead=timedelta(seconds=2))
    world.run(worker)
    world.clock.forward(minutes=1, seconds=0.4)
    world.rep.update("OpportunityLineItem", line, Quantity=3)
    worker.run()
    world.clock.forward(seconds=0.3)
    world.rep.update("OpportunityLineItem", line, Quantity=5)
    assert world.run(worker).made == 1


def test_a_clock_that_is_an_hour_ahead_misses_no_change(world):
    deal = world.deal()
    line = world.product(deal)
    world.move(deal)
    worker = world.worker(ahead=timedelta(hours=1))
    worker.run()
    world.clock.forward(minutes=5)
    world.rep.update("OpportunityLineItem", line, Quantity=3)
    world.clock.forward(minutes=25)
    assert worker.run().made == 1
