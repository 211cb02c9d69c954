"""`sfsync preview`: one form as a file on this machine, and why it is as it is."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from sfsync import config, preview, schedule
from sfsync.cli.app import verb
from sfsync.cli.screen import say, table
from sfsync.cli.syncing import way_into
from sfsync.errors import SetupError, SfsyncError
from sfsync.forms import blueprint as order_forms
from sfsync.forms.text import eastasian
from sfsync.preview import Explanation, Preview, Rule
from sfsync.renderers import Renderers
from sfsync.samples import SAMPLES


@verb(
    "Put the form of one Opportunity into a file on this machine. Writes nothing to the org.",
    "sfsync preview 006RM00000A1b2cYAB --explain",
)
@click.argument("opportunity", default="")
@click.option("--sample", metavar="NAME", help=f"without any org: a sample deal ({', '.join(SAMPLES)})")
@click.option("--form", default="", metavar="NAME", help="this order form, whatever the rules choose")
@click.option(
    "--out", "file", type=click.Path(path_type=Path, dir_okay=False), default="preview.pdf", metavar="FILE",
    help="where to put the PDF (preview.pdf)",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="say which rules chose what, which fields were read, what is in and out")
def command(settings: Path, opportunity: str, sample: str | None, form: str, file: Path, explain: bool) -> int:  # noqa: PLR0917 (click passes them by name)
    if bool(opportunity) == bool(sample):
        raise SetupError("Which deal?", remedy="Give the Opportunity's Id or its record's address, or --sample usual.")
    wanted = preview.record_id(opportunity) if opportunity else ""
    loaded = config.load(settings)
    blueprints = order_forms.load(loaded)
    if sample:
        found = preview.of_sample(loaded, blueprints, sample, form)
    else:
        found = preview.of_record(way_into(loaded), loaded, blueprints, wanted, form)
    content = _rendered(found)
    _written(file, content)
    _said(found, file)
    if explain:
        _explained(preview.explained(found, loaded, blueprints, schedule.utc_now()))
    return 0


def _rendered(found: Preview) -> bytes:
    """In a process of its own, with the limits that a render process of the worker has."""
    with Renderers({found.form.name: found.blueprint.design}, processes=1) as renderers:
        [pdf] = renderers.render([found.form])
    if isinstance(pdf, SfsyncError):
        raise pdf
    if pdf.missing:
        say(f"No font has {pdf.missing}; the form shows boxes. {eastasian.remedy(pdf.missing)}".rstrip(), "yellow")
    return pdf.content


def _written(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise SetupError(f"It cannot be written: {error.strerror}.", where=str(file), remedy="Name another.") from None


def _said(found: Preview, file: Path) -> None:
    say(f"{found.form.name}, version {found.form.version}, for {found.opportunity.name}: {file}", "green")
    if found.gaps:
        say("It would not be made: the record needs information.", "yellow")
        say("\n".join(found.gaps))


def _explained(told: Explanation) -> None:
    _rules("Which form", told.forms)
    _rules("Which terms", told.terms)
    table("Fields read", ("Field", "Value", "Asked for by"), [(f.path, f.value, f.where) for f in told.fields])
    table(
        "What is in, and what is out",
        ("Condition", "Printed", "Left out", "It looked at", "Where"),
        [(b.condition, str(b.shown), str(b.skipped), _seen(b.values.items()), b.where) for b in told.branches],
    )
    table("What the next pass would write", ("Field", "Value"), list(told.writes.items()))


def _seen(values: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    return "; ".join(f"{name}: {' or '.join(found)}" for name, found in values)


def _rules(title: str, rules: Sequence[Rule]) -> None:
    table(title, ("", "Name", "Why"), [("✓" if r.chosen else "", r.name, r.why) for r in rules])
