"""`sfsync pocketorg`: an org in your pocket, alone."""

import sqlite3
from pathlib import Path
from typing import Any

import click

from sfsync import shipped
from sfsync.cli.app import Orgs, verb
from sfsync.cli.extra import packages
from sfsync.errors import SetupError

_FEATURES = ("multicurrency", "quotes", "schedules")


def _seed(_context: click.Context, _option: Any, value: str) -> str | int:
    if not (value.isdigit() or value in {"none", "sample"}):
        raise SetupError(f"'{value}' is no seed.", where="--seed", remedy="Write none, sample or a number.")
    return int(value) if value.isdigit() else value


@verb(
    "Start a pocket org alone, on loopback; one line of JSON says how to reach it.",
    "sfsync pocketorg --port 8080 --db my-org.sqlite",
    Orgs.ANY,
)
@click.option("--port", type=int, default=0, help="0 takes any that is free (0)")
@click.option("--db", default=":memory:", metavar="FILE", help="keep the org in this file (in memory)")
@click.option(
    "--seed", callback=_seed, default="sample", metavar="none|sample|N", help="what it holds at first (sample)"
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="trust this PEM for logins by JWT bearer",
)
@click.option(
    "--env",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="write how to get in into this file too, for a shell to read: . ./FILE",
)
@click.option("--bare", is_flag=True, help="without sfsync's own object and fields")
@click.option("--feature", multiple=True, type=click.Choice(_FEATURES), help="switch it on; may be repeated")
def command(  # noqa: PLR0917 (click passes them by name)
    settings: Path,  # noqa: ARG001 (each verb takes it)
    port: int,
    db: str,
    seed: str | int,
    certificate: Path | None,
    env: Path | None,
    bare: bool,
    feature: tuple[str, ...],
) -> int:
    with packages():
        from sfsync.pocketorg.command import serve  # noqa: PLC0415 (its packages are an extra)
    metadata = () if bare else (shipped.METADATA,)
    try:
        return serve(
            port=port, db=db, seed=seed, metadata=metadata, features=list(feature), certificate=certificate, env=env
        )
    except (FileNotFoundError, ValueError) as error:
        raise SetupError(f"It cannot be read: {error}.", where="--certificate", remedy="Name a PEM file.") from None
    except (OSError, OverflowError) as error:
        raise SetupError(
            f"It cannot be listened on: {error}.", where="--port", remedy="Name another; 0 is any."
        ) from None
    except sqlite3.Error as error:
        raise SetupError(f"It cannot be opened: {error}.", where=f"--db {db}", remedy="Name another.") from None
