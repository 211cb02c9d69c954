"""Settings and templates that change while the worker runs: taken up when they are in order, else the old ones stay."""

import logging
from collections.abc import Callable
from pathlib import Path

from sfsync import config
from sfsync.config import Config
from sfsync.errors import SetupError, TryAgainLater
from sfsync.forms import blueprint as order_forms
from sfsync.forms.blueprint import Blueprint

log = logging.getLogger(__name__)

Loaded = tuple[Config, tuple[Blueprint, ...]]
#: path, time of the last change, size
Stamps = frozenset[tuple[str, int, int]]


class Reload:
    """Looks at the files, not into them, as long as nothing changed."""

    def __init__(self, begin: Loaded, prove: Callable[[Loaded], None]) -> None:
        """`prove` asks the org whether it has what the new ones name: raises SetupError, or TryAgainLater."""
        self._current, self._prove = begin, prove
        self._stamps = stamps(begin[0])

    def fresh(self) -> Loaded | None:
        """What is to be used from now on, where it changed and is in order. What is not is said once."""
        now = stamps(self._current[0])
        if now == self._stamps:
            return None
        before, self._stamps = self._stamps, now
        try:
            found = load(self._current[0].path)
            if _same(found, self._current):
                return None
            self._prove(found)
        except TryAgainLater:
            self._stamps = before  # the org cannot say so now: ask again at the next tick
            return None
        except SetupError as error:
            log.error("the settings changed and are not in order; the old ones stay in use. %s", error.in_log)  # noqa: TRY400 (whose the fault is, it says)
            return None
        log.info("the settings changed, and are in use from now on")
        self._current = found
        return found


def load(path: Path) -> Loaded:
    """Read settings and templates. Raises SetupError."""
    loaded = config.load(path)
    return loaded, order_forms.load(loaded)


def stamps(config: Config) -> Stamps:
    """When each file that can matter was changed: the settings, and all of the templates folders."""
    paths = [path.resolve() for path in (config.path, *config.bases)]
    # what else is YAML beside them is another org's: of a thousand orgs, each would look at the files of all
    beside = (file for path in paths for file in path.parent.glob("*") if file.suffix not in {".yaml", ".yml"})
    files = {*paths, *beside}
    files |= {file for folder in config.folders if folder.name == "templates" for file in folder.rglob("*")}
    found = set()
    for file in files:
        try:
            seen = file.stat()
        except OSError:
            continue  # an editor is replacing it
        found.add((str(file), seen.st_mtime_ns, seen.st_size))
    return frozenset(found)


def _same(one: Loaded, other: Loaded) -> bool:
    return one[0].settings == other[0].settings and [b.made_with for b in one[1]] == [b.made_with for b in other[1]]
