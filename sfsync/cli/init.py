"""`sfsync init`: the first files, from five questions."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from sfsync import config, schedule, starter
from sfsync.cli.app import Orgs, verb
from sfsync.cli.screen import complain, say
from sfsync.errors import SetupError, SfsyncError, did_you_mean
from sfsync.salesforce.connect import connect
from sfsync.starter import Answers, Found

_NEXT = """
Next:
  sfsync preview --sample usual   look at the form; needs no org
  cp .env.example .env            fill it in (docs/salesforce-setup.md). Then: set -a; . ./.env; set +a
  sfsync setup                    puts sfsync's object and fields into the org
  sfsync check                    says what is in place and what is not, each with its remedy
  sfsync run --dry-run            says what would be made; sfsync run --yes switches it on
  sfsync worker                   keeps going"""


@verb(
    "Begin in a new folder: settings, template, Procfile. Overwrites nothing.",
    'sfsync init --company "Northwind Cloud GmbH" --stage "Order Form"',
    Orgs.ANY,
)
@click.option("--company", metavar="NAME", help="the name on the form")
@click.option("--login", metavar="URL", help="where the org logs in: its My Domain")
@click.option("--stage", metavar="STAGE", help="an Opportunity that reaches it gets the form")
@click.option("--template", metavar="FILE", help=f"one that comes with sfsync: {', '.join(starter.templates())}")
@click.option("--time-zone", metavar="ZONE", help="such as Europe/Berlin")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=".", help="where (here)")
def command(  # noqa: PLR0917 (click passes them by name)
    settings: Path,  # noqa: ARG001 (each verb takes it)
    company: str | None,
    login: str | None,
    stage: str | None,
    template: str | None,
    time_zone: str | None,
    folder: Path,
) -> int:
    org = _org()
    answers = Answers(
        company=_answer("--company", "What is the company's name?", company, org.name),
        login=_answer("--login", "Where does the org log in?", login, _login()),
        stage=_choice("--stage", "Which stage asks for the form?", stage, org.stages, _likely(org.stages)),
        template=_choice("--template", "Which template?", template, starter.templates(), starter.templates()[0]),
        time_zone=_zone(_answer("--time-zone", "In which time zone do you work?", time_zone, org.time_zone or "UTC")),
        address=org.address,
        locale=org.locale,
        currency=org.currency,
    )
    _write(folder, answers)
    say(_NEXT)
    return 0


def _org() -> Found:
    """What the org says of itself, if the environment can log in."""
    if not os.environ.get("SF_CLIENT_ID"):
        say("No login is set in the environment, so no org is asked; your answers count.", "dim")
        return Found()
    try:
        found = starter.found_in(connect(os.environ, schedule.utc_now))
    except SfsyncError as error:
        complain(error)
        say("The org could not be asked; your answers count.", "yellow")
        return Found()
    say(f"The org is called {found.name}; it has {len(found.stages)} stages.")
    return found


def _answer(option: str, question: str, given: str | None, default: str) -> str:
    """The option's value, else what somebody types, else the default. Raises SetupError where there is none."""
    if given is None and sys.stdin.isatty():
        given = click.prompt(question, default=default or None)
    answer = (given if given is not None else default).strip()
    if not answer:
        raise SetupError(question, where=option, remedy=f"Nobody can be asked here: give {option}.")
    return answer


def _choice(option: str, question: str, given: str | None, choices: Sequence[str], default: str) -> str:
    """One of several, by its name or number; any text where none are known."""
    if given is None and sys.stdin.isatty() and len(choices) > 1:
        for n, choice in enumerate(choices, 1):
            say(f"  {n:2} {choice}")
    answer = _answer(option, question, given, default)
    if answer.isdecimal() and 0 < int(answer) <= len(choices):
        return choices[int(answer) - 1]
    if choices and answer not in choices:
        remedy = did_you_mean(answer, choices) or f"There are {', '.join(choices)}."
        raise SetupError(f"'{answer}' is none of them.", where=option, remedy=remedy)
    return answer


def _zone(name: str) -> str:
    try:
        return schedule.time_zone(name).key
    except ValueError as error:
        raise SetupError(str(error), where="--time-zone") from None


def _login() -> str:
    return os.environ.get("SF_LOGIN_URL") or starter.DEFAULT_LOGIN


def _likely(stages: Sequence[str]) -> str:
    return next((s for s in stages if "order form" in s.lower()), "")


def _write(folder: Path, answers: Answers) -> None:
    try:
        for name, written in starter.write(folder, starter.files(answers)):
            say(f"  {name}{'' if written else ': is there already, and is left as it is'}", "" if written else "yellow")
    except OSError as error:
        raise SetupError(f"It cannot be written: {error.strerror}.", where=str(error.filename)) from None
    config.load(folder / "config" / "sfsync.yaml")
