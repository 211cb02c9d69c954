"""The docs say what the code does."""

import re

import pytest

from sfsync import reference
from sfsync.cli.app import verbs
from sfsync.errors import did_you_mean
from sfsync.salesforce import codes
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("place", reference.PAGES)
def test_a_page_from_the_code_is_what_the_code_says(place):
    assert (ROOT / place).read_text("utf-8") == reference.PAGES[place](), "run: make docs"


def test_the_readme_is_short_and_shows_both_commands_first():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 120
    assert all(any(command in line for line in lines[:12]) for command in ("make demo", "make test"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_every_verb_has_an_example_in_its_help():
    assert all(command.epilog.startswith(f"example: sfsync {name}") for name, command in verbs().items())


def test_every_code_that_sfsync_knows_has_somebody_to_act():
    for code in ("UNABLE_TO_LOCK_ROW", "INVALID_FIELD", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "DUPLICATE_VALUE", "NEW"):
        assert str(codes.classify(code, "said"))


def test_a_near_word_is_suggested_and_a_far_one_is_not():
    assert did_you_mean("tempalte", ["template"]) == "Did you mean template?"
    assert did_you_mean("zebra", ["template"]) == ""
