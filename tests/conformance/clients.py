"""Where the clients are, and how to run one."""

from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / ".conformance"

Run = Callable[..., str]


def installed(*parts: str) -> Path:
    """The path of an installed client; skips the test where `make conformance` has not put it there."""
    path = INSTALLED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{parts[-1]} is not installed; `make conformance` does it")
    return path
