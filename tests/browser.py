"""A real browser for tests: headless Chromium, which `make browser` installs; where there is none, they are skipped."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = [
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
]
DESKTOP, PHONE = (1280, 900), (390, 844)
PATIENCE = 15


@pytest.fixture(scope="session")
def chrome(tmp_path_factory) -> Iterator["Chrome"]:
    """One Chromium for all tests; each gets a fresh window's worth of state by its own org's address."""
    selenium = pytest.importorskip("selenium.webdriver", reason="make browser installs it")
    if not CHROMIUM or not DRIVER:
        pytest.skip("no Chromium here; make browser installs it")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(DRIVER))
    yield driver
    driver.quit()


@dataclass
class Tab:
    """A page in front of somebody."""

    chrome: "Chrome"
    url: str

    def wait(self, look: Callable[[], Any]) -> Any:
        """Look until there is something to see. What was drawn anew in between is looked up again."""
        from selenium.common.exceptions import StaleElementReferenceException  # noqa: PLC0415 (may be absent)
        from selenium.webdriver.support.wait import WebDriverWait  # noqa: PLC0415

        ignored = [StaleElementReferenceException]
        return WebDriverWait(self.chrome, PATIENCE, 0.05, ignored_exceptions=ignored).until(lambda _: look())

    def all(self, css: str) -> list["WebElement"]:
        return self.chrome.find_elements("css selector", css)

    def one(self, css: str) -> "WebElement":
        return self.wait(lambda: next(iter(self.all(css)), None))

    def click(self, css: str) -> None:
        self.wait(lambda: self.one(css).click() or True)

    def text(self, css: str) -> str:
        return self.wait(lambda: self.one(css).text)

    def reads(self, css: str, text: str) -> None:
        """Wait until this element shows this text somewhere."""
        self.wait(lambda: any(text in each.text for each in self.all(css)))

    def type(self, css: str, text: str) -> None:
        field = self.one(css)
        field.clear()
        field.send_keys(text)

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        self.chrome.switch_to.active_element.send_keys(*keys)

    def tab_to(self, css: str) -> None:
        """Press Tab until the focus is there, as somebody without a mouse does."""
        for _ in range(80):
            if self.script("return document.activeElement.matches(arguments[0])", css):
                return
            self.press("\ue004")
        pytest.fail(f"Tab never gets to {css}")

    def script(self, text: str, *arguments: Any) -> Any:
        return self.chrome.execute_script(text, *arguments)

    def resize(self, size: tuple[int, int]) -> None:
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def complaints(self) -> list[str]:
        """What the console says. The browser itself notes each refused request there; the page shows those."""
        entries = self.chrome.get_log("browser")
        return [entry["message"] for entry in entries if entry["source"] != "network"]

    def requested(self) -> list[str]:
        """Every address that the page has asked for."""
        events = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


def close_others(chrome: "Chrome") -> None:
    first, *others = chrome.window_handles
    for each in others:
        chrome.switch_to.window(each)
        chrome.close()
    chrome.switch_to.window(first)
