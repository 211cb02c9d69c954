"""Processes that outlive whoever started them, and are found again by the directory in which all their files lie."""

import os
import random
import secrets
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

PORTS = range(20_000, 32_000)  # below those that the system hands out: a port stays free while its server is down
STUBBORN = 20  # seconds that a process may take to end when asked


def secret() -> str:
    return secrets.token_hex(16)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def write_private(path: Path, text: str) -> None:
    """Write it whole, or not at all, where nobody else reads it."""
    new = path.with_name(f"{path.name}.new")
    with open(new, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
    new.replace(path)


def spawn(directory: Path, program: str, argv: list[str], **env: str) -> int:
    """Start a program that outlives us and sees nothing of our environment but the PATH; its process's number.

    The directory must stand among its arguments once it runs.
    """
    log = str(directory / "log")
    return os.posix_spawn(
        program,
        argv,
        {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/bin", "LANG": "C.UTF-8", **env},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def pids_of(directory: Path) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(line) for line in (directory / "pids").read_text().split()]
    return []


def runs(pid: int, directory: Path) -> bool:
    """Whether this process runs and is one of this directory: after a reboot its number may be somebody else's."""
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    with suppress(FileNotFoundError, ProcessLookupError):
        return os.fsencode(directory) in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def end(directory: Path, how: signal.Signals = signal.SIGTERM) -> None:
    """End the processes of a directory, the last first. One that does not listen is killed."""
    for pid in reversed(pids_of(directory)):
        signal_to(pid, directory, how)
        deadline = time.monotonic() + STUBBORN
        while runs(pid, directory):
            if time.monotonic() > deadline:
                signal_to(pid, directory, signal.SIGKILL)
            time.sleep(0.02)
    (directory / "pids").unlink(missing_ok=True)


def signal_to(pid: int, directory: Path, how: signal.Signals) -> None:
    if runs(pid, directory):
        with suppress(ProcessLookupError):
            os.killpg(pid, how)
