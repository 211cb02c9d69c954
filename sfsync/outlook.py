"""What a pass would do, record by record, before it does it. Reads only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from sfsync.due import Restore, Token, Version, decide
from sfsync.errors import RecordIncomplete, SetupError
from sfsync.forms.blueprint import Blueprint
from sfsync.forms.compose import choose, compose
from sfsync.records import Opportunity, Unreadable
from sfsync.salesforce.api import MAX_QUERIES, Api
from sfsync.salesforce.attach import MAX_GRAPHS, SLOW_SECONDS
from sfsync.salesforce.org import IDS_PER_QUERY, Org
from sfsync.salesforce.plan import Plan
from sfsync.salesforce.tell import BELLS
from sfsync.settings import Settings

#: calls that are smaller than they might be, before the batches have grown
_GROWING = 3
#: so many changed fields are named
_NAMED = 3


class What(StrEnum):
    """What would become of a record."""

    MAKE = "make"
    ASK = "ask the owner"
    FAIL = "fail"
    RESTORE = "write its fields again"


@dataclass(frozen=True, slots=True)
class Prospect:
    """A record that a pass would do something about."""

    opportunity_id: str
    name: str
    what: What
    #: name of the order form in the settings; empty where none could be chosen
    form: str
    version: int
    #: why it is due
    why: str
    #: what is missing, or what would fail
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which records, and with what."""

    org: Org
    plan: Plan
    blueprints: Sequence[Blueprint]
    settings: Settings
    remake: bool = False


def plan_for(org: Org, blueprints: Sequence[Blueprint], settings: Settings) -> Plan:
    """What the order forms read, proved against the org. Raises SetupError."""
    places = [place for b in blueprints for place in b.places]
    optional = [path for b in blueprints for path in b.optional]
    return org.plan([b.stage for b in blueprints], settings.fields, places, optional)


def scope(api: Api, settings: Settings, blueprints: Sequence[Blueprint], *, remake: bool = False) -> Scope:
    """Everything that looking ahead needs. Raises SetupError."""
    org = Org(api, currency=settings.currency)
    return Scope(org, plan_for(org, blueprints, settings), blueprints, settings, remake)


def all_of(scope: Scope, since: datetime) -> Iterator[Prospect]:
    """What a sweep would do; a record without a form counts if it entered its stage after `since`."""
    requests, _ = scope.org.watch(scope.plan, None, since)
    yield from of(scope, [r.opportunity_id for r in requests])


def of(scope: Scope, ids: Sequence[str]) -> Iterator[Prospect]:
    """What would become of these Opportunities; nothing is said of those that need nothing."""
    for opportunity in scope.org.read(scope.plan, ids):
        if isinstance(opportunity, Unreadable):
            yield Prospect(opportunity.id, "", What.FAIL, "", 0, "it stands in its stage", str(opportunity.error))
        elif found := _of(scope, opportunity):
            yield found


def _of(scope: Scope, opportunity: Opportunity) -> Prospect | None:
    form, number, why = "", 0, "it stands in its stage"
    try:
        blueprint = choose(opportunity, scope.blueprints)
        if blueprint is None:
            return None
        form = blueprint.settings.name
        found = decide(opportunity, blueprint.paths, blueprint.made_with, remake=scope.remake)
        if isinstance(found, Restore):
            return _prospect(opportunity, What.RESTORE, form, 0, "somebody changed what sfsync wrote there")
        if found is None:
            return None
        number, why = found.number, _why(opportunity, found, scope)
        compose(opportunity, blueprint, found, scope.settings, scope.plan.labels)
    except RecordIncomplete as gap:
        return _prospect(opportunity, What.ASK, form, number, why, gap.what)
    except SetupError as problem:
        return _prospect(opportunity, What.FAIL, form, number, why, str(problem))
    return _prospect(opportunity, What.MAKE, form, number, why)


def _prospect(o: Opportunity, what: What, form: str, version: int, why: str, lacks: str = "") -> Prospect:  # noqa: PLR0917 (its own fields in their order)
    return Prospect(o.id, o.name, what, form, version, why, lacks)


def _why(opportunity: Opportunity, version: Version, scope: Scope) -> str:
    made = opportunity.made
    last = Token.parse(made.token) if made else None
    entered = f"{opportunity.entered_at.astimezone(scope.settings.zone):%Y-%m-%d %H:%M}"
    if made is None or last is None:
        return f"it reached {opportunity.stage} on {entered}"
    if last.entered_at != version.token.entered_at:
        return f"it reached {opportunity.stage} again on {entered}"
    both = made.made_from.keys() & version.made_from.keys()
    changed = sorted(path for path in both if made.made_from[path] != version.made_from[path])
    return f"{_fields(changed, scope.plan)} changed" if changed else "the template or the settings changed"


def _fields(paths: Sequence[str], plan: Plan) -> str:
    lists = {child.relationship for child in plan.children}
    labels = list(
        dict.fromkeys(
            plan.labels[p].object_label if p in lists else f"{plan.labels[p].object_label}: {plan.labels[p].label}"
            for p in paths
        )
    )
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return ", ".join(labels[:_NAMED]) + more


@dataclass(frozen=True, slots=True)
class Estimate:
    """What making so many forms will cost."""

    #: of the org's API, counting and looking included
    calls: int
    #: at most, as a rule: the batches shrink where the org takes longer
    at_most: timedelta


def estimate(scope: Scope, records: int, forms: int) -> Estimate:
    """What a pass over so many records will cost, of which so many get a form."""
    reads = ceil(records / IDS_PER_QUERY) * ceil((2 + len(scope.plan.children)) / MAX_QUERIES)
    uploads = ceil(forms / MAX_GRAPHS)
    calls = reads + uploads + _GROWING + ceil(forms / BELLS) + ceil((records - forms) / BELLS)
    return Estimate(calls, timedelta(seconds=SLOW_SECONDS) * (uploads + _GROWING) if forms else timedelta())


def count(prospects: Iterable[Prospect]) -> int:
    """How many forms would be made."""
    return sum(p.what is What.MAKE for p in prospects)
