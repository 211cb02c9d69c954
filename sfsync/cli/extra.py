"""Verbs that need packages which a worker in production is installed without."""

from collections.abc import Iterator
from contextlib import contextmanager

from sfsync.errors import SetupError


@contextmanager
def packages(of: str = "The pocket org") -> Iterator[None]:
    """Say what to install where an import within fails."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise SetupError(
            f"{of} needs packages that are not installed ({missing.name}).",
            remedy="Install them: pip install -r requirements-dev.txt",
        ) from None
