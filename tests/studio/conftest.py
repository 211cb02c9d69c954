"""A studio that runs as an admin starts it, on a copy of the shipped settings and templates."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from sfsync.pocketorg.server import PocketOrg
from tests.browser import chrome
from tests.conftest import METADATA, ROOT, environ

__all__ = ["chrome"]


@dataclass
class Studio:
    """Its address, its key, and the folder whose files it shows."""

    url: str
    key: str
    folder: Path
    process: "subprocess.Popen[str]"

    @property
    def template(self) -> Path:
        return self.folder / "templates" / "order_form.xml"

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        given = {"X-Studio-Key": self.key, **(headers or {})}
        return requests.get(self.url + path, params=query, headers=given, timeout=30)

    def change(self, old: str, new: str) -> None:
        """Save the template with other words, as an editor does."""
        text = self.template.read_text("utf-8")
        assert old in text
        self.template.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture(scope="session")
def org() -> Iterator[PocketOrg]:
    with PocketOrg(seed="sample", metadata=[METADATA]) as running:
        yield running


@pytest.fixture(scope="module")
def studio(org, tmp_path_factory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("desk")
    for name in ("config", "templates"):
        shutil.copytree(ROOT / name, folder / name)
    yield from started(folder, environ(org))


@pytest.fixture(autouse=True)
def as_shipped(request) -> Iterator[None]:
    """Each test finds the files as they are shipped."""
    yield
    if "studio" in request.fixturenames:
        folder = request.getfixturevalue("studio").folder
        for name in ("config/sfsync.yaml", "templates/order_form.xml"):
            if (folder / name).read_bytes() != (ROOT / name).read_bytes():
                shutil.copy(ROOT / name, folder / name)


def started(folder: Path, env: dict[str, str]) -> Iterator[Studio]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SF")}
    with subprocess.Popen(
        [sys.executable, "-m", "sfsync", "studio"], cwd=folder, env={**clean, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            url, key = _address(process)
            yield Studio(url, key, folder, process)
            process.send_signal(signal.SIGINT)
            _, complaints = process.communicate(timeout=20)
            assert (process.returncode, complaints) == (0, "")
        finally:
            process.kill()


def _address(process: "subprocess.Popen[str]") -> tuple[str, str]:
    said = ""
    while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/#(\S+)", said)):
        line = process.stdout.readline()
        assert line, process.stderr.read()
        said += line
    return found[1], found[2]
