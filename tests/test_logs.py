"""Log lines say Ids and numbers, whoever writes them, and no error speaks for itself."""

import io
import json
import logging
import sys
import threading

import pytest

from sfsync import logs, traces
from sfsync.errors import SetupError

CANARY = "Canary Textiles, 17 Canary Wharf"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines():
    """Loggers of ours and of a library, each with what it wrote as JSON and as plain text."""
    streams = {kind: io.StringIO() for kind in ("json", "plain")}
    ours, theirs = logging.getLogger("sfsync.somewhere"), logging.getLogger("somebody.elses")
    handlers = [logs._Quiet(stream) for stream in streams.values()]
    for handler, formatter in zip(handlers, (logs.Json(), logs.Plain()), strict=True):
        handler.setFormatter(formatter)
    for logger in (ours, theirs):
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        for handler in handlers:
            logger.addHandler(handler)
    yield Written(ours, theirs, streams, handlers)
    for logger in (ours, theirs):
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
        for handler in handlers:
            logger.removeHandler(handler)


class Written:
    def __init__(self, ours, theirs, streams, handlers) -> None:
        self.ours, self.theirs, self.streams, self.handlers = ours, theirs, streams, handlers

    @property
    def line(self) -> dict:
        [line] = self.streams["json"].getvalue().splitlines()
        return json.loads(line)

    @property
    def text(self) -> str:
        return "".join(stream.getvalue() for stream in self.streams.values())


def test_a_line_for_machines_is_one_object_with_time_level_logger_and_words(lines):
    lines.ours.warning("%d forms\nattached", 3)
    assert lines.line.pop("time").endswith("Z")
    assert {k: v for k, v in lines.line.items() if k != "time"} == {
        "level": "WARNING",
        "logger": "sfsync.somewhere",
        "message": "3 forms\nattached",
    }


def test_a_line_says_what_it_is_about(lines):
    with (
        traces.about(traces.org, "acme"),
        traces.about(traces.call, "8cba0766c4f76381"),
        traces.about(traces.request, "a13288cdc462c115"),
    ):
        lines.ours.info("attached", extra={"opportunity": "006Pk0000000001IAA", "version": 1, "seconds": 8.1})
    assert lines.line.items() >= {
        ("org", "acme"),
        ("call", "8cba0766c4f76381"),
        ("trace", "a13288cdc462c115"),
        ("opportunity", "006Pk0000000001IAA"),
        ("version", 1),
        ("seconds", 8.1),
    }
    assert " INFO    acme: attached\n" in lines.streams["plain"].getvalue()


@pytest.mark.parametrize(
    "extra",
    [
        {"account": CANARY},
        {"opportunity": CANARY},
        {"count": [CANARY]},
        {"count": {"name": CANARY}},
        {"opportunity": "CANARY\n"},
        {"seconds": float("nan")},
        {"opportunity": "c" * 65},
    ],
)
def test_what_is_no_known_field_with_a_number_or_a_word_is_dropped(lines, extra):
    lines.ours.info("said", extra=extra)
    assert set(lines.line) == {"time", "level", "logger", "message"}
    assert "canary" not in lines.text.lower()


@pytest.mark.parametrize("logger", ["ours", "theirs"])
def test_an_error_is_named_without_its_text(lines, logger):
    try:
        int(CANARY)
    except ValueError:
        getattr(lines, logger).exception("it broke", stack_info=True)
    assert "ValueError at test_logs.py:" in lines.text
    assert "Canary" not in lines.text


def test_a_library_says_nothing_that_was_filled_into_its_words(lines):
    lines.theirs.warning("Failed to parse headers (url=%s)", CANARY)
    assert lines.line["message"] == "Failed to parse headers (url=%s)"
    assert "Canary" not in lines.text


@pytest.mark.parametrize("message", [f"Retrying after {CANARY}", ValueError(CANARY)])
def test_a_library_whose_words_are_filled_in_already_says_only_where_it_was(lines, message):
    lines.theirs.warning(message)
    assert lines.line["message"].startswith("somebody.elses, test_logs.py:")
    assert "Canary" not in lines.text


def test_a_line_that_cannot_be_written_is_lost_without_a_word(lines, capsys):
    for handler in lines.handlers:
        handler.handle(logging.LogRecord("sfsync.x", logging.INFO, "x.py", 1, "%d forms", (CANARY,), None))
    assert capsys.readouterr() == ("", "")
    assert lines.text == ""


@pytest.mark.parametrize(
    ("stream", "wanted", "kind"),
    [
        (io.StringIO(), "", logs.Json),
        (Terminal(), "", logs.Plain),
        (io.StringIO(), "plain", logs.Plain),
        (Terminal(), "json", logs.Json),
    ],
)
def test_machines_read_json_and_people_plain_text_unless_said_otherwise(stream, wanted, kind):
    assert type(logs._formatter(wanted, stream)) is kind


def test_an_unknown_kind_of_log_is_refused_with_what_to_write():
    with pytest.raises(SetupError, match=r"SFSYNC_LOGS: 'xml' is no kind of log\. Write json or plain\."):
        logs._formatter("xml", io.StringIO())


def test_what_nobody_caught_is_named_without_its_text(lines, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(logs, "log", lines.ours)
    logs.hush()
    thread = threading.Thread(target=lambda: int(CANARY))
    thread.start()
    thread.join()
    try:
        int(CANARY)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    said = lines.streams["json"].getvalue().splitlines()
    assert len(said) == 2
    assert all("this is a bug of sfsync's; please report it: ValueError at test_logs.py" in line for line in said)
    assert "Canary" not in lines.text
