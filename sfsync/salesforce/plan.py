"""Which fields to ask for: found in the templates and settings, proved against the org."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sfsync.errors import SetupError, SetupErrors, did_you_mean
from sfsync.records import FieldLabel
from sfsync.salesforce.describe import Describer, ObjectInfo, Resolved
from sfsync.settings import FieldNames

#: what every Opportunity is asked for, whatever the template says
ALWAYS = ("Id", "Name", "StageName", "OwnerId", "CreatedDate", "LastStageChangeDate", "SystemModstamp")

#: by what lines are sorted, where they have it
ORDER = ("SortOrder",)


@dataclass(frozen=True, slots=True)
class Children:
    """One child relationship in use: `OpportunityLineItems`."""

    relationship: str
    sobject: str
    #: the field that holds the Opportunity's Id
    link: str
    #: relationship of that field, for conditions on the Opportunity
    parent: str
    paths: tuple[Resolved, ...]
    #: lookups of the child whose own changes count: `Product2`
    stamps: tuple[str, ...]
    order: str
    currency: bool

    @property
    def selected(self) -> list[str]:
        """Everything to select from it, once."""
        stamps = ("SystemModstamp", *(f"{s}.SystemModstamp" for s in self.stamps))
        currency = ("CurrencyIsoCode",) if self.currency else ()
        return list(dict.fromkeys(["Id", self.link, *stamps, *currency, *(p.select for p in self.paths)]))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass reads."""

    stages: tuple[str, ...]
    names: FieldNames
    paths: tuple[Resolved, ...]
    #: parents whose own changes count: `Account`, `Owner`
    stamps: tuple[str, ...]
    children: tuple[Children, ...]
    #: whether records name their currency
    multicurrency: bool

    @property
    def labels(self) -> Mapping[str, FieldLabel]:
        """How people call each field path."""
        every = [*self.paths, *(p for c in self.children for p in c.paths)]
        return {p.path: p.label for p in every}

    @property
    def selected(self) -> list[str]:
        """Everything to select from Opportunity, once."""
        ours = (self.names.status, self.names.message, self.names.version, self.names.token)
        stamps = (f"{s}.SystemModstamp" for s in self.stamps)
        currency = ("CurrencyIsoCode",) if self.multicurrency else ()
        return list(dict.fromkeys([*ALWAYS, *ours, *currency, *stamps, *(p.select for p in self.paths)]))


def make(
    describer: Describer,
    stages: Iterable[tuple[str, str]],
    names: FieldNames,
    paths: Iterable[tuple[str, str]],
    optional: Iterable[str] = (),
) -> Plan:
    """Prove (stage, where) and (path, where) against the org. Raises SetupError or SetupErrors for all wrong ones.

    The `optional` ones are read where the org has them, and silently left out where it does not.
    """
    opportunity = describer.get("Opportunity")
    stages = list(stages)
    resolved, problems = resolve(describer, [*paths, *_own_fields(names)])
    problems = [*unknown_stages(opportunity, stages), *problems]
    if problems:
        raise problems[0] if len(problems) == 1 else SetupErrors(problems)
    resolved += resolve(describer, ((path, "") for path in optional))[0]
    return Plan(
        stages=tuple(dict.fromkeys(stage for stage, _ in stages)),
        names=names,
        paths=tuple(p for p in resolved if not p.child),
        stamps=_parents(p.select for p in resolved if not p.child),
        children=tuple(
            _children(describer, opportunity, name, [p for p in resolved if p.child == name])
            for name in dict.fromkeys(p.child for p in resolved if p.child)
        ),
        multicurrency="CurrencyIsoCode" in opportunity.fields,
    )


def unknown_stages(opportunity: ObjectInfo, stages: Iterable[tuple[str, str]]) -> list[SetupError]:
    """One error for each stage that the org does not have."""
    known = opportunity.fields["StageName"].picklist
    return [
        SetupError(
            f"The org has no stage '{stage}'.",
            where=where,
            remedy=did_you_mean(stage, known) or f"It has: {', '.join(known)}.",
        )
        for stage, where in stages
        if stage not in known
    ]


def _own_fields(names: FieldNames) -> list[tuple[str, str]]:
    # requested_at and ready_at are written only, the others read as well
    return [(n, "settings, fields") for n in (names.status, names.message, names.version, names.token)]


def resolve(describer: Describer, paths: Iterable[tuple[str, str]]) -> tuple[list[Resolved], list[SetupError]]:
    """What the org has of (path, where), each path once, and an error for each that it does not have."""
    found: dict[str, Resolved] = {}
    problems: list[SetupError] = []
    for path, where in paths:
        try:
            found.setdefault(path, describer.resolve(path, where))
        except SetupError as problem:
            problems.append(problem)
    return list(found.values()), problems


def _children(describer: Describer, opportunity: ObjectInfo, name: str, paths: list[Resolved]) -> Children:
    sobject, link = opportunity.children[name]
    info = describer.get(sobject)
    by = [f"{name} NULLS LAST" for name in ORDER if name in info.fields]
    return Children(
        relationship=name,
        sobject=sobject,
        link=link,
        parent=info.fields[link].relationship,
        paths=tuple(paths),
        stamps=_parents(p.select for p in paths),
        order=", ".join([link, *by, "CreatedDate", "Id"]),
        currency="CurrencyIsoCode" in info.fields,
    )


def _parents(selects: Iterable[str]) -> tuple[str, ...]:
    """Every lookup that the paths run through, also the ones between."""
    found = {}
    for select in selects:
        steps = select.split(".")[:-1]
        found.update(dict.fromkeys(".".join(steps[: n + 1]) for n in range(len(steps))))
    return tuple(found)
