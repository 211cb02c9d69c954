"""From an Opportunity to a complete order form, or to every gap at once, in the rep's words. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import get_currency_precision

from sfsync.config import Config, shown
from sfsync.due import Version
from sfsync.errors import RecordIncomplete, SetupError, SetupErrors, did_you_mean
from sfsync.forms.design import Design
from sfsync.forms.fonts import Family, truetype
from sfsync.forms.foreign import PdfFile
from sfsync.forms.legal import PdfForm
from sfsync.forms.locales import Voice, Wish, country, of_country, tongue, voice, wish
from sfsync.forms.money import Formatter
from sfsync.forms.template import Condition, Template, Text
from sfsync.forms.theme import Theme, merged, theme
from sfsync.messages import Messages
from sfsync.records import FieldLabel, Opportunity, OrderForm, Values
from sfsync.settings import OrderFormSettings, Settings

LINES = "OpportunityLineItems"
_TEXT, _PDF = ".xml", ".pdf"
_HUNDRED = Decimal(100)
#: read where the org has it: an admin may have switched discounts on
DISCOUNT = f"{LINES}.Discount"
#: read where the org has state and country picklists; there it changes together with BillingCountry
_COUNTRY_CODE = "Account.BillingCountryCode"
#: what each rule for the locale reads
_LOCALE_FIELDS = {"account": "Account.BillingCountry", "owner": "Owner.LocaleSidKey"}
#: the settings that decide what a form says
_SHAPING = {"company", "currency", "locale", "locale_from", "countries", "time_zone"}
#: what the sums are checked against, whatever the template prints
_CHECKED = ("Amount", *(f"{LINES}.{f}" for f in ("Quantity", "UnitPrice", "TotalPrice")))


@dataclass(frozen=True, slots=True)
class Need:
    """What must be there, and what the rep reads if it is not."""

    path: str
    message: str
    where: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms that a form may have, and when."""

    file: str
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One kind of order form, ready to use: its settings with design, file name and condition loaded."""

    settings: OrderFormSettings
    #: the stage with the place that names it
    stage: tuple[str, str]
    design: Design
    title: Text
    condition: Condition | None
    needs: tuple[Need, ...]
    terms: tuple[Terms, ...]
    #: what the rule for the locale reads, with the place that names it
    locale: tuple[tuple[str, str], ...]
    #: over the settings that decide what a form says
    settings_mark: str
    #: over everything but the record's data: template, settings, company
    made_with: str

    @property
    def places(self) -> Iterator[tuple[str, str]]:
        """Every field path with the place that names it: what to ask the org for."""
        yield from ((p.path, p.where) for p in (*self.design.template.paths, *self.title.paths))
        for condition in (self.condition, *(t.condition for t in self.terms)):
            yield from ((p.path, p.where) for p in (condition.paths if condition else ()))
        yield from ((n.path, n.where) for n in self.needs)
        yield from self.locale
        yield from ((path, "sfsync's check of the sums") for path in _CHECKED)

    @property
    def optional(self) -> tuple[str, ...]:
        """What is read where the org has it. It makes no new version, since it changes with something that does."""
        reads_country = any(path == _LOCALE_FIELDS["account"] for path, _ in self.locale)
        return (DISCOUNT, _COUNTRY_CODE) if reads_country else (DISCOUNT,)

    @property
    def paths(self) -> set[str]:
        """The values that decide what the form says: a change of one of them makes a new version."""
        return {path for path, _ in self.places}


def load(config: Config) -> tuple[Blueprint, ...]:
    """Load every order form's template. Raises SetupError or SetupErrors that name every mistake."""
    loaded: list[Blueprint] = []
    problems: list[SetupError] = []
    for n, form in enumerate(config.settings.order_forms):
        try:
            loaded.append(_load(config, n, form))
        except SetupErrors as several:
            problems += several.problems
        except SetupError as problem:
            problems.append(problem)
    if problems:
        raise problems[0] if len(problems) == 1 else SetupErrors(problems)
    return tuple(loaded)


def _load(config: Config, n: int, form: OrderFormSettings) -> Blueprint:
    def where(*key: str | int) -> str:
        return config.where("order_forms", n, *key)

    design = _design(config, form, where)
    rule = config.settings.locale_from
    settings = config.settings.model_dump_json(include=_SHAPING)
    own = form.model_dump_json(exclude={"name", "stage", "when", "needs", "theme"})
    return Blueprint(
        settings=form,
        stage=(form.stage, where("stage")),
        design=design,
        title=Text(form.file_name, where("file_name")),
        condition=Condition(form.when, where("when")) if form.when else None,
        needs=tuple(
            Need(path.removeprefix("Opportunity."), message, where("needs", path))
            for path, message in form.needs.items()
        ),
        terms=tuple(
            Terms(t.file, Condition(t.when, where("terms", at, "when")) if t.when else None)
            for at, t in enumerate(form.terms)
        ),
        locale=((_LOCALE_FIELDS[rule], config.where("locale_from")),) if rule else (),
        settings_mark=hashlib.sha256(f"{settings}\n{own}".encode()).hexdigest()[:16],
        made_with=hashlib.sha256(f"{design.fingerprint}\n{settings}\n{own}".encode()).hexdigest()[:8],
    )


def _design(config: Config, form: OrderFormSettings, where: Callable[..., str]) -> Design:
    def pdf(name: str, *key: str | int) -> PdfFile:
        path = _found(config, name, where(*key))
        return PdfFile.load(path.read_bytes(), shown(path))

    texts = [t.file for t in form.terms if t.file.endswith(_TEXT)]
    design = Design(
        _template(config, form, texts, where),
        _theme(config, form, where),
        appendices={t.file: pdf(t.file, "terms", n, "file") for n, t in enumerate(form.terms) if t.file not in texts},
        letterhead=pdf(form.letterhead, "letterhead").alone() if form.letterhead else None,
        archived=form.pdf_a,
    )
    if form.pdf_a:
        design.check_archived()
    return design


def _theme(config: Config, form: OrderFormSettings, where: Callable[..., str]) -> Theme:
    def place(key: str) -> str:
        return where("theme", key) if key in form.theme.model_fields_set else config.where("theme", key)

    said = merged(config.settings.theme, form.theme)
    if not said.leaves_room:
        what = f"The margins {said.margins} leave too little of a page of {said.page}."
        raise SetupError(what, where=place("margins"))
    if said.font is None:
        return theme(said, None)
    files = {
        style: truetype(name, _found(config, name, place("font")).read_bytes())
        for style, name in said.font.model_dump().items() if name
    }  # fmt: skip
    return theme(said, Family(**files))


def _template(
    config: Config, form: OrderFormSettings, texts: list[str], where: Callable[..., str]
) -> Template | PdfForm:
    path = _found(config, form.template, where("template"))
    if path.suffix.lower() != _PDF:
        if form.fill:
            raise SetupError("fill: is for a fillable PDF.", where=where("fill"), remedy="Name a PDF as template.")
        return Template.load(path, name=shown(path), terms=texts)
    if texts:
        remedy = "Name a PDF, whose pages follow the form's."
        raise SetupError(f"A PDF template cannot print {texts[0]}.", where=where("terms"), remedy=remedy)
    return PdfForm.load(path.read_bytes(), shown(path), form.fill, lambda key: where("fill", key))


def _found(config: Config, name: str, where: str) -> Path:
    """A file of the templates folder, and of no other."""
    path, given = config.find(name), Path(name)
    if given.is_absolute() or not path.resolve().is_relative_to(path.parents[len(given.parts) - 1].resolve()):
        raise SetupError(f"'{name}' lies outside the templates folder.", where=where, remedy="Copy the file into it.")
    if not path.is_file():
        known = sorted(p.name for p in path.parent.glob(f"*{Path(name).suffix}"))
        remedy = did_you_mean(name, known) or f"In {path.parent.name}/: {', '.join(known) or 'none'}."
        raise SetupError(f"There is no file '{name}'.", where=where, remedy=remedy)
    return path


def choose(opportunity: Opportunity, blueprints: Iterable[Blueprint]) -> Blueprint | None:
    """The first form whose stage and condition match."""
    for blueprint in blueprints:
        in_stage = blueprint.settings.stage == opportunity.stage
        if in_stage and (blueprint.condition is None or blueprint.condition.holds(opportunity.values)):
            return blueprint
    return None


def compose(
    opportunity: Opportunity,
    blueprint: Blueprint,
    version: Version,
    settings: Settings,
    labels: Mapping[str, FieldLabel],
) -> OrderForm:
    """Everything that the form says. Raises RecordIncomplete with every gap, each with how to mend it."""
    if found := gaps(opportunity, blueprint, settings, labels):
        raise RecordIncomplete("\n".join(found))
    return filled(opportunity, blueprint, version, settings, labels)


def gaps(
    opportunity: Opportunity, blueprint: Blueprint, settings: Settings, labels: Mapping[str, FieldLabel]
) -> list[str]:
    """What keeps the form from being made, in the rep's words: one line each."""
    if not opportunity.currency:
        return [f"• {settings.messages.no_currency}"]
    missing = _missing(opportunity.values, blueprint.needs, labels, settings.messages)
    return [f"• {gap}" for gap in (*missing, *_wrong_sums(opportunity, settings))]


def filled(
    opportunity: Opportunity,
    blueprint: Blueprint,
    version: Version,
    settings: Settings,
    labels: Mapping[str, FieldLabel],
) -> OrderForm:
    """The form as it would be, whether or not something is missing."""
    template = blueprint.design.template
    speaks = _voice(opportunity.values, template, settings)
    named = {p.path for p in template.paths} if isinstance(template, PdfForm) else set()
    return OrderForm(
        opportunity_id=opportunity.id,
        name=blueprint.settings.name,
        template=blueprint.settings.template,
        version=version.number,
        requested_at=version.requested_at,
        time_zone=settings.zone.key,
        currency=opportunity.currency,
        locale=speaks.locale,
        language=speaks.language,
        title=_title(opportunity, blueprint, settings, speaks.locale),
        opportunity=opportunity.values,
        company=settings.company.model_dump(),
        amount_tolerance=settings.amount_tolerance,
        terms=chosen_terms(opportunity, blueprint),
        made_from=version.made_from,
        settings_mark=blueprint.settings_mark,
        labels={path: f"{labels[path].object_label}: {labels[path].label}" for path in named},
    )


def chosen_terms(opportunity: Opportunity, blueprint: Blueprint) -> str:
    """File name of the first terms whose condition holds; '' where none does."""
    holding = (t.file for t in blueprint.terms if t.condition is None or t.condition.holds(opportunity.values))
    return next(holding, "")


def _voice(values: Values, template: Template | PdfForm, settings: Settings) -> Voice:
    """A template that does not name its language is in that of the settings."""
    return voice(
        _asked(values, settings), template.language or tongue(settings.locale), template.words, settings.locale
    )


def _asked(values: Values, settings: Settings) -> Wish | None:
    """What the rule asks for; None where the settings' own locale serves."""
    if settings.locale_from == "owner":
        return wish(_leaf(values, _LOCALE_FIELDS["owner"]) or "")
    if settings.locale_from != "account":
        return None
    named = (_leaf(values, path) for path in (_COUNTRY_CODE, _LOCALE_FIELDS["account"]))
    for code in filter(None, (country(name) for name in named if name)):
        return wish(settings.countries[code]) if code in settings.countries else of_country(code)
    return None


def _title(opportunity: Opportunity, blueprint: Blueprint, settings: Settings, locale: str) -> str:
    text = blueprint.title.render(
        opportunity.values,
        locale=locale,
        currency=opportunity.currency,
        time_zone=settings.zone.key,
        company=settings.company.model_dump(),
    )
    return file_title(text) or f"Order Form {opportunity.id}"


#: what no file name may hold on some system, and what turns a name around on the screen
_FORBIDDEN = str.maketrans(dict.fromkeys('/\\:*?"<>|', "-") | dict.fromkeys(range(32)) | {127: None})
_BIDI = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_TITLE = 80


def file_title(text: str) -> str:
    """Make a name that every system takes for a file: no path, no control characters, at most 80 characters.

    >>> file_title('Order Form AT&T <Corp> "R&D" 3/4')
    'Order Form AT&T -Corp- -R&D- 3-4'
    """
    clean = " ".join(text.translate(_FORBIDDEN).translate(_BIDI).encode("utf-8", "ignore").decode().split())
    return clean[:_TITLE].strip(" .")


def _missing(values: Values, needs: Iterable[Need], labels: Mapping[str, FieldLabel], words: Messages) -> list[str]:
    """One line for each message, with all the fields that it stands for."""
    places: dict[str, list[str]] = {}
    for need in needs:
        for place in _empty(values, need.path, labels[need.path], words):
            places.setdefault(need.message, []).append(place)
    return [
        words.missing.format(sentence=message, places="; ".join(dict.fromkeys(found)))
        for message, found in places.items()
    ]


def _empty(values: Values, path: str, label: FieldLabel, words: Messages) -> Iterator[str]:
    """Where the field is empty: `Account: Billing Street`, `Opportunity Product 2: Date`."""
    first, _, rest = path.partition(".")
    children = values.get(first)
    if not isinstance(children, tuple):
        if _blank(_leaf(values, path)):
            yield words.place.format(object=label.object_label, field=label.label)
    elif rest:
        for n, child in enumerate(children, 1):
            if _blank(_leaf(child, rest)):
                yield words.place_in_list.format(object=label.object_label, number=n, field=label.label)
    elif not children:
        yield words.place_empty.format(object=label.object_label)


def _leaf(values: Any, path: str) -> Any:
    for step in path.split("."):
        values = values.get(step) if isinstance(values, Mapping) else None
    return values


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _wrong_sums(opportunity: Opportunity, settings: Settings) -> Iterator[str]:
    """A form whose sums disagree is not made: the customer would find it after signing."""
    lines, amount, words = opportunity.values[LINES], opportunity.values["Amount"], settings.messages
    price = Formatter(Locale.parse(settings.locale), opportunity.currency, settings.zone).money
    if others := sorted(opportunity.line_currencies - {opportunity.currency}):
        yield words.currencies_differ.format(others=", ".join(others), currency=opportunity.currency)
        return
    for n, line in enumerate(lines, 1):
        yield from _wrong_line(n, line, opportunity.currency, words)
    if not lines:
        return
    total = sum((line["TotalPrice"] or Decimal() for line in lines), Decimal())
    if amount is None:
        yield words.amount_empty.format(total=price(total))
    elif abs(total - amount) > settings.amount_tolerance:
        yield words.total_differs.format(total=price(total), amount=price(amount))
    if total < 0:
        yield words.total_negative.format(total=price(total))


def _wrong_line(n: int, line: Values, currency: str, words: Messages) -> Iterator[str]:
    quantity, price, total = line["Quantity"], line["UnitPrice"], line["TotalPrice"]
    if quantity is None or price is None or total is None:
        yield words.product_incomplete.format(number=n)
        return
    percent = line.get("Discount") or Decimal()
    if not 0 <= percent <= _HUNDRED:
        yield words.discount_impossible.format(number=n, percent=f"{percent:f}")
    cent = Decimal(1).scaleb(-get_currency_precision(currency))
    # prices are kept in whole cents, so a line may be off by half a cent for each piece
    slack = cent + abs(quantity) * cent / 2
    if abs(quantity * price * (1 - percent / _HUNDRED) - total) > slack:
        yield words.product_differs.format(number=n)
