"""What an admin can say: the settings' models, with what each of them means."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from sfsync import measures, schedule
from sfsync.messages import Messages


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


def _straight(expression: str) -> str:
    """Word processors and web pages turn quotes into curly ones, which no condition means."""
    return expression.translate(dict.fromkeys(map(ord, "“”„"), '"'))


def _territory(code: str) -> str:
    if code not in Locale("en").territories or len(code) != 2:  # noqa: PLR2004
        raise ValueError(f"'{code}' is not a country. Write ISO's two capital letters, such as CH.")
    return code


def _lines(value: object) -> object:
    return value.splitlines() if isinstance(value, str) else value


def _points(value: str) -> str:
    if not 5 <= measures.length(value) <= 24:  # noqa: PLR2004
        raise ValueError(f"'{value}' is no size for a form's text. Write 5pt to 24pt.")
    return value


def _margins(value: str) -> str:
    measures.lengths(value)
    return value


def _text(*examples: str, pattern: str = "") -> WithJsonSchema:
    """What an editor knows of a text that we read ourselves."""
    says = {"pattern": pattern, "examples": list(examples)}
    return WithJsonSchema({"type": "string", **{key: value for key, value in says.items() if value}})


Text = Annotated[str, Field(min_length=1)]
Expression = Annotated[str, AfterValidator(_straight)]
ApiName = Annotated[str, AfterValidator(_api_name), _text(pattern="^[A-Za-z]\\w*$")]
Currency = Annotated[str, AfterValidator(_currency), _text("USD", "EUR", "GBP", pattern="^[A-Z]{3}$")]
LocaleName = Annotated[str, AfterValidator(_locale), _text("en_US", "en_GB", "de_DE", "fr_FR")]
Country = Annotated[str, AfterValidator(_territory), _text("CH", "BE", "CA", pattern="^[A-Z]{2}$")]
Duration = Annotated[
    timedelta,
    BeforeValidator(schedule.duration),
    _text("15 seconds", "5 minutes", "1 hour", "30 days", pattern=schedule.DURATION_PATTERN),
]
Day = Annotated[
    date,
    BeforeValidator(schedule.day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-01"]}),
]
Hours = Annotated[
    schedule.BusinessHours,
    BeforeValidator(schedule.business_hours),
    _text("Mon-Fri 8:00-18:00 Europe/Berlin", "Mon-Sat 7:00-19:00 America/New_York", pattern=schedule.HOURS_PATTERN),
]
TimeOfDay = Annotated[
    time, BeforeValidator(schedule.time_of_day), _text("17:30", "9:00", pattern=schedule.TIME_PATTERN)
]
Zone = Annotated[ZoneInfo, BeforeValidator(schedule.time_zone), _text("Europe/Berlin", "America/New_York", "UTC")]
AddressLines = Annotated[
    tuple[str, ...],
    BeforeValidator(_lines),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
]
Colour = Annotated[str, AfterValidator(measures.colour), _text("#16324f", pattern="^#[0-9a-fA-F]{6}$")]
Length = Annotated[str, AfterValidator(_points), _text("8.5pt", "3mm")]
Paper = Annotated[str, AfterValidator(measures.paper), WithJsonSchema({"enum": list(measures.PAPERS)})]
Margins = Annotated[str, AfterValidator(_margins), _text("18mm", "18mm 16mm", "20mm 18mm 15mm 18mm")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Company(_Model):
    """Who sends the form. A template prints these as `{{ company.name }}`."""

    name: Text = Field(description="The name on the form.")
    legal_name: str = Field("", description="The registered name, where it differs.")
    logo: str = Field("", description="A PNG or JPEG in the templates folder.")
    address: AddressLines = Field((), description="The address, line by line.")
    email: str = Field("", description="Where questions about the form go.")
    phone: str = Field("", description="The telephone number.")
    website: str = Field("", description="The website.")
    tax_id: str = Field("", description="VAT or tax number.")


class TermsSettings(_Model):
    """One of several terms: the first whose condition holds goes with the form."""

    file: Text = Field(
        description="In the templates folder: text (`.xml`), printed where the template says `{% include terms %}`, "
        "or a PDF, whose pages follow the form's."
    )
    when: Expression = Field("", description="Only for Opportunities of which this is true; left out, for all.")


class FontSettings(_Model):
    """The company's own typeface, as TrueType files in the templates folder."""

    regular: Text = Field(description="The file for plain text, such as `Brand-Regular.ttf`.")
    bold: str = Field("", description="The file for bold; else plain text's.")
    italic: str = Field("", description="The file for italic; else plain text's.")
    bold_italic: str = Field("", description="The file for bold italic; else bold's.")


class ThemeSettings(_Model):
    """How forms look. The logo stands under `company:`."""

    accent: Colour = Field("#1f4e79", description="Headings, and the total's band with white text on it.")
    ink: Colour = Field("#1c232b", description="Text.")
    muted: Colour = Field("#66717d", description="Labels and what steps back.")
    tint: Colour = Field("#f3f5f8", description="The bands behind fields and groups.")
    font: FontSettings | None = Field(None, description="Your own typeface; else Noto Sans.")
    size: Length = Field("8.5pt", description="The size of text.")
    page: Paper = Field("A4", description=f"The paper: {', '.join(measures.PAPERS)}.")
    margins: Margins = Field(
        "42pt 48pt 36pt 48pt", description="Top, right, bottom and left; or one or two of them, as in CSS."
    )

    @property
    def leaves_room(self) -> bool:
        """Whether there is a page left between the margins."""
        (wide, high), (top, right, bottom, left) = measures.PAPERS[self.page], measures.lengths(self.margins)
        return wide - left - right > wide / 3 and high - top - bottom > high / 3


class OrderFormSettings(_Model):
    """One kind of order form: which Opportunities get it, from which template, and what they must hold."""

    name: Text = Field(description="What you call this form. It stands on each Order Form row.")
    stage: Text = Field(description="An Opportunity that reaches this stage gets the form.")
    template: Text = Field(description="A file in the templates folder: `.xml`, or a fillable PDF.")
    fill: dict[str, Text] = Field(
        {}, description="With a fillable PDF: what goes into its fields, such as `total: Opportunity.Amount | money`."
    )
    file_name: Text = Field("Order Form {{ Opportunity.Name }}", description="The file's name, without .pdf.")
    when: Expression = Field(
        "",
        description='Only Opportunities of which this is true, such as `Opportunity.Type == "Renewal"`.',
    )
    needs: dict[str, Text] = Field(
        {}, description="What must be there, and what the rep reads if it is not: `Account.BillingStreet: Add …`."
    )
    letterhead: str = Field(
        "",
        description="A PDF in the templates folder that lies under the form: its first page under the first page, its "
        "last under the later ones.",
    )
    pdf_a: bool = Field(False, description="Whether the form is made as PDF/A-2b, the PDF for archives.")
    terms: tuple[TermsSettings, ...] = Field(
        (), description="The terms to choose from: the first whose condition holds; none where none does."
    )
    theme: ThemeSettings = Field(ThemeSettings(), description="What looks different on this form.")


def _apart(forms: tuple[OrderFormSettings, ...]) -> tuple[OrderFormSettings, ...]:
    names = [form.name for form in forms]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"Two order forms are called '{twice}'. Give each a name of its own.")
    return forms


class FieldNames(_Model):
    """The Opportunity's fields that sfsync writes. Name others here if yours are called differently."""

    status: ApiName = Field("Order_Form_Status__c", description="Ready, Needs information or Failed.")
    message: ApiName = Field("Order_Form_Message__c", description="What the rep has to do.")
    requested_at: ApiName = Field("Order_Form_Requested_At__c", description="When the form was asked for.")
    ready_at: ApiName = Field("Order_Form_Ready_At__c", description="When it lay among the Files.")
    version: ApiName = Field("Order_Form_Version__c", description="1, 2, 3 …")
    token: ApiName = Field("Order_Form_Token__c", description="What the form was made from, as a fingerprint.")


class LoginSettings(_Model):
    """The way into the org, where it does not stand in the environment. Nothing here is secret."""

    url: str = Field("", description="Its login page, such as `https://acme.my.salesforce.com`; else `SF_LOGIN_URL`.")
    client_id: str = Field("", description="The Consumer Key of the External Client App; else `SF_CLIENT_ID`.")
    username: str = Field("", description="The integration user, for a login by certificate; else `SF_USERNAME`.")


class DigestSettings(_Model):
    """What was made and what waits, told once a day to a Chatter group or to an administrator."""

    at: TimeOfDay = Field(
        description="When, such as `17:30`, in `time_zone` or else that of the business hours, on their days."
    )
    chatter_group: str = Field("", description="The name of the Chatter group in which it is posted.")
    bell: str = Field("", description="Or the username of whoever hears it as a bell.")

    @model_validator(mode="after")
    def _somewhere(self) -> "DigestSettings":
        if bool(self.chatter_group) == bool(self.bell):
            raise ValueError("A digest goes to a chatter_group, or to a username by bell: write one of them.")
        return self


class Settings(_Model):
    """Everything that `config/sfsync.yaml` can say."""

    extends: str = Field(
        "", description="Another file, whose settings hold here as well where this one says nothing of its own."
    )
    login: LoginSettings = Field(LoginSettings(), description="The way into the org.")
    company: Company = Field(description="Who sends the form.")
    order_forms: Annotated[tuple[OrderFormSettings, ...], Field(min_length=1), AfterValidator(_apart)] = Field(
        description="The forms, in order: the first whose stage and condition match wins."
    )
    theme: ThemeSettings = Field(ThemeSettings(), description="How forms look.")
    check_every: Duration = Field(timedelta(seconds=15), description="How often to look, in business hours.")
    business_hours: Hours = Field(schedule.ALWAYS, description="When reps work: `Mon-Fri 8:00-18:00 Europe/Berlin`.")
    check_otherwise_every: Duration = Field(timedelta(minutes=5), description="How often to look outside these hours.")
    calls_a_day: int | None = Field(
        None,
        ge=100,
        description="How many of the org's API calls sfsync may use in a day (UTC); left out: it heeds what the org "
        "says is left, and keeps a reserve for people.",
    )
    since: Day | None = Field(
        None,
        description="A deal that reached its stage before this day, and never had a form, gets none; left out: before "
        "sfsync was switched on for the org.",
    )
    at_most: int = Field(
        200, ge=1, description="A pass that would make more forms than this makes none, until somebody says yes."
    )
    currency: Currency | None = Field(
        None, description="The org's currency. Needed where the org has only one; else each record names its own."
    )
    locale: LocaleName = Field("en_US", description="How numbers and dates are written, and in which language.")
    locale_from: Literal["account", "owner"] | None = Field(
        None,
        description="Whose locale a form follows instead: `account`, that of the billing country, or `owner`, that of "
        "the rep. `locale` serves where it is not known.",
    )
    countries: dict[Country, LocaleName] = Field(
        {}, description="With `account`: other locales for some countries, such as `CH: fr_CH`."
    )
    time_zone: Zone | None = Field(None, description="The zone of dates on the form; else that of the business hours.")
    amount_tolerance: Decimal = Field(
        Decimal("0.01"),
        ge=0,
        description="How far two sums may stand apart: the products and the Amount, and those that a form prints.",
    )
    digest: DigestSettings | None = Field(
        None, description="A daily digest of what was made, what waits and what failed; left out, none."
    )
    fields: FieldNames = Field(FieldNames(), description="Other names for the fields that sfsync writes.")
    messages: Messages = Field(Messages(), description="Other words for what people read in Salesforce.")

    @property
    def counts_since(self) -> datetime | None:
        return schedule.beginning(self.since, self.zone) if self.since else None

    @property
    def ticks_a_day(self) -> int:
        """How often the worker looks, on average over a week: each look is one API call."""
        open_ = self.business_hours.weekly
        return round((open_ / self.check_every + (timedelta(days=7) - open_) / self.check_otherwise_every) / 7)

    @property
    def zone(self) -> ZoneInfo:
        return self.time_zone or self.business_hours.zone
