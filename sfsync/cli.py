"""The verbs. The only room that prints and exits."""

import argparse
import logging
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sfsync import __version__, config, schedule, shipped
from sfsync.check import Checks, Mark
from sfsync.config import Config
from sfsync.errors import SetupError, SfsyncError, TryAgainLater
from sfsync.forms import compose
from sfsync.renderers import Renderers
from sfsync.salesforce.connect import connect
from sfsync.sync import Sync
from sfsync.worker import Ticks, work

#: sysexits.h: the service is unavailable, try again later
TRY_AGAIN = 75
ADMIN_MUST_ACT = 2
DEFAULT_CONFIG = "config/sfsync.yaml"

ENVIRONMENT = """\
environment:
  SF_LOGIN_URL         https://login.salesforce.com, or your My Domain
  SF_CLIENT_ID         Consumer Key of the External Client App
  SF_USERNAME, SF_PRIVATE_KEY or SF_PRIVATE_KEY_FILE
                       login by certificate: PEM, or base64 of it
  SF_CLIENT_SECRET     login by client credentials instead
  SFSYNC_CONFIG        the settings, as --config

exit codes:
  0  all well, also when records wait for the rep
  2  the admin must act
  75 try again later: the org is down, locked or over its limit"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; give back its exit code."""
    options = _parser().parse_args(arguments)
    _log_to_stderr(verbose=options.verbose)
    verb: Callable[[argparse.Namespace], int] = options.verb
    try:
        return verb(options)
    except TryAgainLater as error:
        print(error, file=sys.stderr)
        return TRY_AGAIN
    except SfsyncError as error:
        print(error, file=sys.stderr)
        return ADMIN_MUST_ACT
    except KeyboardInterrupt:
        return 130


def verbs() -> dict[str, argparse.ArgumentParser]:
    """Each verb's own parser, for the reference."""
    [choices] = [a.choices for a in _parser()._actions if isinstance(a.choices, dict)]  # noqa: SLF001
    return choices


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sfsync",
        description="Put the order form among an Opportunity's Files when it reaches its stage.",
        epilog=ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sfsync {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="verb")
    _add(verbs, "check", _check, "Say what is in place and what is not, each with its remedy.", "sfsync check")
    run = _add(verbs, "run", _run, "Make one pass over the org, and end.", "sfsync run")
    run.add_argument("--remake", action="store_true", help="also make anew what only the template or settings changed")
    worker = _add(verbs, "worker", _worker, "Keep going until stopped.", "sfsync worker")
    worker.add_argument(
        "--check-every", type=schedule.duration, metavar="DURATION", help='at all hours, such as "2 seconds"'
    )
    demo = _add(verbs, "demo", _demo, "Play the whole story on an org in your pocket.", "sfsync demo")
    demo.add_argument("--folder", type=Path, default=Path("demo-forms"), help="where to put the PDFs (demo-forms)")
    demo.add_argument("--serve", action="store_true", help="be the rep yourself, in a browser, until Ctrl-C")
    demo.add_argument("--port", type=int, default=0, help="of the browser's page; 0 takes any that is free (0)")
    _add_pocketorg(verbs)
    return parser


def _add(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    verb: Callable[[argparse.Namespace], int],
    says: str,
    example: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=says, description=says, epilog=f"example: {example}")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=Path(os.environ.get("SFSYNC_CONFIG") or DEFAULT_CONFIG),
        help=f"the settings ({DEFAULT_CONFIG})",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say each call")
    parser.set_defaults(verb=verb)
    return parser


def _add_pocketorg(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    says = "Start a pocket org alone, on loopback; one line of JSON says how to reach it."
    parser = _add(verbs, "pocketorg", _pocketorg, says, "sfsync pocketorg --port 8080 --db my-org.sqlite")
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free (0)")
    parser.add_argument("--db", default=":memory:", metavar="FILE", help="keep the org in this file (in memory)")
    parser.add_argument("--seed", default="sample", metavar="none|sample|N", help="what it holds at first (sample)")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="trust this PEM for logins by JWT bearer")
    parser.add_argument("--bare", action="store_true", help="without sfsync's own object and fields")
    features = ("multicurrency", "quotes", "schedules")
    parser.add_argument(
        "--feature", action="append", default=[], choices=features, help="switch it on; may be repeated"
    )


def _log_to_stderr(*, verbose: bool) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S"
    )
    # a tick that finds the last one still at work is skipped, as it should be
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("sfsync").setLevel(logging.DEBUG if verbose else logging.INFO)


def _check(options: argparse.Namespace) -> int:
    colours = {Mark.GOOD: "32", Mark.NOTE: "33", Mark.BAD: "31"} if sys.stdout.isatty() else {}
    checks = Checks(lambda f: print(f"\033[{colours[f.mark]}m{f}\033[0m" if colours else f, flush=True))
    code = checks.run(options.config, os.environ, schedule.utc_now)
    print("Everything is in place." if code == 0 else f"{checks.bad} to mend.")
    return code


def _run(options: argparse.Namespace) -> int:
    stop = threading.Event()
    with _sync(config.load(options.config), stop, remake=options.remake) as sync:
        report = sync.run(sweep=True)
    print(report)
    if report.error:
        print(report.error, file=sys.stderr)
    return report.exit_code


def _worker(options: argparse.Namespace) -> int:
    loaded = config.load(options.config)
    if options.check_every:
        every = {"check_every": options.check_every, "check_otherwise_every": options.check_every}
        loaded = replace(loaded, settings=loaded.settings.model_copy(update=every))
    stop = threading.Event()
    with _sync(loaded, stop) as sync:
        return work(Ticks(sync.run, loaded.settings, schedule.utc_now), loaded.settings.check_every, stop)


@contextmanager
def _sync(loaded: Config, stop: threading.Event, *, remake: bool = False) -> Iterator[Sync]:
    """Everything that a pass needs, made from settings and environment; the render processes end with it."""
    blueprints = compose.load(loaded)
    api = connect(os.environ, schedule.utc_now)
    _forget_secrets()
    templates = {b.settings.template: b.template for b in blueprints}
    with Renderers(templates) as renderers:
        yield Sync(api, loaded.settings, blueprints, renderers, remake=remake, stopping=stop.is_set)


def _forget_secrets() -> None:
    """What the login has read is of no use to the render processes, which would inherit it."""
    for name in ("SF_PRIVATE_KEY", "SF_CLIENT_SECRET"):
        os.environ.pop(name, None)


def _demo(options: argparse.Namespace) -> int:
    with _extra_packages():
        from sfsync import demo  # noqa: PLC0415 (the pocket org's packages are an extra)
    if options.serve:
        return demo.serve(_or_shipped(options.config), options.port)
    return demo.play(_or_shipped(options.config), options.folder)


@contextmanager
def _extra_packages() -> Iterator[None]:
    """A worker in production needs no pocket org, and is installed without what it is made of."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise SetupError(
            f"The pocket org needs packages that are not installed ({missing.name}).",
            remedy="Install them: pip install -r requirements-dev.txt",
        ) from None


def _or_shipped(settings: Path) -> Path:
    """The settings named; those that came with sfsync where there are none here yet."""
    return settings if settings.exists() or str(settings) != DEFAULT_CONFIG else shipped.SETTINGS


def _pocketorg(options: argparse.Namespace) -> int:
    with _extra_packages():
        from sfsync.pocketorg.command import serve  # noqa: PLC0415 (its packages are an extra)
    if not (options.seed.isdigit() or options.seed in {"none", "sample"}):
        raise SetupError(f"'{options.seed}' is no seed.", where="--seed", remedy="Write none, sample or a number.")
    seed = int(options.seed) if options.seed.isdigit() else options.seed
    metadata = () if options.bare else (shipped.METADATA,)
    try:
        return serve(
            port=options.port,
            db=options.db,
            seed=seed,
            metadata=metadata,
            features=options.feature,
            certificate=options.certificate,
        )
    except (FileNotFoundError, ValueError) as error:
        raise SetupError(f"It cannot be read: {error}.", where="--certificate", remedy="Name a PEM file.") from None
    except (OSError, OverflowError) as error:
        raise SetupError(
            f"It cannot be listened on: {error}.", where="--port", remedy="Name another; 0 is any."
        ) from None
    except sqlite3.Error as error:
        raise SetupError(f"It cannot be opened: {error}.", where=f"--db {options.db}", remedy="Name another.") from None
