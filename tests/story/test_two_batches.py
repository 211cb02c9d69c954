"""Two batches of one org at a time, as a backlog has them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from sfsync.records import Batch
from sfsync.serve import Serve


def test_while_one_batch_takes_in_what_was_attached_the_other_uploads(world):
    sync, both = world.worker(), Barrier(2)
    serve = Serve(sync.one, world.renderers, attached=lambda _number: both.wait(30))
    deals = [world.deal(stage="Order Form") for _ in range(8)]
    halves = deals[:4], deals[4:]
    with ThreadPoolExecutor(2) as threads:
        batches = [Batch(id=uuid4().hex, failures=dict.fromkeys(half, 0), left=()) for half in halves]
        outcomes = list(threads.map(serve.batch, batches))
    assert [(outcome.report.made, outcome.report.error) for outcome in outcomes] == [(4, None), (4, None)]
