"""What the settings say of each order form, loaded and ready to use: design, file name, conditions, needs."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sfsync.config import Config, shown
from sfsync.errors import SetupError, SetupErrors, did_you_mean
from sfsync.forms.design import Design
from sfsync.forms.legal import PdfForm
from sfsync.forms.page.theme import Theme, merged, theme
from sfsync.forms.pdf import flatten
from sfsync.forms.pdf.foreign import PdfFile
from sfsync.forms.template.template import Condition, Template, Text
from sfsync.forms.text.fonts import Family, truetype
from sfsync.settings import OrderFormSettings

LINES = "OpportunityLineItems"
_TEXT, _PDF = ".xml", ".pdf"
#: read where the org has it: an admin may have switched discounts on
DISCOUNT = f"{LINES}.Discount"
#: read where the org has state and country picklists; there it changes together with BillingCountry
COUNTRY_CODE = "Account.BillingCountryCode"
#: what each rule for the locale reads
LOCALE_FIELDS = {"account": "Account.BillingCountry", "owner": "Owner.LocaleSidKey"}
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
        reads_country = any(path == LOCALE_FIELDS["account"] for path, _ in self.locale)
        return (DISCOUNT, COUNTRY_CODE) if reads_country else (DISCOUNT,)

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
        once = list({str(problem): problem for problem in problems}.values())  # several forms may share a mistake
        raise once[0] if len(once) == 1 else SetupErrors(once)
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
        locale=((LOCALE_FIELDS[rule], config.where("locale_from")),) if rule else (),
        settings_mark=hashlib.sha256(f"{settings}\n{own}".encode()).hexdigest()[:16],
        made_with=hashlib.sha256(f"{design.fingerprint}\n{settings}\n{own}".encode()).hexdigest()[:8],
    )


def _design(config: Config, form: OrderFormSettings, where: Callable[..., str]) -> Design:
    def pdf(name: str, *key: str | int) -> PdfFile:
        path = _found(config, name, where(*key))
        return flatten.read(path.read_bytes(), shown(path))

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
    def place(*key: str) -> str:
        return where("theme", *key) if key[0] in form.theme.model_fields_set else config.where("theme", *key)

    said = merged(config.settings.theme, form.theme)
    if not said.leaves_room:
        what = f"The margins {said.margins} leave too little of a page of {said.page}."
        raise SetupError(what, where=place("margins"))
    if said.font is None:
        return theme(said, None)
    return theme(said, Family(**{
        style: _font(config, name, place("font", style)) for style, name in said.font.model_dump().items() if name
    }))  # fmt: skip


def _font(config: Config, name: str, where: str) -> bytes:
    try:
        return truetype(name, _found(config, name, where).read_bytes(), where)
    except OSError as error:
        raise SetupError(f"{name} cannot be read: {error.strerror}.", where=where) from None


def _template(
    config: Config, form: OrderFormSettings, texts: list[str], where: Callable[..., str]
) -> Template | PdfForm:
    path = _found(config, form.template, where("template"))
    if path.suffix.lower() != _PDF:
        if form.fill:
            raise SetupError("fill: is for a fillable PDF.", where=where("fill"), remedy="Name a PDF as template.")
        template = Template.load(path, name=shown(path), terms=texts)
        _check_logo(config, template)
        return template
    if texts:
        remedy = "Name a PDF, whose pages follow the form's."
        raise SetupError(f"A PDF template cannot print {texts[0]}.", where=where("terms"), remedy=remedy)
    return PdfForm.load(path.read_bytes(), shown(path), form.fill, lambda key: where("fill", key))


def _check_logo(config: Config, template: Template) -> None:
    """A logo that lies nowhere would be missed by the first form only."""
    logo = config.settings.company.logo
    if logo and logo not in template.images:
        remedy = did_you_mean(logo, template.images) or "Put a PNG or JPEG of that name there."
        what = f"There is no picture '{logo}' in the templates folder."
        raise SetupError(what, where=config.where("company", "logo"), remedy=remedy)


def _found(config: Config, name: str, where: str) -> Path:
    """A file of the templates folder, and of no other."""
    path, given = config.find(name), Path(name)
    if given.is_absolute() or not path.resolve().is_relative_to(path.parents[len(given.parts) - 1].resolve()):
        raise SetupError(f"'{name}' lies outside the templates folder.", where=where, remedy="Copy the file into it.")
    if not path.is_file():
        known = sorted(p.name for p in path.parent.glob(f"*{Path(name).suffix}") if p.is_file())
        remedy = did_you_mean(name, known) or f"In {path.parent.name}/: {', '.join(known) or 'none'}."
        raise SetupError(f"There is no file '{name}'.", where=where, remedy=remedy)
    return path
