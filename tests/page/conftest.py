"""A rep's browser: headless Chromium on the page of a pocket org that runs."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from sfsync.demo import Rep
from sfsync.pocketorg.server import PocketOrg
from tests.browser import DESKTOP, Tab, chrome, close_others
from tests.conftest import METADATA, ROOT, environ, switched_on

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

__all__ = ["chrome"]

REP = "dana.reyes@pocketorg.example"


@pytest.fixture
def org() -> Iterator[PocketOrg]:
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        switched_on(running)
        yield running


@pytest.fixture
def rep(org: PocketOrg) -> Iterator[Rep]:
    """What the rep would do through the API: to prepare, and to see what the page has done."""
    rep = Rep(org.instance_url, org.token_for(REP))
    with rep.http:
        yield rep


@pytest.fixture
def worker(org: PocketOrg) -> Callable[[], None]:
    """Lets the real sfsync make one pass, with the settings that it ships."""
    command = [sys.executable, "-m", "sfsync", "run", "--config", str(ROOT / "config" / "sfsync.yaml")]

    def run() -> None:
        subprocess.run(command, env={"PATH": "", **environ(org)}, check=True, capture_output=True, timeout=60)

    return run


class Desk(Tab):
    """The page in front of the rep."""

    def open(self, path: str = "/") -> None:
        self.chrome.get(self.url + path)
        self.wait(lambda: self.all("main h1"))

    def open_deal(self, deal_id: str) -> None:
        self.open(f"/lightning/r/Opportunity/{deal_id}/view")


@pytest.fixture
def desk(chrome: "Chrome", org: PocketOrg) -> Iterator[Desk]:
    """A desktop. Afterwards nothing may stand on the console, and nothing may have been asked of another host."""
    desk = Desk(chrome, org.instance_url)
    desk.requested()
    desk.complaints()
    desk.resize(DESKTOP)
    yield desk
    complaints, requested = desk.complaints(), desk.requested()
    close_others(chrome)
    chrome.get("about:blank")
    assert complaints == []
    # the browser's own viewer of PDFs is made of chrome:// pages
    own = (f"{org.instance_url}/", "chrome-extension://", "chrome://", "about:", "blob:")
    assert [url for url in requested if not url.startswith(own)] == []
