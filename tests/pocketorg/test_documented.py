"""The page about the pocket org says what is there."""

import re
from pathlib import Path

from sfsync.pocketorg.http.control import Control
from sfsync.pocketorg.rest.resources import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "pocket-org.md").read_text(encoding="utf-8")


def test_the_page_lists_every_resource_with_its_methods_and_no_other():
    listed = dict(re.findall(r"^\| `([^`]+)` \| ((?:[A-Z]+(?:, )?)+) \|", PAGE, re.MULTILINE))
    spoken = {route.path or "/": ", ".join(route.methods) for route in ROUTES}
    assert listed == spoken


def test_the_page_lists_every_call_of_the_control_surface(org):
    listed = set(re.findall(r"^\| `([A-Z]+) (/__pocketorg__[^`]*)` \|", PAGE, re.MULTILINE))
    assert listed == Control(org.org).calls()
