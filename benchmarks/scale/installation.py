"""A folder with settings for one org or many, and the real `sfsync` that reads it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "benchmarks" / "sfsync.yaml"
_DRAIN = 30


class Installation:
    """Settings, environment, and processes that end with it."""

    def __init__(
        self, folder: Path, ways_in: Sequence[Mapping[str, str]], environ: Mapping[str, str] | None = None
    ) -> None:
        """One way in is one org alone; more are `orgs/org001.yaml` and so on."""
        (folder / "config").mkdir(parents=True)
        shutil.copytree(ROOT / "templates", folder / "templates")
        self.settings = folder / "config" / "sfsync.yaml"
        shutil.copy(SETTINGS, self.settings)
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("SF_")}
        self._environ |= {"SFSYNC_CONFIG": str(self.settings), "SFSYNC_INSTALLATION": folder.name, **(environ or {})}
        if len(ways_in) == 1:
            self._environ |= ways_in[0]
        else:
            self._many(ways_in)
        self.log = folder / "log"
        self._processes: list[subprocess.Popen[bytes]] = []

    def _many(self, ways_in: Sequence[Mapping[str, str]]) -> None:
        orgs = self.settings.parent / "orgs"
        orgs.mkdir()
        for number, way_in in enumerate(ways_in, 1):
            (orgs / f"org{number:03}.yaml").write_text("extends: ../sfsync.yaml\n", "ascii")
            self._environ |= {f"{name}_ORG{number:03}": value for name, value in way_in.items()}

    def template(self, text: str) -> None:
        """Use another template."""
        (self.settings.parent.parent / "templates" / "order_form.xml").write_text(text, "utf-8")

    def start(self, *arguments: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "sfsync", *arguments]
        with (log or self.log).open("ab") as out:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self._environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self._processes.append(process)
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(_DRAIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
