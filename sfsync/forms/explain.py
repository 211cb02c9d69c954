"""Why each part of a form is in or out: the template runs once more, and each `{% if %}` says how it went."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context, Undefined
from jinja2.visitor import NodeTransformer

from sfsync.forms.legal import PdfForm
from sfsync.forms.money import Formatter
from sfsync.forms.template import environment
from sfsync.forms.template.bounds import BUDGET, Budget
from sfsync.forms.template.filters import FORMATTER, shown
from sfsync.forms.template.reader import NO_TEXT, TERMS
from sfsync.forms.template.sources import spelt
from sfsync.forms.template.template import Condition, Template
from sfsync.records import Values

_TRACE = "trace of conditions"
_FILTER = "traced"
_CONDITION = re.compile(r"\{%[-+]?\s*(?:el)?if\s+(.*?)\s*[-+]?%\}", re.DOTALL)
#: more different values than this say less than their number
_MOST_VALUES = 3


@dataclass(frozen=True, slots=True)
class Branch:
    """One `{% if %}` of a template, and how often what it guards was printed."""

    #: templates/order_form.xml:52
    where: str
    condition: str
    shown: int
    skipped: int
    #: what it looked at: `line.ServiceDate` -> its values, as a form prints them
    values: Mapping[str, tuple[str, ...]]


Answer = tuple[tuple[str, str], bool, tuple[tuple[str, str], ...]]


def explain_condition(condition: Condition, values: Values, form: Formatter) -> Branch:
    """A question of the settings: `shown` is 1 where it holds."""
    env = environment.environment(markup=False)
    env.filters[_FILTER] = _note
    answers: list[Answer] = []
    compiled = environment.compiled(env, condition.line, condition.where, _Traced)
    compiled.render({"Opportunity": values, FORMATTER: form, _TRACE: answers})
    [branch] = _branches(answers)
    return replace(branch, where=condition.where)


def explain(template: Template | PdfForm, variables: Mapping[str, Any], terms: str = "") -> tuple[Branch, ...]:
    """Every condition that was asked, in the order of the first asking. A PDF has none."""
    if isinstance(template, PdfForm):
        return ()
    env = environment.environment(environment.Files(template.sources, _Traced), markup=True)
    env.filters[_FILTER] = _note
    answers: list[Answer] = []
    chosen = terms if terms and terms in template.sources else NO_TEXT
    env.get_template("").render({**variables, TERMS: chosen, BUDGET: Budget(), _TRACE: answers})
    return tuple(_branches(answers))


class _Traced(NodeTransformer):
    """`{% if x %}` becomes `{% if x | traced(...) %}`."""

    def __init__(self, source: str, name: str) -> None:
        self._lines, self._name = source.split("\n"), name
        self._seen: Counter[int] = Counter()

    def visit_If(self, node: nodes.If) -> nodes.Node:  # noqa: N802 (Jinja's name)
        condition = self._condition(node.lineno)
        looked_at = [(name, read) for read in _reads(node.test) if not (name := spelt(read)).startswith(".")]
        facts = [nodes.Const(f"{self._name}:{node.lineno}"), nodes.Const(condition)]
        facts += [nodes.Const(name) for name, _ in looked_at]
        values: list[nodes.Expr] = [read for _, read in looked_at]
        node.test = nodes.Filter(
            node.test, _FILTER, [nodes.List(facts), nodes.List(values)], [], None, None, lineno=node.lineno
        )
        return self.generic_visit(node)

    def _condition(self, line: int) -> str:
        """The words of the condition: the next one that begins on this line."""
        begun = _CONDITION.finditer("\n".join(self._lines[line - 1 :]))
        found = [m[1] for m in begun if m.start() <= len(self._lines[line - 1])]
        number = self._seen[line]
        self._seen[line] += 1
        return " ".join(found[number].split()) if number < len(found) else ""


def _reads(node: nodes.Node) -> Iterator[nodes.Expr]:
    """Every name with its dots, as far out as it goes; nothing of what is only asked for being there."""
    if isinstance(node, nodes.Name | nodes.Getattr):
        yield node
    elif not isinstance(node, nodes.Test) or node.name not in ("defined", "undefined"):
        for child in node.iter_child_nodes():
            yield from _reads(child)


@pass_context
def _note(context: Context, outcome: Any, facts: list[str], values: list[Any]) -> Any:
    form = context[FORMATTER]
    where, condition, *names = facts
    looked_at = tuple((name, _said(value, form)) for name, value in zip(names, values, strict=True))
    context[_TRACE].append(((where, condition), bool(outcome), looked_at))
    return outcome


def _said(value: Any, form: Formatter) -> str:
    if isinstance(value, Undefined | Mapping):
        return ""
    if isinstance(value, tuple | list):
        return f"{len(value)} of them"
    return "(empty)" if value in (None, "") else shown(value, form)


def _branches(answers: Iterable[Answer]) -> Iterator[Branch]:
    outcomes: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    values: dict[tuple[str, str], dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for key, outcome, looked_at in answers:
        outcomes[key][outcome] += 1
        for name, value in looked_at:
            values[key][name][value] = None
    for (where, condition), counted in outcomes.items():
        seen = values[where, condition]
        some = {name: tuple(found)[:_MOST_VALUES] for name, found in seen.items() if any(found)}
        yield Branch(where, condition, counted[True], counted[False], some)
