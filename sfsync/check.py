"""Is everything in place? Each finding is a tick, or a cross with its remedy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypeVar

from sfsync import config as configs
from sfsync.config import Config
from sfsync.errors import SetupError, SetupErrors, TryAgainLater
from sfsync.forms import compose
from sfsync.forms.compose import Blueprint
from sfsync.forms.template import Template
from sfsync.forms.words import Catalogue, catalogues
from sfsync.records import Status
from sfsync.salesforce.api import VERSION, Api
from sfsync.salesforce.connect import connect
from sfsync.salesforce.describe import ObjectInfo
from sfsync.salesforce.org import Org
from sfsync.salesforce.tell import NOTIFICATION_TYPE, Teller
from sfsync.settings import FieldNames

#: JWTs, timestamps and the watch all live on a clock that is about right
CLOCK_MAY_BE_OFF = timedelta(minutes=2)
_DEPLOY = "Deploy config/salesforce to the org, and give the integration user the permission set Order Form Worker."
_OBJECTS = ("Opportunity", "Order_Form__c", "ContentVersion")
_ROW_FIELDS = (
    "Opportunity__c",
    "Key__c",
    "Version__c",
    "Requested_At__c",
    "Ready_At__c",
    "Form__c",
    "File_Id__c",
    "Token__c",
    "Made_From__c",
)
_FILE_FIELDS = ("Title", "PathOnClient", "VersionData", "FirstPublishLocationId", "ContentDocumentId")

T = TypeVar("T")


class Mark(Enum):
    """What a finding means for the admin."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer."""

    mark: Mark
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.mark.value} {self.what}" + (f"\n    {self.remedy}" if self.remedy else "")


class Checks:
    """Goes through everything in order, and says each finding as soon as it is known."""

    def __init__(self, say: Callable[[Finding], None]) -> None:
        self._say = say
        self.bad = 0

    def run(self, path: Path, environ: Mapping[str, str], now: Callable[[], datetime]) -> int:
        """Look at settings, templates, login and org. 0 all in place, 2 a cross, 75 the org cannot be reached."""
        try:
            config = self._try(f"settings in {path}", lambda: configs.load(path))
            blueprints = self._try("templates and fonts", lambda: compose.load(config)) if config else None
            for blueprint in blueprints or ():
                self._look(blueprint)
            if config and blueprints:
                self._words(config, blueprints)
            api = self._try("environment", lambda: connect(environ, now))
            if api and self._try("login", lambda: api.session.instance_url, shown=True) and config and blueprints:
                self._org(api, config, blueprints, now)
        except TryAgainLater as error:
            self._bad(error.what, f"{error.where}: try again when the org answers.".removeprefix(": "))
            return 75
        return 2 if self.bad else 0

    def _try(self, what: str, step: Callable[[], T], *, shown: bool = False) -> T | None:
        """Tick when the step succeeds; a cross for each of its mistakes when not."""
        try:
            result = step()
        except SetupErrors as several:
            for problem in several.problems:
                self._bad(_said(problem), problem.remedy)
        except SetupError as problem:
            self._bad(_said(problem), problem.remedy)
        else:
            self._good(f"{what}: {result}" if shown else what)
            return result
        return None

    def _good(self, what: str) -> None:
        self._say(Finding(Mark.GOOD, what))

    def _note(self, what: str, remedy: str) -> None:
        self._say(Finding(Mark.NOTE, what, remedy))

    def _bad(self, what: str, remedy: str) -> None:
        self.bad += 1
        self._say(Finding(Mark.BAD, what, remedy))

    def _look(self, blueprint: Blueprint) -> None:
        for colour in blueprint.design.theme.hard_to_read():
            what = f"The form {blueprint.settings.name} is hard to read: {colour}."
            self._note(what, "Choose a darker colour under theme: in the settings.")

    def _words(self, config: Config, blueprints: Sequence[Blueprint]) -> None:
        """A catalogue that lacks a word serves no form of that template; a word that none uses may be a misspelling."""
        by_folder: dict[Path, list[Template]] = {}
        for blueprint in blueprints:
            template = blueprint.design.template
            if isinstance(template, Template):
                by_folder.setdefault(config.find(blueprint.settings.template).parent, []).append(template)
        for folder, templates in by_folder.items():
            for catalogue in catalogues(folder, f"{configs.shown(folder)}/")[0]:
                self._catalogue(catalogue, list({t.name: t for t in templates}.values()))

    def _catalogue(self, catalogue: Catalogue, templates: Sequence[Template]) -> None:
        missing = [(t, word) for t in templates for word in catalogue.lacks(t.marked)]
        for template, word in missing:
            own = template.language or "its own language"
            self._bad(
                f"{template.marked[word]}: '{word}' is missing in {catalogue.name}.",
                f"Until it stands there, {template.name} makes no form in {catalogue.language}, but in {own}.",
            )
        for word, where in catalogue.unused({word for t in templates for word in t.marked}):
            self._note(f"{where}: no template says '{word}'.", "Delete it, or spell it as the template does.")
        if not missing:
            self._good(f"{catalogue.name}: all words")

    def _org(self, api: Api, config: Config, blueprints: Sequence[Blueprint], now: Callable[[], datetime]) -> None:
        org = Org(api, currency=config.settings.currency)
        names = config.settings.fields
        if self._try("objects that sfsync writes", lambda: len(org.describer.known(_OBJECTS))) is None:
            return
        opportunity = org.describer.get("Opportunity")
        self._own_fields(opportunity, names)
        self._created(org.describer.get("Order_Form__c"), _ROW_FIELDS)
        self._created(org.describer.get("ContentVersion"), _FILE_FIELDS)
        places = [place for b in blueprints for place in b.places]
        stages = [b.stage for b in blueprints]
        optional = [path for b in blueprints for path in b.optional]
        plan = self._try(
            "stages, and fields that the templates name", lambda: org.plan(stages, names, places, optional)
        )
        if plan:
            self._good(f"{len(plan.labels)} fields are read, {len(names.model_dump())} written on Opportunity")
        self._bell(Teller(api, names))
        self._limits(api, config)
        self._clock(api, now)

    def _own_fields(self, opportunity: ObjectInfo, names: FieldNames) -> None:
        for purpose, name in names.model_dump().items():
            info = opportunity.fields.get(name)
            if info is None:
                self._bad(f"Opportunity has no {name}, or the integration user may not read it.", _DEPLOY)
            elif not info.updateable:
                self._bad(f"The integration user may not edit Opportunity.{name}.", _DEPLOY)
            elif purpose == "status" and info.picklist and set(info.picklist).isdisjoint(Status):
                self._bad(f"Opportunity.{name} has not the values {', '.join(Status)}.", _DEPLOY)
            else:
                self._good(f"Opportunity.{name}")

    def _created(self, found: ObjectInfo, fields: Sequence[str]) -> None:
        missing = [f for f in fields if f not in found.fields or not found.fields[f].createable]
        if missing or not found.createable:
            self._bad(
                f"The integration user may not create {found.name} with {', '.join(missing) or 'its fields'}.", _DEPLOY
            )
        elif "Key__c" in fields and not found.fields["Key__c"].unique:
            self._bad("Order_Form__c.Key__c is not unique: two workers could make the same version.", _DEPLOY)
        else:
            self._good(f"{found.name} can be created")

    def _bell(self, teller: Teller) -> None:
        if teller.notification_type():
            self._good("bell")
        else:
            self._note(
                f"There is no notification type {NOTIFICATION_TYPE}: the owner's bell stays silent.",
                "Deploy config/salesforce to the org, if the bell is wanted.",
            )

    def _limits(self, api: Api, config: Config) -> None:
        usage = api.session.usage
        ticks = timedelta(days=1) / config.settings.check_every
        if usage.allowed:
            used = f"{usage.used:,} of {usage.allowed:,} calls used in the last 24 hours"
            self._good(f"API {VERSION}: {used}; looking takes at most {ticks:,.0f} a day")

    def _clock(self, api: Api, now: Callable[[], datetime]) -> None:
        off = abs(api.session.now() - now())
        if off < CLOCK_MAY_BE_OFF:
            self._good("clock")
        else:
            self._note(f"This machine's clock is off by {off.total_seconds():.0f} seconds.", "Set it by NTP.")


def _said(problem: SetupError) -> str:
    return f"{problem.where}: {problem.what}" if problem.where else problem.what
