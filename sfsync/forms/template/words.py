"""Words in several languages: `{{ _("Products") }}` in a template, said in the form's language."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from sfsync.errors import did_you_mean
from sfsync.forms.template.filters import FORMATTER, WORDS, shown
from sfsync.forms.text.bidi import isolated

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Words(str):
    """Text in the form's own language, which goes in the direction of what stands around it."""

    __slots__ = ()


@pass_context
def translated(context: Context, word: str, **values: Any) -> str:
    """`_` in a template: the word in the form's language, with what stands for its {placeholders}."""
    form, words = context[FORMATTER], context.get(WORDS, {})
    said: str = words.get(word, word)
    if not values:
        return Words(said)
    given = {name: isolated(shown(value, form, words), backwards=form.backwards) for name, value in values.items()}
    return Words(_PLACEHOLDER.sub(lambda found: given[found[1]], said))


def placeholders(text: str) -> list[str]:
    """The names in braces, each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def marked(call: nodes.Call) -> str | None:
    """The text that a call of `_` marks; None where translators cannot know it before there is data."""
    text = call.args[0].value if len(call.args) == 1 and isinstance(call.args[0], nodes.Const) else None
    return text if isinstance(text, str) and text.strip() and not (call.dyn_args or call.dyn_kwargs) else None


def unmatched(word: str, given: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the values that go with a word, what to do, and where to look for it."""
    wanted, given = placeholders(word), list(given)
    for name in wanted:
        if name not in given:
            yield f"There is no value for {{{name}}}.", did_you_mean(name, given) or f"Write {name}=… behind it.", word
    for name in given:
        if name not in wanted:
            yield f"The text has no {{{name}}}.", did_you_mean(name, wanted) or f"Write {{{name}}} in it.", name
