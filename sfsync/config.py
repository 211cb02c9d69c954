"""The admin's one file, `config/sfsync.yaml`: its models, and every mistake with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sfsync import schedule
from sfsync.errors import SetupError, SetupErrors, did_you_mean

#: Where a value stands in the file: keys and list positions from the top
Place = tuple[str | int, ...]


def _api_name(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"'{name}' is not the API name of a field. Copy it from Object Manager.")
    return name


def _currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError(f"'{code}' is not a currency code. Write three letters, such as USD or EUR.")
    return code


def _locale(name: str) -> str:
    try:
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"'{name}' is not a locale. Write it like en_US or de_DE.") from None


def _lines(value: object) -> object:
    return value.splitlines() if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
ApiName = Annotated[str, AfterValidator(_api_name)]
Duration = Annotated[timedelta, BeforeValidator(schedule.duration)]
Hours = Annotated[schedule.BusinessHours, BeforeValidator(schedule.business_hours)]
Zone = Annotated[ZoneInfo, BeforeValidator(schedule.time_zone)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Company(_Model):
    """Who sends the form. A template prints these as `{{ company.name }}`."""

    name: Text = Field(description="The name on the form.")
    legal_name: str = Field("", description="The registered name, where it differs.")
    logo: str = Field("", description="A PNG or JPEG in the templates folder.")
    address: Annotated[tuple[str, ...], BeforeValidator(_lines)] = Field((), description="The address, line by line.")
    email: str = Field("", description="Where questions about the form go.")
    phone: str = Field("", description="The telephone number.")
    website: str = Field("", description="The website.")
    tax_id: str = Field("", description="VAT or tax number.")


class OrderFormSettings(_Model):
    """One kind of order form: which Opportunities get it, from which template, and what they must hold."""

    name: Text = Field(description="What you call this form. It stands on each Order Form row.")
    stage: Text = Field(description="An Opportunity that reaches this stage gets the form.")
    template: Text = Field(description="A file in the templates folder.")
    file_name: Text = Field("Order Form {{ Opportunity.Name }}", description="The file's name, without .pdf.")
    when: str = Field(
        "",
        description='Only Opportunities of which this is true, such as `Opportunity.Type == "Renewal"`.',
    )
    needs: dict[str, Text] = Field(
        {}, description="What must be there, and what the rep reads if it is not: `Account.BillingStreet: Add …`."
    )


class FieldNames(_Model):
    """The Opportunity's fields that sfsync writes. Name others here if yours are called differently."""

    status: ApiName = Field("Order_Form_Status__c", description="Ready, Needs information or Failed.")
    message: ApiName = Field("Order_Form_Message__c", description="What the rep has to do.")
    requested_at: ApiName = Field("Order_Form_Requested_At__c", description="When the form was asked for.")
    ready_at: ApiName = Field("Order_Form_Ready_At__c", description="When it lay among the Files.")
    version: ApiName = Field("Order_Form_Version__c", description="1, 2, 3 …")
    token: ApiName = Field("Order_Form_Token__c", description="What the form was made from, as a fingerprint.")


class Settings(_Model):
    """Everything that `config/sfsync.yaml` can say."""

    company: Company = Field(description="Who sends the form.")
    order_forms: Annotated[tuple[OrderFormSettings, ...], Field(min_length=1)] = Field(
        description="The forms, in order: the first whose stage and condition match wins."
    )
    check_every: Duration = Field(timedelta(seconds=15), description="How often to look, in business hours.")
    business_hours: Hours = Field(schedule.ALWAYS, description="When reps work: `Mon-Fri 8:00-18:00 Europe/Berlin`.")
    check_otherwise_every: Duration = Field(timedelta(minutes=5), description="How often to look outside these hours.")
    look_back: Duration = Field(
        timedelta(days=30),
        description="A deal that has stood in its stage for longer than this, and never had a form, gets none.",
    )
    currency: Annotated[str, AfterValidator(_currency)] | None = Field(
        None, description="The org's currency. Needed where the org has only one; else each record names its own."
    )
    locale: Annotated[str, AfterValidator(_locale)] = Field("en_US", description="How numbers and dates are written.")
    time_zone: Zone | None = Field(None, description="The zone of dates on the form; else that of the business hours.")
    amount_tolerance: Decimal = Field(
        Decimal("0.01"), ge=0, description="How far the products' sum may stand from the Amount."
    )
    fields: FieldNames = Field(FieldNames(), description="Other names for the fields that sfsync writes.")

    @property
    def zone(self) -> ZoneInfo:
        return self.time_zone or self.business_hours.zone


@dataclass(frozen=True, slots=True)
class Config:
    """The settings together with the place of each of them in the file."""

    path: Path
    settings: Settings
    lines: dict[Place, int]

    def where(self, *place: str | int) -> str:
        """`config/sfsync.yaml:9` for a setting, or for the nearest setting above it."""
        return f"{shown(self.path)}:{_line(self.lines, place)}"

    def find(self, name: str) -> Path:
        """A template or logo, looked for in `templates` beside the settings' folder, in it, and beside the file."""
        here = self.path.resolve().parent
        folders = (here.parent / "templates", here / "templates", here)
        return next((f / name for f in folders if (f / name).is_file()), folders[0] / name)


def load(path: Path) -> Config:
    """Read the settings. Raises SetupError or SetupErrors that name file and line of every mistake."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SetupError(
            f"The settings cannot be read: {reason}.", where=str(path), remedy="Name another file with --config FILE."
        ) from None
    # text pasted from web pages brings non-breaking spaces, which YAML takes for letters
    raw, lines = _parse(text.replace("\u00a0", " "), path)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        errors = [e for e in error.errors() if e["type"] != "too_short" or error.error_count() == 1]
        problems = [_problem(each, path, lines) for each in errors]
        raise problems[0] if len(problems) == 1 else SetupErrors(problems) from None
    return Config(path, settings, lines)


def _parse(text: str, path: Path) -> tuple[object, dict[Place, int]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{shown(path)}:{mark.line + 1}" if mark else shown(path)
        raise SetupError(
            f"This is not YAML: {error.problem}.", where=place, remedy="Check the indentation, colons and quotes."
        ) from None
    except yaml.YAMLError as error:
        raise SetupError(f"This is not YAML: {error}.", where=shown(path)) from None
    if not isinstance(node, yaml.MappingNode):
        raise SetupError(
            "The settings are empty.", where=f"{shown(path)}:1", remedy="Begin with company: and order_forms:."
        )
    top: Place = ()
    return _Loader(text).get_single_data(), {top: 1, **dict(_marks(node, top, path))}


class _Loader(yaml.SafeLoader):
    """YAML in which `8:00` and `yes` are the text that the admin wrote."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own class attribute)
        first: [(tag, regexp) for tag, regexp in resolvers if tag == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _marks(node: yaml.Node, place: Place, path: Path) -> Iterator[tuple[Place, int]]:
    if isinstance(node, yaml.SequenceNode):
        for n, child in enumerate(node.value):
            yield (*place, n), child.start_mark.line + 1
            yield from _marks(child, (*place, n), path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise SetupError(
                    f"'{key.value}' stands here twice.", where=f"{shown(path)}:{line}", remedy="Delete one of them."
                )
            seen.add(key.value)
            yield (*place, key.value), line
            yield from _marks(child, (*place, key.value), path)


def _line(lines: dict[Place, int], place: Place) -> int:
    while place not in lines:
        place = place[:-1]
    return lines[place]


def shown(path: Path) -> str:
    """Write a path as the admin would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _problem(error: Any, path: Path, lines: dict[Place, int]) -> SetupError:
    place: Place = tuple(error["loc"])
    where = f"{shown(path)}:{_line(lines, place)}"
    key = str(place[-1])
    if error["type"] == "extra_forbidden":
        known = _known_keys(place[:-1])
        remedy = did_you_mean(key, known) or f"Known here: {', '.join(known)}."
        return SetupError(f"'{key}' is not a setting.", where=where, remedy=remedy)
    if error["type"] == "missing":
        return SetupError(f"'{key}' is missing.", where=where, remedy=f"Add a line {key}: …")
    if error["type"] == "value_error":
        return SetupError(str(error["ctx"]["error"]), where=where)
    return SetupError(f"'{key}': {_said(error)}.", where=where, remedy="See docs/reference.md.")


def _said(error: Any) -> str:
    if error["type"] == "string_too_short":
        return "it is empty"
    if error["type"] == "too_short":
        return "name at least one order form"
    if error["type"] == "string_type":
        return "write some text here"
    return str(error["msg"])[:1].lower() + str(error["msg"])[1:]


def _known_keys(place: Place) -> list[str]:
    parts: dict[str, type[BaseModel]] = {"company": Company, "order_forms": OrderFormSettings, "fields": FieldNames}
    return list(parts.get(str(place[0]) if place else "", Settings).model_fields)
