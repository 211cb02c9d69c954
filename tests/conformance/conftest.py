"""Clients that we did not write, in processes of their own, and the pocket org that they are told to use.

`make conformance` installs them beside the checkout's own files; where they are missing the tests are skipped.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import INSTALLED, Run

from sfsync.pocketorg import PocketOrg


@pytest.fixture(scope="module")
def org() -> Iterator[PocketOrg]:
    """An org with the sample deals and nothing of sfsync's."""
    with PocketOrg() as org:
        yield org


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of their own, so that no client reads or writes the settings of whoever runs the tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def run(home: Path) -> Run:
    """Runs a client's program to its end and gives what it printed; its errors are the test's."""

    def run(program: Path | str, *arguments: str | Path, cwd: Path = home, fails: bool = False, **environ: str) -> str:
        path = f"{INSTALLED / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
        quiet = {
            "SF_DISABLE_TELEMETRY": "true",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        }
        done = subprocess.run(
            [program, *arguments],
            cwd=cwd,
            env={"PATH": path, "HOME": str(home), **quiet, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{done.returncode}: {done.stdout}\n{done.stderr}"
        return done.stdout

    return run
