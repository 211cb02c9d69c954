"""Which fields a template reads: its syntax tree is walked as if it ran, with places in the data instead of data.

Nobody lists fields twice. What this walk cannot follow it refuses, with the place and a remedy, since a field that is
read but not asked for would come out empty.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, NoReturn

from jinja2 import nodes

from sfsync.errors import SetupError, did_you_mean
from sfsync.forms.template import shapes as s
from sfsync.forms.template.sources import COMPANY_KEYS, FORM_KEYS, FieldPath, Source, spelt
from sfsync.forms.template.words import marked, unmatched

_LOOP = ("index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0")
_BY_ATTRIBUTE = ("sum", "min", "max", "join", "unique", "sort", "map", "groupby", "selectattr", "rejectattr")
_SAME_LIST = ("sort", "unique", "select", "reject", "selectattr", "rejectattr", "list", "reverse")
_ONE_OF_LIST = ("first", "last", "min", "max")
_MOST_INCLUDES = 50


#: a file, and its tree where it could be parsed; what is wrong with it is among the problems already
Parsed = tuple[Source, nodes.Template | None]


class Names(NamedTuple):
    """What stands behind | and behind `is`."""

    filters: frozenset[str]
    tests: frozenset[str]


@dataclass
class Walk:
    """One walk over one template; `paths` and `problems` fill up as it goes."""

    source: Source
    #: reads a file by its name in an include; raises SetupError where that cannot be
    parse: Callable[[str], Parsed]
    names: Names
    paths: dict[str, FieldPath] = field(default_factory=dict)
    problems: list[SetupError] = field(default_factory=list)
    #: each word that is marked for translation, and where
    words: dict[str, str] = field(default_factory=dict)
    scope: dict[str, s.Shape] = field(default_factory=dict)
    #: the files of which one is included by `{% include terms %}`
    terms: tuple[str, ...] = ()
    #: the files that are being walked, outermost first, and all that were
    chain: tuple[str, ...] = ()
    walked: list[str] = field(default_factory=list)

    # ---- statements

    def file(self, name: str) -> None:
        """Walks a whole file. Raises SetupError where it cannot be read."""
        source, tree = self.parse(name)
        self.walked.append(name)
        inner = replace(self, source=source, scope=dict(self.scope), chain=(*self.chain, name))
        inner.body(tree.body if tree else [])

    def body(self, statements: list[nodes.Node]) -> None:
        for statement in statements:
            visit = getattr(self, f"_do_{type(statement).__name__.lower()}", None)
            try:
                if visit is None:
                    self._refuse(statement, f"{{% {type(statement).__name__.lower()} %}} is not known here.")
                visit(statement)
            except SetupError as problem:
                if str(problem) not in map(str, self.problems):
                    self.problems.append(problem)
                if isinstance(statement, nodes.Assign) and isinstance(statement.target, nodes.Name):
                    self.scope[statement.target.name] = s.LOST

    def _do_output(self, node: nodes.Output) -> None:
        for part in node.nodes:
            self.read(part)

    def _do_if(self, node: nodes.If) -> None:
        self.read(node.test)
        before, ends = dict(self.scope), []
        for branch in (node.body, *(e.body for e in node.elif_), node.else_):
            self.scope = dict(before)
            self.body(branch)
            ends.append(self.scope)
        for other in node.elif_:
            self.read(other.test)
        self.scope = {name: s.either(*(e[name] for e in ends if name in e)) for end in ends for name in end}

    def _do_for(self, node: nodes.For) -> None:
        if node.recursive:
            self._refuse(node, "A recursive loop cannot be followed.", "Write two loops, one in the other.")
        members = self._members(self.of(node.iter), node.iter)
        outside, self.scope = self.scope, dict(self.scope)
        self._bind(node.target, members, node)
        self.scope["loop"] = s.Known("loop", _LOOP, {"previtem": members, "nextitem": members})
        if node.test:
            self.read(node.test)
        # Twice: what one round sets in a namespace, the next one reads.
        self.body(node.body)
        self.body(node.body)
        self.scope = outside
        self.body(node.else_)

    def _do_assign(self, node: nodes.Assign) -> None:
        value = self.of(node.node)
        if isinstance(node.target, nodes.NSRef):
            space = self._named(node.target.name, node)
            if isinstance(space, s.Namespace):
                space.values[node.target.attr] = s.either(space.values.get(node.target.attr, value), value)
        else:
            self._bind(node.target, value, node)

    def _do_assignblock(self, node: nodes.AssignBlock) -> None:
        self.body(node.body)
        self._bind(node.target, s.TEXT, node)

    def _do_with(self, node: nodes.With) -> None:
        outside = self.scope
        inside = dict(outside)
        for target, value in zip(node.targets, node.values, strict=True):
            self.scope = outside
            shape = self.of(value)
            self.scope = inside
            self._bind(target, shape, node)
        self.body(node.body)
        self.scope = outside

    def _do_filterblock(self, node: nodes.FilterBlock) -> None:
        self.body(node.body)

    def _do_scope(self, node: nodes.Scope) -> None:
        self.body(node.body)

    def _do_include(self, node: nodes.Include) -> None:
        for name in self._included(node):
            if name in self.chain:
                self._refuse(node, f"{name} includes itself.", "Remove the include.", wanted=name)
            if len(self.walked) > _MOST_INCLUDES:
                self._refuse(node, f"More than {_MOST_INCLUDES} files are included.", "Include fewer.")
            try:
                self.file(name)
            except SetupError as problem:
                self._refuse(node, problem.what, problem.remedy, wanted=name)

    def _included(self, node: nodes.Include) -> tuple[str, ...]:
        """Every file that the statement may mean."""
        if isinstance(node.template, nodes.Name) and node.template.name == "terms":
            if not self.terms:
                self._refuse(node, "The settings name no text for the terms.", "Add terms: to the order form.")
            return self.terms
        if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            self._refuse(node, "An include needs a file's name.", 'Write {% include "terms.xml" %}.')
        return (node.template.value,)

    def _bind(self, target: nodes.Node, value: s.Shape, node: nodes.Node) -> None:
        if isinstance(target, nodes.Name) and target.name == "_":
            self._refuse(node, "_ marks words for translation.", "Give this another name.")
        elif isinstance(target, nodes.Name):
            self.scope[target.name] = value
        elif isinstance(target, nodes.Tuple) and isinstance(value, s.Group) and len(target.items) == 2:  # noqa: PLR2004
            for part, shape in zip(target.items, (value.key, value.members), strict=True):
                self._bind(part, shape, node)
        else:
            self._refuse(node, "Several names at once cannot be followed here.", "Give it one name.")

    # ---- expressions

    def read(self, node: nodes.Node) -> None:
        """The value is used: whatever it is, it has to be there."""
        self._use(self.of(node), node)

    def _use(self, shape: s.Shape, node: nodes.Node) -> None:
        for part in s.parts(shape):
            if isinstance(part, s.Place) and part.path:
                self._want(part, node)
            elif isinstance(part, s.Place | s.Group | s.Namespace | s.Known):
                self._refuse(node, f"{part} has no text of its own.", "Name one of its fields.")
            elif isinstance(part, s.Many):
                self._use(part.member, node)

    def _want(self, place: s.Place, node: nodes.Node) -> None:
        path = ".".join(place.path)
        self.paths.setdefault(path, FieldPath(path, self.source.place(node.lineno, spelt(node))))

    def of(self, node: nodes.Node) -> s.Shape:
        """What an expression stands for."""
        visit = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        if visit is None:
            for child in node.iter_child_nodes():
                self.read(child)
            return s.TEXT
        shape: s.Shape = visit(node)
        return shape

    def _of_name(self, node: nodes.Name) -> s.Shape:
        return self._named(node.name, node)

    def _named(self, name: str, node: nodes.Node) -> s.Shape:
        if name not in self.scope:
            self._refuse(node, f"{name} is not known here.", did_you_mean(name, self.scope), wanted=name)
        return self.scope[name]

    def _of_getattr(self, node: nodes.Getattr) -> s.Shape:
        return self._member(self.of(node.node), node.attr, node)

    def _of_getitem(self, node: nodes.Getitem) -> s.Shape:
        inner = self.of(node.node)
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        if isinstance(key, str):
            return self._member(inner, key, node)
        if isinstance(key, int) or isinstance(node.arg, nodes.Slice):
            members = self._members(inner, node)
            return members if isinstance(key, int) else s.many(members)
        return self._refuse(node, "What stands in [ ] cannot be followed.", "Use a name or a number.")

    def _of_condexpr(self, node: nodes.CondExpr) -> s.Shape:
        self.read(node.test)
        return s.either(self.of(node.expr1), self.of(node.expr2) if node.expr2 else s.TEXT)

    def _of_or(self, node: nodes.Or) -> s.Shape:
        return s.either(self.of(node.left), self.of(node.right))

    _of_and = _of_or

    def _of_list(self, node: nodes.List | nodes.Tuple) -> s.Shape:
        return s.many(s.either(*map(self.of, node.items))) if node.items else s.many(s.TEXT)

    _of_tuple = _of_list

    def _of_call(self, node: nodes.Call) -> s.Shape:
        called = spelt(node.node)
        if called == "_":
            return self._word(node)
        if called not in ("namespace", "range", "loop.cycle", "loop.changed"):
            self._refuse(node, f"{called or 'This'}() cannot be called.", "Use a filter: {{ value | upper }}.")
        if called == "namespace":
            return s.Namespace({pair.key: self.of(pair.value) for pair in node.kwargs})
        for argument in node.args:
            self.read(argument)
        return s.many(s.TEXT) if called == "range" else s.TEXT

    def _word(self, node: nodes.Call) -> s.Shape:
        word = marked(node)
        if word is None:
            remedy = 'Values go into braces: _("Order form for {customer}", customer=account.Name).'
            return self._refuse(node, "_() takes one text in quotes.", remedy, wanted="_")
        self.words.setdefault(word, self.source.place(node.lineno, word))
        for what, remedy, wanted in unmatched(word, (pair.key for pair in node.kwargs)):
            self._refuse(node, what, remedy, wanted=wanted)
        for pair in node.kwargs:
            self.read(pair.value)
        return s.TEXT

    def _of_test(self, node: nodes.Test) -> s.Shape:
        if node.name not in self.names.tests:
            near = did_you_mean(node.name, self.names.tests) or "See docs/templates.md."
            self._refuse(node, f"There is no test {node.name}.", near, wanted=f"is {node.name}")
        for child in node.iter_child_nodes():
            self.read(child)
        return s.TEXT

    # ---- filters

    def _of_filter(self, node: nodes.Filter) -> s.Shape:
        filters = self.names.filters
        if node.name not in filters:
            near = did_you_mean(node.name, filters) or f"Known: {', '.join(sorted(filters))}."
            self._refuse(node, f"There is no filter {node.name}.", near, wanted=node.name)
        if node.node is None:
            return s.TEXT
        value = self.of(node.node)
        if node.name == "default":
            return s.either(value, *map(self.of, node.args))
        for argument in [*node.args, *(pair.value for pair in node.kwargs)]:
            self.read(argument)
        return self._filtered(node, value)

    def _filtered(self, node: nodes.Filter, value: s.Shape) -> s.Shape:
        attributes = self._attributes(node)
        if node.name not in (*_BY_ATTRIBUTE, *_SAME_LIST, *_ONE_OF_LIST):
            self._use(value, node)
            return s.TEXT
        members = self._members(value, node)
        picked = s.either(*(self._reach(members, name, node) for name in attributes)) if attributes else members
        if attributes and node.name != "map":
            self._use(picked, node)
        if node.name in ("sum", "join"):
            self._use(picked, node)
            return s.TEXT
        if node.name == "map":
            return s.many(picked if attributes else s.TEXT)
        if node.name == "groupby":
            return s.many(s.Group(picked, s.many(members)))
        if node.name in _ONE_OF_LIST:
            return members
        return s.many(members)

    def _attributes(self, node: nodes.Filter) -> list[str]:
        """The fields that a filter names in quotes: sum(attribute="TotalPrice"), groupby("Product2.Family")."""
        given = next((pair.value for pair in node.kwargs if pair.key == "attribute"), None)
        position = {"join": 1, "sum": 0, "groupby": 0, "selectattr": 0, "rejectattr": 0, "unique": 1, "sort": 2}
        at = position.get(node.name)
        if given is None and at is not None and len(node.args) > at:
            given = node.args[at]
        if given is None or node.name not in _BY_ATTRIBUTE:
            return []
        if not isinstance(given, nodes.Const) or not isinstance(given.value, str):
            self._refuse(node, f"{node.name} needs the field's name in quotes.", 'Write attribute="TotalPrice".')
        return [part.strip() for part in given.value.split(",")]

    # ---- steps into the data

    def _reach(self, shape: s.Shape, dotted: str, node: nodes.Node) -> s.Shape:
        for name in dotted.split("."):
            shape = self._member(shape, name, node)
        return shape

    def _member(self, shape: s.Shape, name: str, node: nodes.Node) -> s.Shape:
        return s.either(*(self._member_of(part, name, node) for part in s.parts(shape)))

    def _member_of(self, shape: s.Shape, name: str, node: nodes.Node) -> s.Shape:
        if isinstance(shape, s.Place):
            return shape.step(name)
        if shape is s.LOST:
            return shape
        known = s.members(shape)
        if name in known:
            return known[name]
        if shape is s.TEXT:
            return self._refuse(node, f"A text or number has no .{name}.", "Use a filter: {{ value | upper }}.")
        remedy = did_you_mean(name, known) or (
            f"Known: {', '.join(known)}." if known else "Walk over it with {% for %}."
        )
        return self._refuse(node, f"{shape} has no {name}.", remedy, wanted=name)

    def _members(self, shape: s.Shape, node: nodes.Node) -> s.Shape:
        """What a loop over it yields. A child relationship is asked for even if no field of its records is."""
        found: list[s.Shape] = []
        for part in s.parts(shape):
            if isinstance(part, s.Place):
                self._want(part, node)
                found.append(part)
            elif isinstance(part, s.Many):
                found.append(part.member)
            else:
                found.append(part if part is s.LOST else s.TEXT)
        return s.either(*found)

    def _refuse(self, node: nodes.Node, what: str, remedy: str = "", *, wanted: str = "") -> NoReturn:
        raise SetupError(what, where=self.source.place(node.lineno, wanted or spelt(node)), remedy=remedy)


def roots() -> dict[str, s.Shape]:
    """What every template begins with."""
    company = s.Known("company", tuple(k for k in COMPANY_KEYS if k != "address"), {"address": s.many(s.TEXT)})
    return {"Opportunity": s.Place(()), "company": company, "form": s.Known("form", FORM_KEYS, {})}
