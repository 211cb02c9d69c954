"""The runbook knows what sfsync says, and says nothing that sfsync does not."""

import json
import re
from pathlib import Path

import click
import pytest

from sfsync import reference
from sfsync.cli.app import verbs
from sfsync.records import Status
from tests import runbook
from tests.conftest import ROOT

SPEAKING = [
    *(ROOT / "sfsync" / f"{name}.py" for name in ("watch", "serve", "worker", "reload", "heartbeat", "logs")),
    *(ROOT / "sfsync" / "cluster").glob("*.py"),
    *(ROOT / "sfsync" / "salesforce").glob("*.py"),
    *(ROOT / "sfsync" / "cli").glob("*.py"),
]
#: in italics: what Salesforce itself calls so
SALESFORCES = {"Login History", "System Overview", "API Total Usage", "in italics"}


@pytest.mark.parametrize("quote", runbook.quotes())
def test_what_the_runbook_quotes_the_code_says(quote):
    assert any(runbook.fits(quote, text) for text in runbook.texts())


@pytest.mark.parametrize("path", sorted(SPEAKING), ids=lambda path: str(path.relative_to(ROOT / "sfsync")))
def test_every_warning_and_error_of_the_log_stands_in_the_runbook(path: Path):
    unknown = [
        f"{path.name}:{line}: {said}"
        for line, said in runbook.spoken(path)
        if not any(runbook.fits(quote, said) for quote in runbook.quotes())
    ]
    assert unknown == []


def test_the_walk_over_the_code_sees_its_messages():
    said = [said for path in SPEAKING for _, said in runbook.spoken(path)]
    assert len(said) > 15
    assert "nothing was heard of … batches; they are sent again" in said
    assert not {text for text in said if text.strip(f"{runbook.GAP}: ") == ""}


def test_no_message_is_explained_twice():
    quotes = runbook.quotes()
    assert len(quotes) == len(set(quotes))


def test_every_status_stands_in_the_runbook():
    rows = runbook.table("What does the record say?")
    assert [row[0] for row in rows[1:]] == [status.value for status in (Status.READY, *_but_ready())]
    assert rows[0][0].startswith("(empty)")


def _but_ready() -> list[Status]:
    return [status for status in Status if status is not Status.READY]


def test_every_cell_says_something():
    tables = ("What does the record say?", "What does the log say?", "How do I …?")
    assert all(cell for title in tables for row in runbook.table(title) for cell in row)


def test_every_command_can_be_typed():
    known = verbs()
    for command in set(re.findall(r"`(sfsync [a-z-]+[^`]*)`", runbook.page())) - set(runbook.quotes()):
        _, verb, *words = command.split()
        options = {name for option in known[verb].params for name in option.opts if isinstance(option, click.Option)}
        assert {word for word in words if word.startswith("--")} <= options, command


def test_every_variable_stands_in_the_reference():
    pages = "".join(make() for make in reference.PAGES.values())
    for name in re.findall(r"`((?:SF|SFSYNC|BROKER|REDIS)_[A-Z_]+)`", runbook.page()):
        assert name in pages, name


def test_every_name_in_italics_is_a_panel_or_stands_in_salesforce():
    panels = {panel["title"] for panel in json.loads((ROOT / "config/monitoring/dashboard.json").read_text())["panels"]}
    files = "".join(f.read_text("utf-8") for f in (ROOT / "config/salesforce").rglob("*.xml"))
    headings = {row[0].capitalize() for row in runbook.table("How do I …?")}
    status = (ROOT / "sfsync" / "cli" / "status.py").read_text("utf-8")
    for name in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", runbook.page()):
        shown = f"<label>{name}</label>" in files or f"<masterLabel>{name}</masterLabel>" in files
        known = name in SALESFORCES | headings or any(panel.startswith(name) for panel in panels)
        assert shown or known or f'"{name} ' in status, name


def test_the_page_can_be_read_at_night():
    assert len(runbook.page().splitlines()) < 160
