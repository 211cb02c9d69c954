"""What an org has of all that sfsync needs: objects, fields, permissions, values, limits."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sfsync.config import Config
from sfsync.errors import SetupError, SfsyncError, TryAgainLater, did_you_mean
from sfsync.findings import Findings
from sfsync.forms.blueprint import Blueprint
from sfsync.forms.template.environment import printable
from sfsync.forms.template.literals import compared
from sfsync.forms.template.template import Condition
from sfsync.forms.text import eastasian
from sfsync.forms.text.fonts import uncovered
from sfsync.outlook import plan_for
from sfsync.records import Status
from sfsync.salesforce import soql
from sfsync.salesforce.api import VERSION, Api
from sfsync.salesforce.attach import ROW_FIELDS
from sfsync.salesforce.board import Board
from sfsync.salesforce.describe import Describer, ObjectInfo
from sfsync.salesforce.org import Org
from sfsync.salesforce.plan import Plan
from sfsync.salesforce.post import recipient
from sfsync.salesforce.tell import NOTIFICATION_TYPE, Teller
from sfsync.settings import FieldNames, Settings

#: JWTs, timestamps and the watch all live on a clock that is about right
CLOCK_MAY_BE_OFF = timedelta(minutes=2)
#: of the org's daily calls; looking alone should take no more
_SHARE = 0.1
PERMISSION_SET = "Order_Form_Worker"
#: so many deals are looked at for characters that need a font, and so many characters are named
_DEALS, _NAMED = 200, 8
_ALMIGHTY = "System Administrator"
_DEPLOY = "Run sfsync setup, and give the integration user the permission set Order Form Worker."
_OBJECTS = ("Opportunity", "Order_Form__c", "ContentVersion")
_FILE_FIELDS = ("Title", "PathOnClient", "VersionData", "FirstPublishLocationId", "ContentDocumentId")


def user(found: Findings, api: Api) -> None:
    """Who works there, with which profile, licence and permission sets. Raises TryAgainLater."""
    if not api.session.user_id:
        return
    me = soql.among_ids("Id", [api.session.user_id])
    mine = soql.among_ids("AssigneeId", [api.session.user_id])
    sets = soql.select(["PermissionSet.Name"], "PermissionSetAssignment", mine)
    # an org shows the licence only to some users
    plain = ["Username", "Profile.Name"]
    texts = [soql.select([*plain, "Profile.UserLicense.Name"], "User", me), soql.select(plain, "User", me), sets]
    full, known, assigned = api.composite(soql.url(text) for text in texts)
    answer = known if isinstance(full, SfsyncError) else full
    if isinstance(answer, TryAgainLater):
        raise answer
    if isinstance(answer, SfsyncError) or not answer["records"]:
        found.note("The integration user may not read its own record.", "Nothing depends on it.")
        return
    _profile(found, answer["records"][0])
    if not isinstance(assigned, SfsyncError):
        _permission_set(found, {row["PermissionSet"]["Name"] for row in assigned["records"]})


def _profile(found: Findings, row: dict[str, object]) -> None:
    profile = row["Profile"] if isinstance(row["Profile"], dict) else {}
    name, licence = profile.get("Name", "none"), (profile.get("UserLicense") or {}).get("Name", "")
    said = f"user {row['Username']}, profile {name}" + (f", licence {licence}" if licence else "")
    if name == _ALMIGHTY:
        found.note(
            f"{said}: it may do far more than sfsync needs.",
            "Make a user with the profile Minimum Access - API Only Integrations: docs/salesforce-setup.md, step 4.",
        )
    else:
        found.good(said)


def _permission_set(found: Findings, names: set[str]) -> None:
    if PERMISSION_SET in names:
        found.good("permission set Order Form Worker")
    else:
        found.note(
            "The integration user has not the permission set Order Form Worker.",
            f"sf org assign permset --name {PERMISSION_SET} --on-behalf-of USERNAME",
        )


def org(
    found: Findings, api: Api, config: Config, blueprints: Sequence[Blueprint], now: Callable[[], datetime]
) -> None:
    """Everything that a pass needs there. Raises TryAgainLater."""
    settings, here = config.settings, Org(api, currency=config.settings.currency)
    if found.trying("objects that sfsync writes", lambda: len(here.describer.known(_OBJECTS))) is None:
        return
    _own_fields(found, here.describer.get("Opportunity"), settings.fields)
    _created(found, here.describer.get("Order_Form__c"), ROW_FIELDS)
    _created(found, here.describer.get("ContentVersion"), _FILE_FIELDS)
    plan = found.trying("stages, and fields that the templates name", lambda: plan_for(here, blueprints, settings))
    if plan:
        written = len(settings.fields.model_dump())
        found.good(f"{len(plan.labels)} fields are read, {written} written on Opportunity")
        _conditions(found, here.describer, blueprints)
        _fonts(found, here, plan, blueprints)
    _switch(found, Board(api, settings), settings)
    _bell(found, Teller(api, settings.fields))
    _digest(found, api, settings)
    _limits(found, api, settings)
    _clock(found, api, now)


def _own_fields(found: Findings, opportunity: ObjectInfo, names: FieldNames) -> None:
    for purpose, name in names.model_dump().items():
        info = opportunity.fields.get(name)
        if info is None:
            found.cross(f"Opportunity has no {name}, or the integration user may not read it.", _DEPLOY)
        elif not info.updateable:
            found.cross(f"The integration user may not edit Opportunity.{name}.", _DEPLOY)
        elif purpose == "status" and info.picklist and not set(info.picklist).issuperset(Status):
            lacks = ", ".join(s for s in Status if s not in info.picklist)
            found.cross(f"Opportunity.{name} has not the values {lacks}.", _DEPLOY)
        else:
            found.good(f"Opportunity.{name}")


def _created(found: Findings, sobject: ObjectInfo, fields: Sequence[str]) -> None:
    missing = [f for f in fields if f not in sobject.fields or not sobject.fields[f].createable]
    if missing or not sobject.createable:
        what = ", ".join(missing) or "its fields"
        found.cross(f"The integration user may not create {sobject.name} with {what}.", _DEPLOY)
    elif "Key__c" in fields and not sobject.fields["Key__c"].unique:
        found.cross("Order_Form__c.Key__c is not unique: two workers could make the same version.", _DEPLOY)
    else:
        found.good(f"{sobject.name} can be created")


def _conditions(found: Findings, describer: Describer, blueprints: Sequence[Blueprint]) -> None:
    """A value that a picklist does not have makes a condition that never holds."""
    before = found.notes
    compared_ = [(c.where, *pair) for c in _all_conditions(blueprints) for pair in compared(c.line)]
    for where, path, text in compared_:
        known = known_values(describer, path)
        if known and text not in known:
            remedy = did_you_mean(text, known) or f"There are {', '.join(known)}."
            found.note(f"{where}: {path} is never '{text}'.", remedy)
    if compared_ and found.notes == before:
        found.good("values that the conditions name")


def _all_conditions(blueprints: Sequence[Blueprint]) -> Iterator[Condition]:
    for blueprint in blueprints:
        if blueprint.condition:
            yield blueprint.condition
        yield from (terms.condition for terms in blueprint.terms if terms.condition)


def known_values(describer: Describer, path: str) -> tuple[str, ...]:
    """All that a picklist or the record type can say; empty for any other field."""
    if path == "RecordType.DeveloperName":
        return describer.get("Opportunity").record_types
    try:
        info = describer.resolve(path).info
    except SetupError:
        return ()
    return info.picklist if info.type == "picklist" else ()


def _switch(found: Findings, board: Board, settings: Settings) -> None:
    board.look()
    if board.paused:
        found.note("Somebody has paused sfsync in Salesforce.", "Untick Paused in the tab Order Form Settings.")
    if board.switched_on:
        since = settings.counts_since or board.switched_on
        found.good(f"switched on; deals count from {since.astimezone(settings.zone):%Y-%m-%d %H:%M}")
    else:
        found.note("sfsync is not switched on for this org.", "sfsync run --dry-run, then sfsync run --yes")


def _fonts(found: Findings, here: Org, plan: Plan, blueprints: Sequence[Blueprint]) -> None:
    """Whether there is a font for whatever the org's records say; a look at some of them has to do."""
    deals, texts = here.sample(plan, _DEALS)
    said = printable("".join(dict.fromkeys("".join(texts))), " ")
    families = dict.fromkeys(b.design.theme.family for b in blueprints)
    missing = "".join(dict.fromkeys("".join(uncovered(said, family) for family in families)))
    looked = f"the {deals} deals that moved last" if deals > 1 else "the only deal"
    awaited = eastasian.awaited(missing)
    if awaited:
        found.note(f"Forms would show boxes for {_some(awaited)}, seen in {looked}.", eastasian.remedy(missing))
    if others := "".join(c for c in missing if c not in awaited):
        what = f"No font has {_some(others)}, seen in {looked}: forms show boxes."
        found.note(what, "Write it without them in the records.")
    if not missing:
        found.good(f"fonts for all that is said in {looked}" if deals else "fonts; no deal is there to look at")


def _some(characters: str) -> str:
    """The first few, each as it is and by its number."""
    named = ", ".join(f"{c} (U+{ord(c):04X})" for c in characters[:_NAMED])
    more = len(characters) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _bell(found: Findings, teller: Teller) -> None:
    if teller.notification_type():
        found.good("bell")
    else:
        found.note(
            f"There is no notification type {NOTIFICATION_TYPE}: the owner's bell stays silent.",
            "Run sfsync setup, if the bell is wanted.",
        )


def _digest(found: Findings, api: Api, settings: Settings) -> None:
    """Whether there is somebody to hear it; a digest that goes nowhere keeps no form from being made."""
    if settings.digest is None:
        return
    to = recipient(api, settings.digest)
    try:
        whom = to.find(api.composite(soql.url(text) for text in to.questions))
    except SetupError as error:
        found.note(f"No daily digest: {error.what}", error.remedy)
    else:
        found.good(f"daily digest at {settings.digest.at:%H:%M}, {settings.zone}, to {whom}")


def _limits(found: Findings, api: Api, settings: Settings) -> None:
    usage, ticks = api.session.usage, settings.ticks_a_day
    if not usage.allowed:
        return
    left = usage.allowed - usage.used
    said = f"API {VERSION}: {left:,} of {usage.allowed:,} calls a day are left; looking takes {ticks:,} of them"
    if usage.rarer > 1 or ticks > usage.allowed * _SHARE:
        found.note(f"{said}.", "Look less often: raise check_every, narrow business_hours, or buy API calls.")
    else:
        found.good(said)


def _clock(found: Findings, api: Api, now: Callable[[], datetime]) -> None:
    off = abs(api.session.now() - now())
    if off < CLOCK_MAY_BE_OFF:
        found.good(f"clock, {off.total_seconds():.0f} s from the org's")
    else:
        found.note(f"This machine's clock is off by {off.total_seconds():.0f} seconds.", "Set it by NTP.")
