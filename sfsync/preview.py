"""One Opportunity, or a sample -> its form, and why it is as it is. Writes nothing to the org."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sfsync.config import Config
from sfsync.due import Restore, Version, decide, fingerprints, leaves, token
from sfsync.errors import SetupError
from sfsync.forms.blueprint import Blueprint
from sfsync.forms.compose import choose, filled, gaps
from sfsync.forms.explain import Branch, explain, explain_condition
from sfsync.forms.render import variables
from sfsync.forms.template.filters import FORMATTER, shown
from sfsync.outlook import plan_for
from sfsync.records import FieldLabel, Opportunity, OrderForm, Status, Unreadable
from sfsync.salesforce.api import Api
from sfsync.salesforce.org import Org
from sfsync.samples import SAMPLES, sample

_ID = re.compile(r"(?:^|[/=])(006[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?)(?=$|[/?&#])")
_SAMPLE_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Preview:
    """A form that is not attached."""

    opportunity: Opportunity
    blueprint: Blueprint
    form: OrderForm
    #: what keeps it from being made, in the rep's words
    gaps: tuple[str, ...]
    #: what the next pass would do
    due: Version | Restore | None
    labels: Mapping[str, FieldLabel]


def record_id(text: str) -> str:
    """The Id of an Opportunity, or the one in its record's URL. Raises SetupError for anything else."""
    found = _ID.search(text.strip())
    if not found:
        raise SetupError(
            f"'{text}' is neither the Id of an Opportunity nor its record's address.",
            remedy="Copy the address of the record's page: …/lightning/r/Opportunity/006…/view.",
        )
    return found[1]


def of_record(api: Api, config: Config, blueprints: Sequence[Blueprint], wanted: str, form: str = "") -> Preview:
    """The form of a record of the org by its Id, in whatever stage it stands. Raises SetupError where there is none."""
    org = Org(api, currency=config.settings.currency)
    plan = plan_for(org, blueprints, config.settings)
    opportunity = next(org.read(plan, [wanted], in_any_stage=True), None)
    if opportunity is None:
        raise SetupError(f"The org has no Opportunity {wanted}, or the integration user may not see it.")
    if isinstance(opportunity, Unreadable):
        raise opportunity.error
    return _preview(opportunity, _blueprint(opportunity, blueprints, form), config, plan.labels)


def of_sample(config: Config, blueprints: Sequence[Blueprint], name: str = "usual", form: str = "") -> Preview:
    """The form of a deal that nobody made; needs no org."""
    if name not in SAMPLES:
        raise SetupError(f"There is no sample '{name}'.", where="--sample", remedy=f"There are {', '.join(SAMPLES)}.")
    paths = {path for b in blueprints for path in b.paths}
    currency = config.settings.currency or _SAMPLE_CURRENCY
    wanted = _named(blueprints, form) if form else blueprints[0]
    opportunity = sample(name, paths, stage=wanted.settings.stage, currency=currency)
    blueprint = wanted if form else choose(opportunity, blueprints) or wanted
    return _preview(opportunity, blueprint, config, {path: _label(path) for path in paths})


def _preview(
    opportunity: Opportunity, blueprint: Blueprint, config: Config, labels: Mapping[str, FieldLabel]
) -> Preview:
    due = decide(opportunity, blueprint.paths, blueprint.made_with)
    version = due if isinstance(due, Version) else _again(opportunity, blueprint)
    return Preview(
        opportunity=opportunity,
        blueprint=blueprint,
        form=filled(opportunity, blueprint, version, config.settings, labels),
        gaps=tuple(gaps(opportunity, blueprint, config.settings, labels)),
        due=due,
        labels=labels,
    )


def _again(opportunity: Opportunity, blueprint: Blueprint) -> Version:
    """The version that was made last."""
    made_from = fingerprints(opportunity.values, blueprint.paths)
    made = opportunity.made
    return Version(
        number=made.version if made else 1,
        token=token(opportunity, made_from, blueprint.made_with),
        requested_at=(made and made.requested_at) or opportunity.entered_at,
        made_from=made_from,
    )


def _blueprint(opportunity: Opportunity, blueprints: Sequence[Blueprint], form: str) -> Blueprint:
    """The form named, else the one that the rules choose, as if the deal stood in one of their stages."""
    if form:
        return _named(blueprints, form)
    chosen = choose(opportunity, blueprints) or next(
        (b for b in blueprints if choose(replace(opportunity, stage=b.settings.stage), [b])), None
    )
    if chosen is None:
        raise SetupError("No order form's condition holds for this Opportunity.", remedy="Name one with --form.")
    return chosen


def _named(blueprints: Iterable[Blueprint], form: str) -> Blueprint:
    known = {b.settings.name: b for b in blueprints}
    if form not in known:
        raise SetupError(f"There is no order form '{form}'.", where="--form", remedy=f"There are {', '.join(known)}.")
    return known[form]


def _label(path: str) -> FieldLabel:
    first, _, rest = path.partition(".")
    return FieldLabel(label=rest or first, object_label=first if rest else "Opportunity")


@dataclass(frozen=True, slots=True)
class Rule:
    """One of several of which the first wins."""

    name: str
    chosen: bool
    why: str


@dataclass(frozen=True, slots=True)
class FieldRead:
    """A field that the form was made from."""

    path: str
    label: str
    value: str
    #: who asks for it: templates/order_form.xml:12:8
    where: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a form is as it is."""

    forms: tuple[Rule, ...]
    terms: tuple[Rule, ...]
    fields: tuple[FieldRead, ...]
    branches: tuple[Branch, ...]
    #: field of the Opportunity -> what the next pass would write
    writes: Mapping[str, str]


def explained(preview: Preview, config: Config, blueprints: Sequence[Blueprint], now: datetime) -> Explanation:
    """Everything that decided what the form says, and what the next pass would write."""
    return Explanation(
        forms=tuple(_forms(preview, blueprints)),
        terms=tuple(_terms(preview)),
        fields=tuple(_fields(preview)),
        branches=explain(preview.blueprint.design.template, variables(preview.form), preview.form.terms),
        writes=_writes(preview, config, now),
    )


def _forms(preview: Preview, blueprints: Sequence[Blueprint]) -> Iterator[Rule]:
    for blueprint in blueprints:
        settings, chosen = blueprint.settings, blueprint is preview.blueprint
        if settings.stage != preview.opportunity.stage:
            why = f"is for the stage {settings.stage}; the deal stands in {preview.opportunity.stage}"
        elif blueprint.condition:
            why = _why(explain_condition(blueprint.condition, preview.opportunity.values, _formatter(preview)))
        else:
            why = f"is for every deal in the stage {settings.stage}"
        yield Rule(settings.name, chosen, why)


def _terms(preview: Preview) -> Iterator[Rule]:
    for terms in preview.blueprint.terms:
        why = "is for every deal"
        if terms.condition:
            why = _why(explain_condition(terms.condition, preview.opportunity.values, _formatter(preview)))
        yield Rule(terms.file, terms.file == preview.form.terms, why)


def _why(branch: Branch) -> str:
    seen = "; ".join(f"{name} is {' or '.join(values)}" for name, values in branch.values.items())
    return f"{branch.condition} {'holds' if branch.shown else 'does not hold'}" + (f": {seen}" if seen else "")


def _formatter(preview: Preview) -> Any:
    return variables(preview.form)[FORMATTER]


def _fields(preview: Preview) -> Iterator[FieldRead]:
    form = _formatter(preview)
    asked: dict[str, str] = {}
    for path, where in preview.blueprint.places:
        asked.setdefault(path, where)
    for path, where in sorted(asked.items()):
        label = preview.labels[path]
        found = preview.opportunity.values.get(path)
        values = [shown(v, form) for v in leaves(preview.opportunity.values, path.split("."))]
        said = f"{len(found)} of them" if isinstance(found, tuple) else _few(values)
        yield FieldRead(path, f"{label.object_label}: {label.label}", said, where)


def _few(values: Sequence[str], most: int = 3) -> str:
    """The first few of many; an empty one is said to be so."""
    named = [" ".join(value.split()) or "(empty)" for value in values]
    return ", ".join(named[:most]) + (f" and {len(named) - most} more" if len(named) > most else "")


def _writes(preview: Preview, config: Config, now: datetime) -> Mapping[str, str]:
    names, form = config.settings.fields, preview.form
    if preview.gaps:
        return {names.status: Status.NEEDS_INFORMATION, names.message: "\n".join(preview.gaps)}
    if preview.due is None:
        return {}
    if isinstance(preview.due, Restore):
        return {"sfsync's own fields": "as its last row says"}
    return {
        names.status: Status.READY,
        names.message: "(empty)",
        names.version: str(form.version),
        names.requested_at: f"{form.requested_at:%Y-%m-%d %H:%M:%S} UTC",
        names.ready_at: f"the moment it is attached, such as {now:%Y-%m-%d %H:%M:%S} UTC",
        names.token: str(preview.due.token),
        "Files": f"{form.title}.pdf, " + ("a new file" if form.version == 1 else f"version {form.version}"),
    }
