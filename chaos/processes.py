"""The processes that are broken: the org, and the workers with their render processes."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sfsync.salesforce.login import Credentials

ROOT = Path(__file__).parents[1]
TICK = 2.0
SETTINGS = """\
company: {name: Northwind}
order_forms:
  - name: Standard
    stage: Order Form
    template: form.xml
    file_name: "{{ Opportunity.Name }}"
currency: USD
check_every: 2 seconds
check_otherwise_every: 2 seconds
at_most: 100000
"""
TEMPLATE = """\
<form title="{{ Opportunity.Name }}"><p>{{ Opportunity.Name }} for {{ Opportunity.Account.Name }}</p>
{% for line in Opportunity.OpportunityLineItems %}<p>{{ line.Product2.Name }} {{ line.TotalPrice | money }}</p>
{% endfor %}</form>
"""
#: Debian's faketime; where it is missing no clock is moved
_FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


class OrgProcess:
    """`sfsync pocketorg` on a database file, killed and started again on the same port."""

    def __init__(self, db: Path) -> None:
        self._db, self._certificate, self.port = db, db.with_suffix(".pem"), 0
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._certificate.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        self._key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.way_in: dict[str, str] = {}
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "sfsync", "pocketorg", "--db", str(self._db), "--seed", "none"]
        more = ["--port", str(self.port), "--certificate", str(self._certificate)]
        self.process = subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout
        self.way_in = json.loads(self.process.stdout.readline())
        self.port = int(self.way_in["instance_url"].rpartition(":")[2])

    def admin(self) -> Credentials:
        """How the reps get in, who are administrators here."""
        way = self.way_in
        return Credentials(
            login_url=way["instance_url"], client_id=way["client_id"], username=way["username"], private_key=self._key
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


@dataclass(slots=True)
class Place:
    """Where workers run: settings, a folder for temporary files that must stay empty, a clock that can be moved."""

    folder: Path
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "form.xml").write_text(TEMPLATE)
        (self.folder / "sfsync.yaml").write_text(SETTINGS)
        for name in ("tmp", "cwd"):
            (self.folder / name).mkdir()
        self.set_clock(0)

    @property
    def can_set_clock(self) -> bool:
        return _FAKETIME is not None

    def set_clock(self, seconds: int) -> None:
        """Move the clock of all workers against the machine's."""
        (self.folder / "clock").write_text(f"{seconds:+d}\n")

    def environ(self, org: Mapping[str, str], url: str) -> dict[str, str]:
        fake = {
            "LD_PRELOAD": str(_FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        return {
            **os.environ,
            **(fake if _FAKETIME else {}),
            "PYTHONPATH": f"{ROOT / 'chaos' / 'clock'}:{ROOT}",
            "TMPDIR": str(self.folder / "tmp"),
            "SFSYNC_CONFIG": str(self.folder / "sfsync.yaml"),
            "SF_LOGIN_URL": url,
            "SF_CLIENT_ID": org["client_id"],
            "SF_CLIENT_SECRET": org["client_secret"],
        }


def switch_on(place: Place, environ: Mapping[str, str]) -> None:
    """Nothing is made in an org before somebody has said yes."""
    command = [sys.executable, "-m", "sfsync", "run", "--yes"]
    subprocess.run(command, cwd=place.folder / "cwd", env=environ, check=True, capture_output=True)


class Worker:
    """One `sfsync worker`. `no_disk` lets it write no byte to any file."""

    def __init__(self, place: Place, environ: Mapping[str, str], *, no_disk: bool = False) -> None:
        self.started = time.monotonic()
        self.first_form: float | None = None
        self.frozen_until = 0.0
        self._place = place
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sfsync", "worker", "--verbose"],
            cwd=place.folder / "cwd",
            env=_without_preload(environ) if no_disk else environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_without_disk if no_disk else None,  # noqa: PLW1509 (it only sets a limit)
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._place.log.append(line)
            if self.first_form is None and _made(line):
                self.first_form = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """The process alone, as the kernel does; its render processes have to notice."""
        self.process.kill()
        self.process.wait()

    def freeze(self, seconds: float) -> None:
        """The whole group stands still, as on a machine that is suspended."""
        self.frozen_until = time.monotonic() + seconds
        self._signal_group(signal.SIGSTOP)
        threading.Timer(seconds, self._signal_group, [signal.SIGCONT]).start()

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def hears(self, within: float = 10.0) -> bool:
        """Wait until it catches SIGTERM: before that it is Python that starts, and the signal ends it by itself."""
        status, until = Path(f"/proc/{self.process.pid}/status"), time.monotonic() + within
        while status.exists() and self.alive and time.monotonic() < until:
            caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status.read_text("ascii"), re.MULTILINE)
            if caught and int(caught[1], 16) & 1 << signal.SIGTERM - 1:
                return True
            time.sleep(0.002)
        return not status.parent.parent.joinpath("self").exists()  # no /proc, as on other systems than Linux

    def terminate(self) -> None:
        """As Heroku does: to every process of the dyno."""
        self._signal_group(signal.SIGTERM)

    def ended_well(self, within: float) -> bool:
        try:
            return self.process.wait(within) == 0
        except subprocess.TimeoutExpired:
            return False

    def end(self) -> None:
        self._signal_group(signal.SIGCONT)
        self._signal_group(signal.SIGKILL)
        self.process.wait()
        self._reader.join(5)
        if self.process.stderr:
            self.process.stderr.close()


def _made(line: str) -> int:
    """How many forms a line of the worker's log says are attached."""
    try:
        return int(json.loads(line).get("made", 0))
    except ValueError:  # not the worker's, but of whatever ended it
        return 0


def _without_preload(environ: Mapping[str, str]) -> dict[str, str]:
    """The library that moves the clock needs a file of its own."""
    return {name: value for name, value in environ.items() if name != "LD_PRELOAD"}


def _without_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
