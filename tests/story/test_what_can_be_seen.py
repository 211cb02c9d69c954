"""What whoever watches over the worker is told, and how an admin finds its calls in Salesforce: Ids and numbers."""

import json
import logging
from dataclasses import asdict

import pytest

from sfsync import __version__, events, logs, metrics, traces
from sfsync.events import (
    Attached,
    Called,
    Ended,
    Files,
    InFlight,
    LoggedIn,
    Passed,
    Refused,
    Rendered,
    Restored,
    Waiting,
    Who,
)
from tests.story.test_nothing_leaks import CANARIES

pytestmark = pytest.mark.usefixtures("heard")


@pytest.fixture
def heard(renderers, monkeypatch):
    """All that happens, in its order."""
    heard: list[events.Event] = []
    monkeypatch.setattr(renderers, "_heed", heard.append)
    return heard


@pytest.fixture
def worker(world, heard):
    worker = world.worker()
    worker.one.heed = worker.one.board._heed = worker.one.api.session._heed = heard.append
    return worker


@pytest.fixture
def lines():
    """What the log says, as a machine reads it."""
    kept: list[dict] = []

    class Keep(logging.Handler):
        def emit(self, record):
            kept.append(json.loads(self.format(record)))

    handler, ours = Keep(), logging.getLogger("sfsync")
    handler.setFormatter(logs.Json())
    ours.addHandler(handler)
    before = ours.level
    ours.setLevel(logging.DEBUG)
    yield kept
    ours.removeHandler(handler)
    ours.setLevel(before)


def of(heard, kind):
    return [event for event in heard if isinstance(event, kind)]


def clients(world) -> set[str]:
    return {c.client for c in world.org.org.calls if c.client.startswith("sfsync/")}


def test_a_form_that_is_made_is_told_from_the_login_to_the_file(world, worker, heard):
    deal = world.deal()
    world.move(deal)
    world.run(worker)
    [rendered], [attached] = of(heard, Rendered), of(heard, Attached)
    assert (rendered.opportunity_id, rendered.version) == (attached.opportunity_id, attached.version) == (deal, 1)
    assert attached.seconds == 60
    assert rendered.size > 1000
    assert of(heard, LoggedIn) == [LoggedIn(accepted=True)]
    assert of(heard, InFlight) == [InFlight(count=1), InFlight(count=0)]
    assert of(heard, Passed) == [Passed(ended=Ended.GOOD, moved=1)]
    assert [w.count for w in of(heard, Waiting)] == [1, 0]
    assert {c.kind for c in of(heard, Called)} >= {"composite", "graph"}
    assert {c.status for c in of(heard, Called)} <= {200, 201}


def test_who_acts_next_is_told_with_the_cause(world, worker, heard):
    gap, locked = world.deal(products=0), world.deal()
    world.move(gap, locked)
    world.org.faults.lock(locked)
    world.run(worker)
    assert of(heard, Refused) == [
        Refused(opportunity_id=gap, who=Who.REP, cause="incomplete"),
        Refused(opportunity_id=locked, who=Who.LATER, cause="UNABLE_TO_LOCK_ROW"),
    ]


def test_what_is_locked_waits_and_what_the_rep_has_to_mend_does_not(world, worker, heard):
    gap, locked = world.deal(products=0), world.deal()
    world.move(gap, locked)
    world.org.faults.lock(locked)
    world.run(worker)
    assert of(heard, Waiting)[-1].count == 1
    world.org.faults.clear()
    world.run(worker)
    assert of(heard, Waiting)[-1] == Waiting(count=0)


def test_what_waits_grows_older_while_the_org_is_down(world, worker, heard):
    world.run(worker)
    world.move(world.deal())
    world.org.faults.add("html", path="composite/graph", times=100)
    world.run(worker)
    noticed = of(heard, Waiting)[-1]
    world.run(worker)
    assert noticed.count == 1
    assert of(heard, Waiting)[-1] == noticed


def test_a_look_that_fails_is_told_as_one(world, worker, heard):
    world.org.faults.add("html", path="composite", times=100)
    world.run(worker)
    assert of(heard, Passed) == [Passed(ended=Ended.FAILED)]
    assert of(heard, Refused) == [Refused(opportunity_id="", who=Who.LATER, cause="outage")]
    assert {c.status for c in of(heard, Called)} == {503}


def test_how_many_files_the_org_was_given_is_counted_in_the_org_itself(world, worker, heard):
    deals = [world.deal() for _ in range(3)]
    world.move(*deals)
    world.run(worker)
    world.clock.forward(hours=23)
    world.run(worker)
    assert of(heard, Files)[-1] == Files(count=3)
    world.clock.forward(hours=1)
    world.run(worker)
    assert of(heard, Files)[-1] == Files(count=0)


def test_fields_that_are_written_again_are_told(world, worker, heard):
    deal = world.deal()
    world.move(deal)
    world.run(worker)
    world.rep.update("Opportunity", deal, Order_Form_Status__c=None)
    world.run(worker)
    assert sum(event.count for event in of(heard, Restored)) == 1


def test_the_upload_goes_by_a_name_that_the_lines_of_its_requests_carry_too(world, worker, lines):
    deals = [world.deal() for _ in range(3)]
    world.move(*deals)
    world.run(worker)
    attached = [line for line in lines if "version 1 attached" in line["message"]]
    assert {line["opportunity"] for line in attached} == set(deals)
    assert len({line["trace"] for line in attached}) == 3
    [call] = {line["call"] for line in attached}
    assert f"sfsync/{__version__}/{call}" in {c.client for c in world.org.org.calls if c.path == "/composite/graph"}


def test_the_line_of_a_form_that_is_refused_carries_its_trace_and_its_call_too(world, worker, lines):
    deal = world.deal()
    world.move(deal)
    world.org.faults.lock(deal)
    world.run(worker)
    [line] = [line for line in lines if "UNABLE_TO_LOCK_ROW" in line["message"]]
    assert line["opportunity"] == deal
    assert line["call"] == line["trace"]
    world.org.faults.clear()
    world.run(worker)
    [attached] = [line for line in lines if "version 1 attached" in line["message"]]
    assert attached["trace"] == line["trace"]


def test_an_upload_of_one_form_goes_by_the_name_of_its_request(world, worker, lines):
    world.move(world.deal())
    world.run(worker)
    [line] = [line for line in lines if "version 1 attached" in line["message"]]
    assert line["call"] == line["trace"]


def test_looking_goes_by_the_version_alone_so_that_the_org_sees_one_client(world, worker):
    world.run(worker)
    assert clients(world) == {f"sfsync/{__version__}"}


def test_nothing_that_is_told_holds_what_stands_on_a_record(world, worker, heard, lines):
    account = world.account(Name=CANARIES["account"], BillingStreet=CANARIES["street"])
    good, bad = (world.deal(account=account, Name=CANARIES["deal"], products=n) for n in (1, 0))
    locked = world.deal(account=account, Name=CANARIES["deal"])
    world.move(good, bad, locked)
    world.org.faults.lock(locked)
    kept = metrics.Metrics(world.clock)
    with traces.about(traces.org, "acme"):
        world.run(worker)
        for event in heard:
            kept.heed(event)
    labels = [s.labels for family in kept.registry.collect() for s in family.samples]
    told = json.dumps([[asdict(event) for event in heard], lines, labels, sorted(clients(world))], default=str)
    assert good in told
    assert '"acme"' in told
    assert "Canary" not in told
    assert world.org.client_secret not in told


def test_the_six_steps_are_spans_of_one_org(world, worker, monkeypatch):
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    kept, provider = memory.InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(kept))
    monkeypatch.setattr(traces._otel(), "get_tracer", provider.get_tracer)
    deal = world.deal(Name=CANARIES["deal"])
    world.move(deal)
    with traces.about(traces.org, "acme"):
        world.run(worker)
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert spans.keys() == {"watch", "batch", "read", "compose", "render", "attach", "tell"}
    assert len({spans[step].context.trace_id for step in spans.keys() - {"watch"}}) == 1
    assert {span.attributes["sfsync.org"] for span in spans.values()} == {"acme"}
    assert spans["render"].attributes["sfsync.opportunity"] == deal
    assert spans["attach"].attributes["sfsync.count"] == 1
    assert not any("Canary" in span.to_json() for span in spans.values())
    provider.shutdown()
