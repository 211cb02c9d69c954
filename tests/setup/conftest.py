"""An admin at the command line, and a bare org."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sfsync.cli import main
from sfsync.pocketorg.server import PocketOrg
from tests.conftest import METADATA, ROOT


class Said(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Admin = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the admin's own, with settings, templates and metadata."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def setup(bare_org: PocketOrg, project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Admin:  # noqa: ARG001 (stands in it)
    """Type `sfsync setup …` as the org's admin."""
    for name in ("SF_CLIENT_ID", "SFSYNC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SF_INSTANCE_URL", bare_org.instance_url)
    monkeypatch.setenv("SF_ACCESS_TOKEN", bare_org.access_token)

    def typed(*words: str) -> Said:
        code = main(["setup", *words])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typed


@pytest.fixture
def number() -> int:
    """How many components there are."""
    return len(list(METADATA.rglob("*-meta.xml")))
