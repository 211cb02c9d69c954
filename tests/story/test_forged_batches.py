"""Whoever can write to the broker can ask sfsync to look at a record, and can make it say nothing that is not so."""

import dataclasses
import json
import uuid

import pytest

from sfsync.cluster import letters
from sfsync.digest import Figures
from sfsync.records import Batch
from tests.story.test_nothing_leaks import CANARIES


def batch(*left: str, **failures: int) -> Batch:
    return Batch(id=uuid.uuid4().hex, failures=failures, left=left)


@pytest.fixture
def worker(world):
    worker = world.worker()
    world.run(worker)
    return worker


def standing(world, deal: str) -> tuple[str | None, str | None]:
    return world.status(deal), world.message(deal)


def test_a_record_that_still_stands_in_its_stage_keeps_its_message(world, worker):
    deal = world.deal(products=0)
    world.move(deal)
    world.run(worker)
    before = standing(world, deal)
    assert before[0] == "Needs information"
    assert worker.serve.batch(batch(deal)).report.error is None
    assert standing(world, deal) == before


def test_whether_a_record_that_left_has_a_form_the_org_says(world, worker):
    deal = world.deal(products=0)
    world.move(deal)
    world.run(worker)
    world.move(deal, stage="Closed Lost")
    worker.serve.batch(batch(deal))
    assert standing(world, deal) == (None, None)


def test_a_record_of_which_sfsync_never_spoke_is_not_written(world, worker):
    deal = world.deal()
    worker.serve.batch(batch(deal))
    assert standing(world, deal) == (None, None)
    assert not [call for call in world.org.calls if call.method == "PATCH" and "composite" in call.path]


def test_a_record_in_no_watched_stage_gets_no_form(world, worker):
    deal = world.deal()
    assert worker.serve.batch(batch(**{deal: 0})).report.made == 0
    assert world.files(deal) == []


def test_a_form_that_is_as_the_record_is_is_not_made_again(world, worker):
    deal = world.deal()
    world.move(deal)
    world.run(worker)
    for _ in range(3):
        assert worker.serve.batch(batch(**{deal: 0})).report.made == 0
    assert world.versions(deal) == 1


def test_asking_the_org_costs_one_call_and_only_where_a_record_left(world, worker):
    deal = world.deal(products=0)
    world.move(deal)
    world.run(worker)
    world.move(deal, stage="Closed Lost")
    for left, calls in ((), 0), ((deal,), 2):
        before = worker.one.api.session.calls
        worker.serve.batch(batch(*left))
        assert worker.one.api.session.calls - before == calls


def test_what_travels_holds_nothing_of_a_customer(world, worker):
    name = CANARIES["account"]
    account = world.account(Name=name, BillingCity=name)
    good, bare, full = (world.deal(Name=name, account=account, products=n) for n in (1, 0, 1))
    world.move(good, bare)
    asked = batch(**{good: 0, bare: 0})
    first = worker.serve.batch(asked)
    world.org.org.limits.storage = 0
    world.move(full)
    second = worker.serve.batch(batch(**{full: 0}))
    assert (first.report.made, first.report.waiting, second.report.failed) == (1, 1, 1)
    told = json.dumps([letters.of_batch(asked), letters.of_outcome(first), letters.of_outcome(second)])
    assert good in told
    assert name not in told


def test_the_digest_holds_figures_only():
    """Nothing else goes in: all that it is made of are numbers and moments."""
    assert {field.type for field in dataclasses.fields(Figures)} == {int, bool, tuple[float, ...], int | None}
