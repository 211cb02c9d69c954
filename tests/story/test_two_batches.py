"""Two batches of one org at a time, as a backlog has them."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import uuid4

from sfsync.records import Batch


def test_of_two_batches_one_uploads_to_its_end_while_the_other_waits(world):
    serve = world.worker().serve
    deals = [world.deal(stage="Order Form") for _ in range(24)]
    serve.attacher.batch_size, world.org.faults.latency = 3, 0.1
    halves = deals[:12], deals[12:]
    with ThreadPoolExecutor(2) as threads:
        batches = [Batch(id=uuid4().hex, failures=dict.fromkeys(half, 0), left=()) for half in halves]
        outcomes = list(threads.map(serve.batch, batches))
    assert [outcome.report.made for outcome in outcomes] == [12, 12]
    rows = world.org.org.get_all("Order_Form__c")
    whose = [row["Opportunity__c"] in halves[0] for row in rows]
    assert sum(one != other for one, other in pairwise(whose)) == 1
