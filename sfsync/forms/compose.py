"""From an Opportunity to a complete order form, or to every gap at once, in the rep's words. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import get_currency_precision

from sfsync.due import Version
from sfsync.errors import RecordIncomplete
from sfsync.forms.blueprint import COUNTRY_CODE, LINES, LOCALE_FIELDS, Blueprint, Need
from sfsync.forms.legal import PdfForm
from sfsync.forms.locales import Voice, Wish, country, of_country, tongue, voice, wish
from sfsync.forms.money import Formatter
from sfsync.forms.template.template import Template
from sfsync.messages import Messages
from sfsync.records import FieldLabel, Opportunity, OrderForm, Values
from sfsync.settings import Settings

_HUNDRED = Decimal(100)


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
        return wish(_leaf(values, LOCALE_FIELDS["owner"]) or "")
    if settings.locale_from != "account":
        return None
    named = (_leaf(values, path) for path in (COUNTRY_CODE, LOCALE_FIELDS["account"]))
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
