"""Pages written from the code, so that they cannot drift. `make docs` writes them; a test compares them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sfsync.cli.app import ENVIRONMENT, verbs
from sfsync.forms.template import docs
from sfsync.forms.template.sources import FORM_KEYS
from sfsync.messages import Messages, told
from sfsync.records import Status
from sfsync.schema import schema, spelled
from sfsync.settings import (
    Company,
    DigestSettings,
    FieldNames,
    FontSettings,
    LoginSettings,
    OrderFormSettings,
    Settings,
    TermsSettings,
    ThemeSettings,
)

_STATUS = {
    Status.READY: "The order form is among the Files, and up to date.",
    Status.NEEDS_INFORMATION: "The message says what is missing. The form comes by itself once it is there.",
    Status.FAILED: "The administrator has to act; the message says what to show them.",
}
_FORM = {
    "number": "The Opportunity's Id and the version, as people quote it",
    "version": "1, 2, 3 …",
    "requested_on": "The day on which the form was asked for; print it with `| date`",
    "currency": "The record's currency, such as USD",
    "language": "The language of its words, such as de",
    "name": "The form's name in the settings",
    "title": "The file's name",
}


def reference() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Written from the code by `make docs`."
    yield from _section("Verbs", _verbs())
    yield from _section("Environment and exit codes", ["```", *ENVIRONMENT.splitlines(), "```"])
    yield from _section("Settings: `config/sfsync.yaml`", _settings("", Settings))
    yield from _section("`login:`", _settings("login.", LoginSettings))
    yield from _section("`company:`", _settings("company.", Company))
    yield from _section("`theme:`, for all forms or for one", _settings("theme.", ThemeSettings))
    yield from _section("`font:` of a theme", _settings("font.", FontSettings))
    yield from _section("Each of `order_forms:`", _settings("", OrderFormSettings))
    yield from _section("Each of an order form's `terms:`", _settings("", TermsSettings))
    yield from _section("`digest:`", _settings("digest.", DigestSettings))
    yield from _section("`fields:`", _settings("fields.", FieldNames))
    page = "What people read in Salesforce can be said otherwise, message by message: [messages.md](messages.md)."
    yield from _section("`messages:`", [page])
    yield from _section("What the rep reads", _table(("Status", "Means"), [(s.value, t) for s, t in _STATUS.items()]))
    yield from _section("Templates: variables", _variables())
    page = "Each with an example, drawn: [templates.md](templates.md)."
    yield from _section("Templates: tags, statements, filters and tests", [page])


def _section(title: str, lines: "Iterator[str] | list[str]") -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield from lines


_COMPLETION = """\
To have verbs and options completed as you type, put this into `~/.bashrc` (for zsh, `zsh_source` into `~/.zshrc`; fish:
`_SFSYNC_COMPLETE=fish_source sfsync > ~/.config/fish/completions/sfsync.fish`):

```sh
eval "$(_SFSYNC_COMPLETE=bash_source sfsync)"
```
"""


def _verbs() -> Iterator[str]:
    yield from _COMPLETION.splitlines()
    yield ""
    for name, command in verbs().items():
        yield f"### `sfsync {name}`"
        yield ""
        yield f"{command.help} {(command.epilog or '').capitalize()}"
        yield ""
        yield from _table(("Option", "Means"), [_option(p) for p in command.params if isinstance(p, click.Option)])
        yield ""


def _option(option: click.Option) -> tuple[str, str]:
    value = "" if option.is_flag else f" {option.metavar or str(option.name).upper()}"
    return f"`{', '.join(option.opts)}{value}`", str(option.help)


def _settings(prefix: str, model: type[BaseModel]) -> Iterator[str]:
    rows = [
        (f"`{prefix}{name}`", str(field.description), _default(field)) for name, field in model.model_fields.items()
    ]
    yield from _table(("Setting", "Means", "If left out"), rows)


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.is_required():
        return "needed"
    if isinstance(value, BaseModel):
        return "as below"
    return "" if value in (None, "", (), {}) else f"`{spelled(value)}`"


def _variables() -> Iterator[str]:
    rows = [
        ("`Opportunity.…`", "Any field, by its name in Object Manager; parents by their relationship: `Account.Name`"),
        ("`Opportunity.OpportunityLineItems`", "The products, one after the other; other child lists likewise"),
        *((f"`company.{name}`", str(field.description)) for name, field in Company.model_fields.items()),
        *((f"`form.{name}`", _FORM[name]) for name in FORM_KEYS),
    ]
    yield from _table(("Variable", "Is"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join(' --- ' for _ in head)}|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def messages() -> str:
    """The page of everything that people read in Salesforce."""
    return "\n".join(_messages()) + "\n"


def _messages() -> Iterator[str]:
    yield "# What people read in Salesforce"
    yield ""
    yield "Written from the code by `make docs`. Say any of them in your own words or language in `config/sfsync.yaml`,"
    yield "and keep what stands in braces:"
    yield ""
    yield from ("```yaml", "messages:", "  ready_title: Auftragsformular fertig", "```")
    yield ""
    yield "What a rep reads for an empty field is yours in any case: it stands under `needs`. A validation rule of your"
    yield "org speaks to the rep in its own words."
    yield ""
    rows = [(f"`{n}`", str(f.default), told(n).when, told(n).do) for n, f in Messages.model_fields.items()]
    yield from _table(("Name", "Says", "When", "What to do"), rows)


#: each page by its place in the repository
PAGES: dict[str, Callable[[], str]] = {
    "docs/reference.md": reference,
    "docs/messages.md": messages,
    "docs/templates.md": docs.page,
    "config/sfsync.schema.json": schema,
}


if __name__ == "__main__":
    for place, page in PAGES.items():
        Path(place).write_text(page(), "utf-8")
