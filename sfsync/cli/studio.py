"""`sfsync studio`: tune settings and templates, and see the form at each save."""

import secrets
import socket
from contextlib import suppress
from pathlib import Path

import click

from sfsync import schedule
from sfsync.cli.app import verb
from sfsync.cli.extra import packages
from sfsync.cli.screen import say
from sfsync.cli.syncing import environ_of
from sfsync.errors import SetupError, SfsyncError
from sfsync.renderers import Renderers
from sfsync.salesforce.api import Api
from sfsync.salesforce.connect import connect


@verb(
    "Open a page on this machine that shows the form anew at each save of its template. Writes nothing to the org.",
    "sfsync studio --port 8400",
)
@click.option("--port", type=int, default=0, help="of the page; 0 takes any that is free (0)")
@click.option("--sample", is_flag=True, help="without any org, on sample deals")
def command(settings: Path, port: int, sample: bool) -> int:
    with packages("The studio"):
        import uvicorn  # noqa: PLC0415 (a worker in production is installed without it)

        from sfsync.studio.desk import Desk  # noqa: PLC0415
        from sfsync.studio.room import Room  # noqa: PLC0415
    if not settings.is_file():
        raise SetupError(
            "There are no settings.", where=str(settings), remedy="Name them with --config, or sfsync init."
        )
    api = None if sample else _org(settings)
    key = secrets.token_urlsafe(24)
    with _listening(port) as listener, Renderers({}, processes=1) as renderers:
        say(f"The studio is open: http://127.0.0.1:{listener.getsockname()[1]}/#{key}", "green")
        say("Edit the files in your editor; the page follows each save. Ctrl-C ends it.")
        room = Room(Desk(settings, renderers, api, schedule.utc_now), key)
        server = uvicorn.Server(uvicorn.Config(room.app(), log_level="warning"))
        room.stopping = lambda: server.should_exit
        with suppress(KeyboardInterrupt):  # how it is ended
            server.run([listener])
    return 0


def _org(settings: Path) -> Api | None:
    """The org that settings and environment name; samples alone where they name none."""
    environ = environ_of(settings)
    if not environ.get("SF_CLIENT_ID"):
        say("No org: SF_CLIENT_ID is not set. The studio shows sample deals.", "yellow")
        return None
    try:
        api = connect(environ, schedule.utc_now)
        say(f"Reading {api.session.instance_url}")
    except SfsyncError as error:
        say(f"No org: {error} The studio shows sample deals.", "yellow")
        return None
    return api


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()  # from here on a browser is kept waiting, not refused
    except (OSError, OverflowError) as error:
        raise SetupError(
            f"It cannot be listened on: {error}.", where="--port", remedy="Name another; 0 is any."
        ) from None
    return listener
