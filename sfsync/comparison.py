"""A form that lies before us, compared with what would be made today from the same record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sfsync import preview
from sfsync.config import Config
from sfsync.due import Version, fingerprints, token
from sfsync.errors import SetupError, SfsyncError
from sfsync.forms.blueprint import Blueprint
from sfsync.forms.compose import filled
from sfsync.forms.pdf.flatten import page_contents
from sfsync.forms.provenance import Provenance
from sfsync.preview import Preview
from sfsync.records import FieldLabel, OrderForm
from sfsync.renderers import Renderers
from sfsync.salesforce.api import Api

#: what a form is made with -> how people call it
_MADE_WITH = {
    "sfsync": "the version of sfsync",
    "design": "the template, theme, letterhead or terms",
    "settings": "the settings",
    "terms": "the terms chosen",
    "locale": "the locale",
    "language": "the language",
    "currency": "the currency",
    "time_zone": "the time zone",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """An input that is not what it was."""

    #: `Amount` or `design`
    name: str
    #: in words: 'Opportunity: Amount (Amount)'
    what: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What of the inputs changed, and whether the same bytes come out today."""

    differences: tuple[Difference, ...]
    #: whether the file is byte for byte what is made today
    same: bool
    #: pages that look otherwise, from 1
    pages: tuple[int, ...]
    #: why nothing could be made today; '' where it could
    refused: str


def compare(
    content: bytes, made_of: Provenance, api: Api, config: Config, blueprints: Sequence[Blueprint]
) -> Comparison:
    """Read the record today, make the form with the file's version and date, and lay the two side by side.

    Raises SetupError where the org does not have the record any more.
    """
    if made_of.form not in {b.settings.name for b in blueprints}:
        gone = Difference("form", f"the settings name no order form '{made_of.form}' any more")
        return Comparison((gone,), same=False, pages=(), refused=gone.what)
    today = preview.of_record(api, config, blueprints, made_of.opportunity, made_of.form)
    form = _as_asked(today, made_of, config)
    now = Provenance.of(form, today.blueprint.design)
    differences = (*_made_with(made_of, now), *_made_from(made_of.data, now.data, today.labels))
    made = _rendered(form, today)
    if isinstance(made, SfsyncError):
        return Comparison(differences, same=False, pages=(), refused=str(made))
    return Comparison(differences, made == content, tuple(_pages(content, made)), refused="")


def _as_asked(today: Preview, made_of: Provenance, config: Config) -> OrderForm:
    """The form of the record as it is, under the number and date that the file has."""
    blueprint, opportunity = today.blueprint, today.opportunity
    made_from = fingerprints(opportunity.values, blueprint.paths)
    version = Version(
        number=made_of.version,
        token=token(opportunity, made_from, blueprint.made_with),
        requested_at=made_of.requested_at,
        made_from=made_from,
    )
    return filled(opportunity, blueprint, version, config.settings, today.labels)


def _rendered(form: OrderForm, today: Preview) -> bytes | SfsyncError:
    """In a process of its own, with the limits that it has in the worker."""
    with Renderers({form.name: today.blueprint.design}, processes=1) as renderers:
        [made] = renderers.render([form])
    return made if isinstance(made, SfsyncError) else made.content


def _made_with(then: Provenance, now: Provenance) -> Iterator[Difference]:
    for name, what in _MADE_WITH.items():
        old, new = getattr(then, name), getattr(now, name)
        if old != new:
            readable = "" if name in ("design", "settings") else f": {old or 'none'} then, {new or 'none'} today"
            yield Difference(name, f"{what}{readable}")


def _made_from(
    then: Mapping[str, str], now: Mapping[str, str], labels: Mapping[str, FieldLabel]
) -> Iterator[Difference]:
    """Fields whose values differ; one that only one of the two reads comes with another template or setting."""
    for path in sorted(then.keys() & now.keys()):
        if then[path] != now[path]:
            label = labels.get(path)
            yield Difference(path, f"{label.object_label}: {label.label} ({path})" if label else path)


def _pages(content: bytes, made: bytes) -> Iterator[int]:
    old, new = page_contents(content, "the file"), page_contents(made, "today's form")
    for number in range(max(len(old), len(new))):
        if old[number : number + 1] != new[number : number + 1]:
            yield number + 1


def read(content: bytes, name: str) -> Provenance:
    """What a file says of itself. Raises SetupError where it is none of ours."""
    if not content:
        raise SetupError("The file is empty.", where=name, remedy="Download it again.")
    return Provenance.read(content, name)
