"""`sfsync demo`: the whole story, on an org in your pocket."""

from pathlib import Path

import click

from sfsync import shipped
from sfsync.cli.app import DEFAULT_CONFIG, Orgs, verb
from sfsync.cli.extra import packages


@verb("Play the whole story on an org in your pocket.", "sfsync demo", Orgs.ANY)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo-forms",
    help="where to put the PDFs (demo-forms)",
)
@click.option("--serve", is_flag=True, help="be the rep yourself, in a browser, until Ctrl-C")
@click.option("--port", type=int, default=0, help="of the browser's page; 0 takes any that is free (0)")
def command(settings: Path, folder: Path, serve: bool, port: int) -> int:
    with packages():
        from sfsync import demo  # noqa: PLC0415 (the pocket org's packages are an extra)
    # the settings named; those that came with sfsync where there are none here yet
    wanted = settings if settings.exists() or str(settings) != DEFAULT_CONFIG else shipped.SETTINGS
    return demo.serve(wanted, port) if serve else demo.play(wanted, folder)
