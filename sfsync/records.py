"""The nouns that flow through the six steps: frozen, keyword-only, and without any knowledge of the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sfsync.errors import SfsyncError

#: A field's value as Python has it: text, bool, int, Decimal (never float), date, aware datetime (UTC) or None.
Scalar = str | bool | int | Decimal | date | datetime | None

#: A record's fields under Salesforce's own names. A parent (`Account`) is a mapping again, a child relationship
#: (`OpportunityLineItems`) a tuple of mappings. A parent that is not set is a mapping whose leaves are all None.
Values = Mapping[str, Any]


#: What moved and when: the record, a parent or a line, with its SystemModstamp
Stamp = tuple[str, datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An Opportunity in a watched stage that moved lately, and may therefore be due."""

    #: 18-character record Id
    opportunity_id: str
    stamps: frozenset[Stamp]
    #: how often it came to nothing, in a row
    failures: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """An Opportunity that left its stage while it still asked for something: it asks no more."""

    opportunity_id: str
    #: whether a form was ever made for it
    has_form: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What is served together: Ids and numbers only, so that a broker may carry it."""

    id: str
    #: by Opportunity Id: how often it came to nothing, in a row
    failures: Mapping[str, int]
    #: Ids of those that left their stage while they still asked for something
    left: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """The last version that was made, as its `Order_Form__c` row says."""

    version: int
    #: see `sfsync.due.Token`
    token: str
    #: ContentVersion Id (068…)
    file_id: str
    requested_at: datetime | None
    ready_at: datetime | None
    #: fingerprint of each value that the form was made from, by field path
    made_from: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What our own fields on the Opportunity say, whoever wrote them last."""

    status: str | None
    message: str | None
    version: int | None
    token: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Opportunity:
    """A deal, with exactly the fields that the settings and templates name, as it was when we read it."""

    id: str
    name: str
    stage: str
    owner_id: str
    #: when it came into its stage: LastStageChangeDate, or CreatedDate for a record created there
    entered_at: datetime
    #: the latest SystemModstamp of the record, its parents and its lines
    moved_at: datetime
    #: ISO 4217, from the record where the org has several currencies, else from the settings
    currency: str
    #: those that its lines name, where the org has several
    line_currencies: frozenset[str]
    values: Values
    made: Made | None
    shown: Shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A record whose data is not as Salesforce documents it."""

    id: str
    error: SfsyncError


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldLabel:
    """How people call a field, and the object it stands on: `Billing Street` on `Account`."""

    label: str
    object_label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderForm:
    """Everything that one form says: complete, checked, and all that a template may print."""

    opportunity_id: str
    #: its name in the settings
    name: str
    #: file name of the template
    template: str
    version: int
    #: the day printed on the form is this one, in `time_zone`; never the clock's
    requested_at: datetime
    #: IANA name
    time_zone: str
    #: ISO 4217
    currency: str
    #: as Babel spells it: en_US
    locale: str
    #: of its words: the template's own, or that of a catalogue
    language: str
    #: the title of the file, without .pdf
    title: str
    opportunity: Values
    company: Values
    #: how far two sums on it may stand apart
    amount_tolerance: Decimal
    #: file name of the terms that were chosen
    terms: str = ""
    #: fingerprint of each value that it is made from, by field path: see `sfsync.due.fingerprints`
    made_from: Mapping[str, str] = field(default_factory=dict)
    #: fingerprint of the settings that decide what it says
    settings_mark: str = ""
    #: how people call a field path, where a message may have to name it; nothing of it is printed
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """What people quote on the phone: the Opportunity's Id and the version."""
        return f"{self.opportunity_id}-{self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pdf:
    """A rendered form, in memory only."""

    content: bytes
    pages: int
    #: characters that no font covers, shown as boxes; the admin hears of them
    missing: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A form on its way into the org: the file, its row, and what is written on the Opportunity."""

    opportunity_id: str
    #: its name in the settings
    form: str
    title: str
    version: int
    token: str
    requested_at: datetime
    made_from: Mapping[str, str]
    #: ContentDocument Id (069…) that takes the version; None starts a new file
    document_id: str | None
    content: bytes

    @property
    def key(self) -> str:
        """The row's unique key: who read version n may only make n + 1, and only once."""
        return f"{self.opportunity_id}:{self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What the owner reads on the Opportunity, and hears by the bell."""

    opportunity_id: str
    owner_id: str
    status: "Status"
    #: None where there is nothing to do
    message: str | None
    title: str
    body: str


class Status(StrEnum):
    """What the rep reads on the Opportunity."""

    READY = "Ready"
    NEEDS_INFORMATION = "Needs information"
    FAILED = "Failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A form that is attached: the org has said so."""

    opportunity_id: str
    version: int
    #: ContentVersion Id (068…)
    file_id: str
    ready_at: datetime
