"""What Prometheus is told: orgs and causes by name, records never."""

from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sfsync import errors, events, metrics, traces
from sfsync.cli.watching import listener
from sfsync.errors import SetupError
from sfsync.events import (
    Attached,
    Budget,
    Called,
    Ended,
    Files,
    Gone,
    InFlight,
    LoggedIn,
    Passed,
    Refused,
    Rendered,
    Restored,
    SetAside,
    Waiting,
    Who,
)
from sfsync.salesforce import codes
from tests.conftest import ROOT
from tests.shell import sfsync

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
DEAL = "006Pk0000000001IAA"


@pytest.fixture
def kept():
    return metrics.Metrics(lambda: NOW)


def value(kept, name, **labels):
    return kept.registry.get_sample_value(f"sfsync_{name}", {"org": "", **labels})


EVERYTHING = [
    (Attached(opportunity_id=DEAL, version=1, seconds=7), "forms_total", {"outcome": "attached"}, 1),
    (Attached(opportunity_id=DEAL, version=1, seconds=7), "request_to_attached_seconds_bucket", {"le": "10.0"}, 1),
    (Attached(opportunity_id=DEAL, version=1, seconds=7), "request_to_attached_seconds_bucket", {"le": "5.0"}, 0),
    (Restored(count=4), "forms_total", {"outcome": "restored"}, 4),
    (Refused(opportunity_id=DEAL, who=Who.REP, cause="incomplete"), "forms_total", {"outcome": "incomplete"}, 1),
    (Refused(opportunity_id=DEAL, who=Who.ADMIN, cause="setup"), "forms_total", {"outcome": "failed"}, 1),
    (Refused(opportunity_id="", who=Who.ADMIN, cause="setup"), "forms_total", {"outcome": "failed"}, 0),
    (Refused(opportunity_id="", who=Who.LATER, cause="X"), "failures_total", {"who": "later", "cause": "X"}, 1),
    (Rendered(opportunity_id=DEAL, version=1, seconds=0.03, size=900), "render_seconds_bucket", {"le": "0.05"}, 1),
    (Rendered(opportunity_id=DEAL, version=1, seconds=0.03, size=900), "rendered_bytes_total", {}, 900),
    (Called(kind="graph", status=201, seconds=1), "api_calls_total", {"kind": "graph", "status": "2xx"}, 1),
    (Called(kind="graph", status=0, seconds=1), "api_calls_total", {"kind": "graph", "status": "none"}, 1),
    (Called(kind="graph", status=503, seconds=1), "api_call_seconds_count", {"kind": "graph"}, 1),
    (LoggedIn(accepted=False), "logins_total", {"outcome": "refused"}, 1),
    (Passed(ended=Ended.GOOD, moved=5), "moved_total", {}, 5),
    (Passed(ended=Ended.SKIPPED), "passes_total", {"outcome": "skipped"}, 1),
    (Waiting(count=3, oldest=NOW - timedelta(seconds=40)), "waiting", {}, 3),
    (Waiting(count=3, oldest=NOW - timedelta(seconds=40)), "oldest_waiting_seconds", {}, 40),
    (Waiting(count=0), "oldest_waiting_seconds", {}, 0),
    (InFlight(count=75), "in_flight", {}, 75),
    (Budget(used=700, allowed=1000), "api_budget_used_ratio", {}, 0.7),
    (Budget(used=0, allowed=0), "api_budget_used_ratio", {}, 0),
    (Files(count=12), "files_24h", {}, 12),
]


@pytest.mark.parametrize(("event", "name", "labels", "expected"), EVERYTHING)
def test_what_happens_is_kept(kept, event, name, labels, expected):
    kept.heed(event)
    assert value(kept, name, **labels) == expected


def test_every_event_is_kept():
    assert {type(event) for event, *_ in EVERYTHING} == set(events.Event.__args__) - {Gone, SetAside}


def test_a_message_that_is_not_ours_is_counted_for_no_org(kept):
    kept.heed(SetAside())
    assert kept.registry.get_sample_value("sfsync_messages_set_aside_total") == 1
    assert not kept._known


def test_an_org_that_is_gone_has_no_series_any_more_and_the_others_keep_theirs(kept):
    for name in ("acme", "globex"):
        with traces.about(traces.org, name):
            for event, *_ in EVERYTHING:
                kept.heed(event)
    with traces.about(traces.org, "acme"):
        kept.heed(Gone())
    orgs = {sample.labels.get("org") for family in kept.registry.collect() for sample in family.samples}
    assert orgs == {"globex", None}


def test_the_oldest_grows_older_between_two_passes(kept):
    kept.heed(Waiting(count=1, oldest=NOW))
    kept._now = lambda: NOW + timedelta(minutes=6)
    assert value(kept, "oldest_waiting_seconds") == 360


def test_a_pass_that_failed_is_no_good_one(kept):
    kept.heed(Passed(ended=Ended.GOOD))
    kept._now = lambda: NOW + timedelta(minutes=6)
    kept.heed(Passed(ended=Ended.FAILED))
    assert value(kept, "last_good_pass_timestamp_seconds") == NOW.timestamp()


def test_each_org_has_series_of_its_own(kept):
    for name, count in (("acme", 1), ("globex", 2)):
        with traces.about(traces.org, name):
            kept.heed(Restored(count=count))
    assert [value(kept, "forms_total", org=o, outcome="restored") for o in ("acme", "globex")] == [1, 2]


def test_a_series_begins_at_0_so_that_its_first_failure_is_seen(kept):
    kept.know("acme")
    assert value(kept, "forms_total", org="acme", outcome="failed") == 0
    assert value(kept, "logins_total", org="acme", outcome="refused") == 0


def test_no_label_holds_a_record(kept):
    for event, *_ in EVERYTHING:
        kept.heed(event)
    labels = {v for family in kept.registry.collect() for sample in family.samples for v in sample.labels.values()}
    assert "2xx" in labels
    assert not [label for label in labels if "006" in label]


def test_memory_is_told(kept):
    assert kept.registry.get_sample_value("sfsync_memory_bytes", {"part": "worker"}) > 1e6
    assert kept.registry.get_sample_value("sfsync_memory_bytes", {"part": "renderers"}) >= 0


@pytest.mark.parametrize(
    ("error", "who", "cause"),
    [
        (errors.RecordIncomplete("x"), "rep", "incomplete"),
        (errors.SetupError("x"), "admin", "setup"),
        (errors.SetupError("x", code="bug"), "admin", "bug"),
        (errors.LoginRefused("x"), "admin", "login_refused"),
        (errors.Held("x"), "admin", "held"),
        (errors.AnswerLost("x"), "later", "answer_lost"),
        (errors.Outage("x"), "later", "outage"),
        (errors.LookAgain("x"), "later", "look_again"),
        (codes.classify("UNABLE_TO_LOCK_ROW", "Canary"), "later", "UNABLE_TO_LOCK_ROW"),
        (codes.classify("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Canary"), "rep", "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        (codes.classify("INVALID_FIELD", "Canary"), "admin", "INVALID_FIELD"),
        (codes.classify("SOMETHING_NEW", "Canary"), "admin", "unknown_code"),
        (codes.classify("UNABLE_TO_LOCK_ROW", "Canary").again_as(errors.Outage), "later", "UNABLE_TO_LOCK_ROW"),
    ],
)
def test_an_error_is_counted_by_who_acts_next_and_by_a_cause_that_sfsync_knows(error, who, cause):
    assert events.refused(error, DEAL) == Refused(opportunity_id=DEAL, who=Who(who), cause=cause)


def test_prometheus_is_answered_on_a_port_of_this_machine_alone(kept):
    server, thread = metrics.serve(kept, {"SFSYNC_METRICS_PORT": "0"})
    try:
        assert server.server_address[0] == "127.0.0.1"
        with urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=5) as answer:
            families = {f.name for f in text_string_to_metric_families(answer.read().decode())}
        assert {"sfsync_forms", "sfsync_waiting", "sfsync_memory_bytes"} <= families
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("port", ["", "many", "-1", "65536", "²", "80 "])
def test_what_is_no_port_is_refused(kept, port):
    with pytest.raises(SetupError, match="SFSYNC_METRICS_PORT: It is not the number of a port"):
        metrics.serve(kept, {"SFSYNC_METRICS_PORT": port})


def test_a_port_that_is_taken_is_named_with_what_to_do(kept):
    server, thread = metrics.serve(kept, {"SFSYNC_METRICS_PORT": "0"})
    try:
        with pytest.raises(SetupError, match=rf"port {server.server_port}: Address already in use. Set it to a port"):
            metrics.serve(kept, {"SFSYNC_METRICS_PORT": str(server.server_port)})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_log_says_once_a_minute_what_waits_for_long(caplog):
    clock = [NOW]
    heed = listener({}, lambda: clock[0])
    for seconds in (30, 70, 80, 131):
        clock[0] = NOW + timedelta(seconds=seconds)
        heed(Waiting(count=2, oldest=NOW))
        heed(Restored(count=0))
    heed(Waiting(count=0))
    assert caplog.messages == ["2 requests wait, the oldest for 70 s", "2 requests wait, the oldest for 131 s"]
    assert (caplog.records[0].count, caplog.records[0].oldest) == (2, 70)


def test_nobody_is_answered_unless_the_environment_says_so(monkeypatch):
    monkeypatch.setattr(metrics, "serve", lambda *_: pytest.fail("it listens"))
    listener({"SFSYNC_METRICS_HOST": "127.0.0.1"})


def test_without_its_package_the_worker_says_what_to_install(tmp_path):
    (tmp_path / "prometheus_client.py").write_text("raise ModuleNotFoundError('none', name='prometheus_client')")
    done = sfsync("worker", env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "SFSYNC_METRICS_PORT": "9464"})
    assert done.returncode == 2
    assert "SFSYNC_METRICS_PORT: Metrics need a package" in done.stderr
    assert "pip install 'sfsync[metrics]'" in done.stderr
