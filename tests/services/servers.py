"""A Redis or a RabbitMQ of one's own: started, killed, and started again with the same port, password and data."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import ClassVar, Self

from tests.services.processes import end, free_port, pids_of, runs, secret, spawn, write_private
from tests.services.wire import answers

HOME = Path(__file__).parents[2] / ".services"
PATIENCE = 90  # seconds until a server answers; RabbitMQ takes 5 on two cores that are free
DATABASES = 1024
DEBIAN = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # the one on the PATH changes the user and the directory first


class NotUpError(Exception):
    """A server that does not answer, or cannot be installed, and why."""


def own_directory() -> Path:
    HOME.mkdir(mode=0o700, exist_ok=True)
    return HOME / f"own-{secrets.token_hex(4)}"


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server with a directory of its own. Started again after its end it has its port, password and data."""

    directory: Path = field(default_factory=own_directory)
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=secret)

    package: ClassVar[str]
    program: ClassVar[str]

    @classmethod
    def found(cls, directory: Path) -> Self | None:
        """The server that somebody has started in this directory, alive or not."""
        try:
            return cls(directory=directory, **json.loads((directory / "server.json").read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    @property
    def url(self) -> str:
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.start()
        except NotUpError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.directory)

    def start(self) -> None:
        """Start it, and return when it answers; NotUpError with the end of its log otherwise."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it where it does not run, and return at once."""
        if self.alive:
            return
        end(self.directory)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "directory"}
        self._write("server.json", json.dumps(known))
        self._write("pids", "\n".join(str(pid) for pid in self._spawn()))

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not answers(self.url):
            if not self.alive:
                raise NotUpError(f"{self.package} ended by itself:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise NotUpError(f"{self.package} does not answer after {PATIENCE} seconds:\n{self._last_words()}")
            time.sleep(0.05)

    @property
    def alive(self) -> bool:
        """Whether every process of it runs."""
        pids = pids_of(self.directory)
        return bool(pids) and all(runs(pid, self.directory) for pid in pids)

    def kill(self) -> None:
        """End it with SIGKILL, as the kernel does when memory runs out."""
        end(self.directory, signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end."""
        end(self.directory)

    def _spawn(self) -> list[int]:
        raise NotImplementedError

    def _program(self) -> str:
        found = program_of(type(self))
        if not found:
            raise NotUpError(f"There is no {self.package} here: `make services` installs it on Debian.")
        return found

    def _write(self, name: str, text: str) -> None:
        write_private(self.directory / name, text)

    def _last_words(self) -> str:
        log = self.directory / "log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join([f"the end of {log}:", *(f"    {line}" for line in lines[-20:])])


@dataclass(frozen=True, kw_only=True)
class Redis(Server):
    """A Redis. Only a `lasting` one has its data again after its end: it writes down each change before it answers."""

    lasting: bool = False

    package = "redis-server"
    program = "redis-server"

    @property
    def url(self) -> str:
        return self.database(0)

    def database(self, number: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{number}"

    def _spawn(self) -> list[int]:
        self._write("redis.conf", self._settings())
        program = self._program()
        return [spawn(self.directory, program, [program, str(self.directory / "redis.conf")])]

    def _settings(self) -> str:
        # without fsync: what is written survives the process, not the machine
        lasting = "appendonly yes\nappendfsync no\n" if self.lasting else "appendonly no\n"
        return (
            f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndir "{self.directory}"\n'
            f'databases {DATABASES}\nset-proc-title no\nsave ""\n{lasting}'
        )


@dataclass(frozen=True, kw_only=True)
class RabbitMQ(Server):
    """A RabbitMQ with an own epmd, through which only itself and `erl_call` find it. No guest, no plugins."""

    user: str = "sfsync"
    names: int = field(default_factory=free_port)  # epmd's port
    distribution: int = field(default_factory=free_port)
    cookie: str = field(default_factory=secret)

    package = "rabbitmq-server"
    program = DEBIAN

    @property
    def url(self) -> str:
        return self.vhost("sfsync")

    def vhost(self, name: str) -> str:
        return f"amqp://{self.user}:{self.password}@127.0.0.1:{self.port}/{name}"

    def add_vhost(self, name: str) -> str:
        """Make a virtual host of its own for a test, in about 50 ms; its URL."""
        everything = ",".join(['<<".*">>'] * 3)
        self._call(
            f'ok = rabbit_vhost:add(<<"{name}">>, <<"tests">>), ok = rabbit_auth_backend_internal:set_permissions('
            f'<<"{self.user}">>, <<"{name}">>, {everything}, <<"tests">>).'
        )
        return self.vhost(name)

    def delete_vhost(self, name: str) -> None:
        """Delete it with its queues, and close its connections."""
        self._call(f'rabbit_vhost:delete(<<"{name}">>, <<"tests">>).')

    def settle(self) -> None:
        """Have new queues written to disk now. By itself RabbitMQ takes its time: killed before, it has lost them, and
        with them even the messages that it has confirmed.
        """
        self._call("mnesia:sync_log().")

    def _call(self, erlang: str) -> None:
        env = {**os.environ, "HOME": str(self.directory), "ERL_EPMD_PORT": str(self.names)}
        command = ["erl_call", "-n", "sfsync@localhost", "-timeout", "30", "-e"]
        said = subprocess.run(
            command, input=f"{erlang}\n", env=env, capture_output=True, text=True, timeout=60, check=False
        )
        if said.returncode or "{ok," not in said.stdout:
            raise NotUpError(f"RabbitMQ refused {erlang}\n{said.stdout}{said.stderr}")

    def _spawn(self) -> list[int]:
        self._write("rabbitmq.conf", self._settings())
        self._write("enabled_plugins", "[].")
        self._write(".erlang.cookie", self.cookie)
        program, epmd = self._program(), shutil.which("epmd") or "/usr/bin/epmd"
        names = [f"{self.directory}/epmd", "-address", "127.0.0.1", "-port", str(self.names)]
        return [
            spawn(self.directory, epmd, names),
            spawn(self.directory, program, [program], **self._environment()),
        ]

    def _settings(self) -> str:
        return (
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 50MB\n"
            f"default_user = {self.user}\ndefault_pass = {self.password}\ndefault_vhost = sfsync\n"
            "log.console = true\nlog.console.use_colors = off\nlog.file = false\n"
        )

    def _environment(self) -> dict[str, str]:
        where = self.directory
        return {
            "HOME": str(where),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.names),
            "ERL_ZFLAGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_CRASH_DUMP": str(where / "erl_crash.dump"),
            "RUNNING_UNDER_SYSTEMD": "1",  # or else a shell stays between us and the server
            "RABBITMQ_NODENAME": "sfsync@localhost",
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_CONFIG_FILE": str(where / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(where / "conf.d"),
            "RABBITMQ_CONF_ENV_FILE": str(where / "rabbitmq-env.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(where / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(where / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(where / "mnesia"),
            "RABBITMQ_LOG_BASE": str(where / "logs"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(where / "plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(where / "generated"),
            "RABBITMQ_PID_FILE": str(where / "rabbitmq.pid"),
        }


def program_of(kind: type[Server]) -> str | None:
    return shutil.which(kind.program) or shutil.which(kind.package)
