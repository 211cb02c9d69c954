"""The page of what a template may say, `docs/templates.md`. `docs/pictures.py` draws the pictures that it shows."""

from collections.abc import Iterator, Mapping

from sfsync import samples
from sfsync.forms.template import glossary
from sfsync.forms.template.glossary import Word
from sfsync.forms.template.markup import Tag
from sfsync.forms.template.tags import TAGS
from sfsync.forms.template.template import Text
from sfsync.records import Values

_FORM = {"number": "006000000000001AAA-1", "currency": "USD"}
_STATEMENTS = (
    ("{% for line in Opportunity.OpportunityLineItems %} … {% endfor %}", "For each of a list; `loop.index` counts."),
    ("{% if line.Discount %} … {% elif … %} … {% else %} … {% endif %}", "Only where it holds."),
    ("{% set account = Opportunity.Account %}", "A shorter name."),
    ("{% set count = namespace(lines=0) %}", "What a loop may change: `{% set count.lines = count.lines + 1 %}`."),
    ('{% include "terms.xml" %}', "Another file of the templates folder."),
    ("{% include terms %}", "The terms that the settings chose."),
    ("{# … #}", "A remark. It is not printed."),
)


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def as_form(name: str) -> str:
    """The example of a tag as a form of its own."""
    example = TAGS[name].example
    if name == "form":
        return example
    return f'<form title="{name}">\n{example}\n</form>'


def _lines() -> Iterator[str]:
    yield "# Templates"
    yield ""
    yield "Written from the code by `make docs`; each picture is its example, drawn. How a form looks stands in the"
    yield "settings, under `theme:`; [reference.md](reference.md) lists it, and the variables."
    yield ""
    yield "**Tags:** " + " ".join(f"[`{name}`](#{name})" for name in TAGS)
    for name, tag in TAGS.items():
        yield from _tag(name, tag)
    yield from ("", "## Statements", "", "| Write | For |", "| --- | --- |")
    yield from (f"| `{write}` | {means} |" for write, means in _STATEMENTS)
    yield from ("", "## Filters", "", "Behind a value, after `|`: `{{ Opportunity.Amount | money }}`.", "")
    yield from _words(glossary.FILTERS)
    yield from ("", "## Tests", "", "In a condition, after `is` or `is not`.", "")
    yield from _words(glossary.TESTS)


def _tag(name: str, tag: Tag) -> Iterator[str]:
    yield from ("", f"## {name}", "", tag.means, "")
    if tag.holds:
        holds = " ".join(f"[`{inner}`](#{inner})" for inner in TAGS if inner in tag.holds)
        yield from (f"Holds {holds}{' and text' if tag.text else ''}.", "")
    if tag.says:
        yield from ("| Attribute | Means | Takes | If left out |", "| --- | --- | --- | --- |")
        for key, said in tag.says.items():
            yield f"| `{key}` | {said.means} | {said.kind.words} | {said.default or '**needed**'} |"
        yield ""
    yield from ("```xml", *tag.example.splitlines(), "```", "", f"![{name}](pictures/tags/{name}.png)")


def _words(words: Mapping[str, Word]) -> Iterator[str]:
    yield from ("| Name | Means | Example | Gives |", "| --- | --- | --- | --- |")
    for name, word in words.items():
        value = "{{ " + word.example + " }}"
        given = Text(value, name).render(_deal(), form=_FORM)
        yield f"| `{name}` | {word.means} | {_code(value)} | {_cell(given)} |"


def _deal() -> Values:
    """The sample that `sfsync preview --sample usual` takes."""
    deal = samples.sample("usual", [], stage="Order Form", currency="USD")
    return {**deal.values, "CreatedDate": deal.entered_at, "IsWon": False, "NextStep": None}


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
