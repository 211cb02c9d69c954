"""Jinja2, kept on a short lead: sandboxed, strict, escaping, and reading records by their fields only."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, TemplateNotFound, nodes, pass_context
from jinja2.environment import Environment
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

from sfsync.forms.money import Formatter
from sfsync.forms.template import bounds
from sfsync.forms.template.filters import FORMATTER, LINE, WORDS, all_filters, all_tests, decimal, shown, together
from sfsync.forms.template.paths import Names
from sfsync.forms.template.words import Words, translated
from sfsync.forms.text.bidi import isolated

_NEWLINE = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
#: not allowed in XML, or without meaning: controls, noncharacters, halves of surrogate pairs
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_BROKEN = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ORDER = {"eq": "eq", "ne": "ne", "gt": "gt", "gteq": "ge", "lt": "lt", "lteq": "le"}


class Sandbox(ImmutableSandboxedEnvironment):
    """Fields are looked up as fields, never as Python's attributes; nothing has attributes of its own."""

    concat = staticmethod(bounds.form)
    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`Opportunity.items` is a field of that name, and a field of a record that is not there is empty."""
        if type(obj) is dict or isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if type(obj) is Namespace and not attribute.startswith("_"):
            # holds what the template itself has put there; Jinja's sandbox would ask twenty questions each time
            return getattr(obj, attribute, None) or super().getattr(obj, attribute)
        return None if obj is None else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        return None if obj is None else super().getitem(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Sums in Decimal throughout, whole numbers divided as well."""
        left, right = decimal(left), decimal(right)
        bounds.operands(operator, left, right)
        if operator == "/" and isinstance(left, int) and isinstance(right, int):
            left = Decimal(left)
        return bounds.result(super().call_binop(context, operator, left, right))


def environment(loader: BaseLoader | None = None, *, markup: bool) -> Environment:
    """For a form (`markup`: values are escaped, a line break in data stays one) or for a line of text."""
    env = Sandbox(
        loader=loader,
        autoescape=markup,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalizer(LINE if markup else " "),
        auto_reload=False,
    )
    env.filters.clear()
    env.filters.update(all_filters())
    env.filters |= {bounds.ROUNDS: bounds.rounds, bounds.TOGETHER: together}
    env.tests.clear()
    env.tests.update(all_tests())
    # All that a template may call; what they return is the same every time.
    env.globals = {"range": bounds.counted, "namespace": env.globals["namespace"]} | {"_": translated}
    return env


def names(env: Environment) -> Names:
    return Names(frozenset(name for name in env.filters if name.isidentifier()), frozenset(env.tests))


#: what else is done to a template's tree: of (source, name)
Transform = Callable[[str, str], NodeTransformer]


def compiled(env: Environment, source: str, name: str, also: Transform | None = None) -> Template:
    """`name` is the file as messages show it: it stands in tracebacks, beside the template's true line."""
    tree = env.parse(source, name, name)
    if also:
        tree = also(source, name).visit(tree)
    tree = bounds.Bounded().visit(_Comparisons().visit(tree))
    return env.template_class.from_code(env, env.compile(tree, name, name), dict(env.globals))


class Files(BaseLoader):
    """Templates from memory: what `Template.load` has read, and nothing else on this machine."""

    def __init__(self, sources: Mapping[str, tuple[str, str]], also: Transform | None = None) -> None:
        #: name in an include -> source, name in messages
        self._sources = sources
        self._also = also

    def texts(self) -> dict[str, str]:
        """The files by their names in messages."""
        return {shown_as: source for source, shown_as in self._sources.values() if source}

    def load(self, environment: Environment, name: str, globals: Any = None) -> Template:  # noqa: A002, ARG002 (Jinja's)
        if name not in self._sources:
            raise TemplateNotFound(name)
        source, shown_as = self._sources[name]
        return compiled(environment, source, shown_as, self._also)


def _finalizer(newline: str) -> Callable[[Context, Any], Any]:
    @pass_context
    def finalize(context: Context, value: Any) -> Any:
        if isinstance(value, Undefined):
            return value
        form: Formatter = context[FORMATTER]
        text = shown(value, form, context.get(WORDS, {})) if type(value) is not str else value
        if text.isascii() and text.isprintable() and not form.backwards:
            return text
        text = printable(text, newline)
        if newline != LINE or isinstance(value, Words):
            return text
        return LINE.join([isolated(line, backwards=form.backwards) for line in text.split(LINE)])

    return finalize


def printable(text: str, newline: str) -> str:
    """Controls have no shape and go; what is broken becomes U+FFFD, which is drawn as a box and reported."""
    return _BROKEN.sub("\ufffd", _CONTROL.sub("", _NEWLINE.sub(newline, text)))


class _Comparisons(NodeTransformer):
    """`a < b` becomes `a is lt b`: our tests know that an empty field is neither less nor more."""

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 (Jinja's name)
        self.generic_visit(node)
        parts: list[nodes.Expr] = []
        left = node.expr
        for operand in node.ops:
            parts.append(_comparison(left, operand, node.lineno))
            left = operand.expr
        found = parts[0]
        for part in parts[1:]:
            found = nodes.And(found, part, lineno=node.lineno)
        return found


def _comparison(left: nodes.Expr, operand: nodes.Operand, line: int) -> nodes.Expr:
    if operand.op not in _ORDER:
        return nodes.Compare(left, [operand], lineno=line)
    return nodes.Test(left, _ORDER[operand.op], [operand.expr], [], None, None, lineno=line)
