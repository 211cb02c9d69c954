"""The first files of an installation: settings of about twenty lines, a template, and what its host needs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.numbers import get_territory_currencies

from sfsync import shipped
from sfsync.errors import SfsyncError
from sfsync.forms.template.catalogue import Catalogue, catalogues
from sfsync.forms.template.template import Template
from sfsync.salesforce import soql
from sfsync.salesforce.api import Api
from sfsync.schema import FILE, FIRST_LINE

DEFAULT_LOGIN = "https://login.salesforce.com"
_ORGANIZATION = ("Name", "Street", "PostalCode", "City", "Country", "TimeZoneSidKey", "DefaultLocaleSidKey")
_PROCFILE = "release: sfsync check\nworker: sfsync worker\n"
_IGNORED = ".env\n*.pem\n*.key\n*.pdf\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What an org says of itself; all empty where none was asked."""

    name: str = ""
    address: tuple[str, ...] = ()
    time_zone: str = ""
    locale: str = ""
    #: guessed from the locale where the org has only one and does not say which; None where records name their own
    currency: str | None = ""
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What `init` was told, or found."""

    company: str
    login: str
    stage: str
    template: str
    time_zone: str
    address: tuple[str, ...] = ()
    locale: str = ""
    currency: str | None = ""


def found_in(api: Api) -> Found:
    """Read what an org says of itself, in one call. Raises SfsyncError."""
    organization, opportunity = api.composite(
        [soql.url(soql.select(_ORGANIZATION, "Organization")), "sobjects/Opportunity/describe"]
    )
    for answer in (organization, opportunity):
        if isinstance(answer, SfsyncError):
            raise answer
    row = organization["records"][0]
    fields = {field["name"]: field for field in opportunity["fields"]}
    place = f"{row['PostalCode'] or ''} {row['City'] or ''}".strip()
    lines = ((row["Street"] or "").splitlines(), [place], [row["Country"] or ""])
    return Found(
        name=row["Name"],
        address=tuple(line for part in lines for line in part if line) if row["Street"] else (),
        time_zone=row["TimeZoneSidKey"] or "",
        locale=row["DefaultLocaleSidKey"] or "",
        currency=None if "CurrencyIsoCode" in fields else _currency_of(row["DefaultLocaleSidKey"] or ""),
        stages=tuple(v["value"] for v in fields["StageName"]["picklistValues"] if v["active"]),
    )


def _currency_of(locale: str) -> str:
    try:
        territory = Locale.parse(locale).territory or ""
    except (UnknownLocaleError, ValueError):
        return ""
    return next(iter(get_territory_currencies(territory)), "")


def templates() -> list[str]:
    """The templates that come with sfsync, by their file names."""
    folder = shipped.HOME / "templates"
    return sorted(path.name for path in folder.glob("*.xml") if "<form" in path.read_text("utf-8"))


def files(answers: Answers) -> dict[str, bytes]:
    """Each file by its place in the folder."""
    return {
        "config/sfsync.yaml": _settings(answers).encode(),
        f"config/{FILE}": (shipped.HOME / "config" / FILE).read_bytes(),
        **_template(answers.template),
        "Procfile": _PROCFILE.encode(),
        ".env.example": _environment(answers).encode(),
        ".gitignore": _IGNORED.encode(),
    }


def write(folder: Path, files: Mapping[str, bytes]) -> Iterator[tuple[str, bool]]:
    """Write what is not there yet; tell of each file whether it was written. Raises OSError."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            yield name, False
        else:
            yield name, True


def _template(name: str) -> dict[str, bytes]:
    """A template with all that it includes, and its words in other languages."""
    home = shipped.HOME / "templates"
    template = Template.load(home / name, name=name)
    # among the sources stand some that are no files: the place of terms that are chosen later
    included = [n for key in template.sources if (home / (n := key or name)).is_file()]
    words = {c.name: "\n".join(_used(c, home / c.name, template)).encode() for c in catalogues(home, "")[0]}
    return {
        f"templates/{n}": content for n, content in ({n: (home / n).read_bytes() for n in included} | words).items()
    }


def _used(catalogue: Catalogue, path: Path, template: Template) -> Iterator[str]:
    """A catalogue's lines without the words of other templates; one word may stand over several lines."""
    unused = {catalogue.lines[word] for word, _ in catalogue.unused(template.marked)}
    starts, leave_out, before = set(catalogue.lines.values()), False, ""
    for n, line in enumerate((*path.read_text("utf-8").splitlines(), ""), 1):
        if n in starts:
            leave_out = n in unused
        if (leave_out and line.strip() and not line.startswith("#")) or (not line and not before):
            continue
        before = line
        yield line


def _settings(answers: Answers) -> str:
    return "\n".join(_lines(answers)) + "\n"


def _lines(answers: Answers) -> Iterator[str]:
    yield FIRST_LINE
    yield "# What sfsync does. Passwords and keys are not here: they stand in the environment, see .env.example."
    yield "# After a change run `sfsync check`."
    yield ""
    yield "company:"
    yield f"  name: {_quoted(answers.company)}"
    yield _noted("  # logo: logo.png", "a PNG or JPEG that you put into templates/")
    if answers.address:
        yield "  address: |"
        yield from (f"    {line}" for line in answers.address)
    yield ""
    yield "order_forms:"
    yield "  - name: Standard"
    yield _noted(f"    stage: {_quoted(answers.stage)}", "an Opportunity that reaches this stage gets this form")
    yield f"    template: {_quoted(answers.template)}"
    yield _noted("    needs:", "what must be there, and what the rep reads if it is not")
    yield "      Account.BillingStreet: Add the billing address to the account."
    yield "      Account.BillingCity: Add the billing address to the account."
    yield "      OpportunityLineItems: Add at least one product."
    yield ""
    if answers.currency:
        yield _noted(f"currency: {answers.currency}", "the org's only one; is it right?")
    elif answers.currency == "":
        yield _noted("# currency: USD", "the org's, if it has only one")
    if answers.locale:
        yield _noted(f"locale: {answers.locale}", "how numbers and dates are written")
    yield f"business_hours: Mon-Fri 8:00-18:00 {answers.time_zone}"


def _noted(line: str, note: str) -> str:
    return f"{line:<38} # {note}"


def _quoted(text: str) -> str:
    """A text as YAML takes it: as it stands where it is harmless."""
    plain = text and text[0].isalpha() and text == text.strip() and all(c.isalnum() or c in " .,/_-&()" for c in text)
    return text if plain and text.lower() != "null" else json.dumps(text, ensure_ascii=False)


def _environment(answers: Answers) -> str:
    return f"""\
# Copy this to .env, fill it in, and keep it out of git. On Heroku: heroku config:set NAME=value
SF_LOGIN_URL={answers.login}
# Consumer Key of the External Client App
SF_CLIENT_ID=
# login by certificate: the integration user, and the private key or its file
SF_USERNAME=
SF_PRIVATE_KEY_FILE=key.pem
# login by client credentials instead of both
# SF_CLIENT_SECRET=
"""
