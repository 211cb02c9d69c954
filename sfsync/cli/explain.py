"""`sfsync explain`: what a PDF was made of, and whether the same would be made today."""

import json
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from sfsync import comparison, config
from sfsync.cli.app import verb
from sfsync.cli.screen import say
from sfsync.cli.syncing import environ_of, way_into
from sfsync.comparison import Comparison
from sfsync.errors import SetupError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.provenance import Provenance

DIFFERS = 1
_LOGIN = "SF_CLIENT_ID"


@verb(
    "Say what a form was made of. With a login in the environment, also what changed since, and whether the same "
    "bytes come out today. Exit codes: 0 the same, or nothing to compare with; 1 it differs; 2 the admin must act.",
    'sfsync explain "Order Form Acme.pdf"',
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="as one line of JSON")
def command(settings: Path, file: Path, as_json: bool) -> int:
    content = _content(file)
    made_of = comparison.read(content, str(file))
    found = _compared(settings, content, made_of) if environ_of(settings).get(_LOGIN) else None
    if as_json:
        say(json.dumps({"made_of": made_of.plain(), "today": asdict(found) if found else None}))
    else:
        _said(made_of, found)
    return DIFFERS if found and not found.same else 0


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SetupError(f"It cannot be read: {error.strerror}.", where=str(file), remedy="Name a PDF.") from None


def _compared(settings: Path, content: bytes, made_of: Provenance) -> Comparison:
    loaded = config.load(settings)
    blueprints = order_forms.load(loaded)
    return comparison.compare(content, made_of, way_into(loaded), loaded, blueprints)


def _said(made_of: Provenance, found: Comparison | None) -> None:
    asked = made_of.requested_at.astimezone(ZoneInfo(made_of.time_zone))
    terms = f", with the terms {made_of.terms}" if made_of.terms else ""
    say(f"Version {made_of.version} of the form {made_of.form} for the Opportunity {made_of.opportunity}.")
    say(f"Asked for on {asked:%Y-%m-%d at %H:%M} ({made_of.time_zone}), made by sfsync {made_of.sfsync}.")
    say(f"Made with {made_of.template}{terms}, in {made_of.locale} and {made_of.currency}.")
    say(f"It holds what {len(made_of.data)} fields said then.")
    if found is None:
        say(f"To compare it with the record of today, set {_LOGIN} and the rest of the login.")
        return
    _today(found)


def _today(found: Comparison) -> None:
    if found.differences:
        say("What is not as it was:", "yellow")
        for difference in found.differences:
            say(f"  {difference.what}")
    if found.same:
        say("Made today, it is the same, byte for byte.", "green")
    elif found.refused:
        say(f"Today it would not be made: {found.refused}", "yellow")
    elif found.pages:
        where = ", ".join(map(str, found.pages))
        why = "" if found.differences else " All that it was made of is as it was, so somebody changed the file."
        say(f"Made today, it differs on page {where}.{why}", "yellow")
    else:
        say("Made today, its pages are the same; what the file says of itself differs.", "yellow")
