"""What is being worked on follows into threads, and out in each call; spans say Ids and numbers."""

import threading

import pytest

from sfsync import traces
from sfsync.traces import about, call, of_call, org, short


def test_a_short_name_is_the_same_for_the_same_request_and_speaks_no_data():
    assert short("0065g00000AbCdEAAV", "token") == short("0065g00000AbCdEAAV", "token")
    assert short("0065g00000AbCdEAAV", "token") != short("0065g00000AbCdEAAV", "other")
    assert len(short("Canary", "Textiles")) == 16
    assert set(short("Canary", "Textiles")) <= set("0123456789abcdef")


def test_a_call_of_one_request_goes_by_its_name_and_one_of_many_by_a_name_for_all():
    assert of_call(["a1"]) == "a1"
    assert of_call(["a1", "b2"]) == short("a1", "b2")


def test_what_it_is_about_ends_with_the_block_also_where_that_fails():
    with pytest.raises(ValueError, match="acme"), about(org, "acme"):
        int(org.get())
    assert org.get() == ""


def test_another_thread_is_about_the_same_only_where_it_was_told():
    found = []
    with about(org, "acme"), about(call, "c1"):
        for function in (traces.within(lambda: found.append((org.get(), call.get()))), lambda: found.append(org.get())):
            thread = threading.Thread(target=function)
            thread.start()
            thread.join()
    assert found == [("acme", "c1"), ""]


def test_without_opentelemetry_a_span_is_nothing(monkeypatch):
    monkeypatch.setattr(traces, "_otel", lambda: None)
    with traces.span("read", count=3) as nothing:
        assert nothing is None


@pytest.fixture
def spans():
    """What the tracer of a test keeps in memory; OpenTelemetry lets a process have one."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    kept, provider = memory.InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(kept))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traces._otel(), "get_tracer", provider.get_tracer)
        yield kept
    provider.shutdown()


def test_a_span_says_its_step_its_org_its_call_and_numbers(spans):
    with about(org, "acme"), about(call, "c1"), traces.span("render", opportunity="006Pk0000000001IAA", version=2):
        pass
    [span] = spans.get_finished_spans()
    assert span.name == "render"
    assert dict(span.attributes) == {
        "sfsync.org": "acme",
        "sfsync.call": "c1",
        "sfsync.opportunity": "006Pk0000000001IAA",
        "sfsync.version": 2,
    }


def test_a_span_that_fails_says_so_without_the_errors_text(spans):
    with pytest.raises(ValueError, match="Canary"), traces.span("read"):
        int("Canary Textiles")
    [span] = spans.get_finished_spans()
    assert not span.status.is_ok
    assert "Canary" not in span.to_json()
