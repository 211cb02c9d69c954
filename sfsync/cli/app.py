"""What all verbs share: their list, the options that each takes, and what ends with which exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from sfsync import __version__, logs, tenants, traces
from sfsync.cli import screen
from sfsync.errors import SfsyncError, TryAgainLater, did_you_mean
from sfsync.tenants import Tenant

#: sysexits.h: the service is unavailable, try again later
TRY_AGAIN = 75
ADMIN_MUST_ACT = 2
INTERRUPTED = 130
#: from all well to the admin must act
_BY_NEED = (0, 1, TRY_AGAIN, ADMIN_MUST_ACT)
DEFAULT_CONFIG = "config/sfsync.yaml"

#: each in a module of its own, which is imported when its verb is called: a worker needs no demo
VERBS = (
    "init",
    "setup",
    "check",
    "preview",
    "studio",
    "explain",
    "run",
    "backfill",
    "worker",
    "clock",
    "work",
    "healthcheck",
    "status",
    "demo",
    "pocketorg",
)

ENVIRONMENT = """\
environment:
  SF_LOGIN_URL         https://login.salesforce.com, or your My Domain
  SF_CLIENT_ID         Consumer Key of the External Client App
  SF_USERNAME, SF_PRIVATE_KEY or SF_PRIVATE_KEY_FILE
                       login by certificate: PEM, or base64 of it
  SF_CLIENT_SECRET     login by client credentials instead
  SFSYNC_CONFIG        the settings, as --config
  SFSYNC_HEARTBEAT_URL pinged after each good pass: https, such as a check of healthchecks.io
  SFSYNC_HEARTBEAT_FILE
                       where the worker leaves its signs of life (in the folder for temporary files)
  REQUESTS_CA_BUNDLE   certificates to trust, where a proxy opens TLS
  SFSYNC_LOGS          json or plain (json where standard error is not a terminal)
  SFSYNC_METRICS_PORT  where the worker lets Prometheus look: docs/monitoring.md
  SFSYNC_METRICS_HOST  on which address (127.0.0.1)
  SFSYNC_INSTALLATION  what this worker calls itself in Salesforce (the name of its app or machine)
  SF_…_ACME            the same for the org of config/orgs/acme.yaml alone, where there are several
  BROKER_URL           Redis or RabbitMQ between sfsync clock and sfsync work, on several machines
  REDIS_URL            with RabbitMQ: where lanes and budgets are kept in common
  SF_ACCESS_TOKEN, SF_INSTANCE_URL
                       the admin's login for sfsync setup
  NO_COLOR             no colours, also on a terminal

exit codes:
  0  all well, also when records wait for the rep
  1  check --strict: in place, with something to note
  2  the admin must act
  75 try again later: the org is down, locked or over its limit"""


class Verbs(click.Group):
    """The verbs by their names; each stays in its module until it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in VERBS:
            return None
        command: click.Command = import_module(f"sfsync.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS:
            raise click.UsageError(f"There is no verb '{args[0]}'. {did_you_mean(args[0], VERBS)}".strip(), ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """As it is written: click would fill the lines."""
        formatter.write(f"\n{ENVIRONMENT}\n")


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sfsync", message="%(prog)s %(version)s")
def app() -> None:
    """Put the order form among an Opportunity's Files when it reaches its stage."""


class Orgs(Enum):
    """Which orgs of an installation a verb is about."""

    #: none in particular
    ANY = auto()
    #: one, which is named where there are several
    ONE = auto()
    #: one, or else each in turn
    EACH = auto()


def verb(says: str, example: str, orgs: Orgs = Orgs.ONE) -> Callable[[Callable[..., int]], click.Command]:
    """Make a verb of a function that returns an exit code; it gets `settings`, the path of the admin's file."""

    def made(function: Callable[..., int]) -> click.Command:
        @wraps(function)
        def called(settings: Path, org: str = "", **given: Any) -> int:
            match orgs:
                case Orgs.ANY:
                    return function(settings=settings, **given)
                case Orgs.EACH if not org:
                    return _each(tenants.find(settings, screen.complain), lambda path: function(settings=path, **given))
            return function(settings=tenants.one(settings, org).path, **given)

        command = click.option(
            "--config",
            "settings",
            type=click.Path(path_type=Path),
            default=DEFAULT_CONFIG,
            envvar="SFSYNC_CONFIG",
            metavar="FILE",
            help=f"the settings ({DEFAULT_CONFIG})",
        )(called)
        if orgs is not Orgs.ANY:
            which = "this one of several orgs" + (" (all of them)" if orgs is Orgs.EACH else "")
            command = click.option("--org", default="", metavar="NAME", help=which)(command)
        command = click.option(
            "-v", "--verbose", is_flag=True, expose_value=False, callback=_log_to_stderr, help="say each call"
        )(command)
        return click.command(function.__name__.strip("_"), help=says, epilog=f"example: {example}")(command)

    return made


def _each(found: Sequence[Tenant], act: Callable[[Path], int]) -> int:
    """One org after the other, each under its name; the exit code is that of the one that needs most."""
    if len(found) == 1:
        return act(found[0].path)
    environ, codes = dict(os.environ), []
    for tenant in found:
        os.environ.update(environ)  # a login takes its secrets away
        screen.heading(tenant.name)
        try:
            with traces.about(traces.org, tenant.label):
                codes.append(act(tenant.path))
        except SfsyncError as error:
            screen.complain(error)
            codes.append(_code(error))
    return max(codes, key=_BY_NEED.index, default=ADMIN_MUST_ACT)


def _code(error: SfsyncError) -> int:
    return TRY_AGAIN if isinstance(error, TryAgainLater) else ADMIN_MUST_ACT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; give back its exit code."""
    try:
        return int(app.main(arguments, prog_name="sfsync", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SfsyncError as error:
        screen.complain(error)
        return _code(error)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED


def verbs() -> dict[str, click.Command]:
    """Each verb by its name, for the reference."""
    context = click.Context(app)
    return {name: command for name in VERBS if (command := app.get_command(context, name))}


def _log_to_stderr(_context: click.Context, _option: Any, verbose: bool) -> None:
    logs.begin(sys.stderr, os.environ, verbose=verbose)
