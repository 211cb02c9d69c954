"""Formulas: Salesforce's spreadsheet language, as one SQLite expression over a row.

A formula field is read as `compile(field.formula, sobject, schema).sql("t", now=now)` inside a SELECT whose row goes by
the alias `t`; `of_field` does so and rounds to the field's scale. A validation rule is
`compile(rule.formula, sobject, schema).sql("new", "old", now=now)`, where `new` and `old` are tables or CTEs of one row
each with the object's stored columns; on a create leave `old` out. The answer of a rule is 1 where the rule is broken.

Source for the language: Salesforce Help, "Formula Operators and Functions by Context". What is not spoken is refused,
naming it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from lark import Lark, Token, Tree, UnexpectedInput

from sfsync.pocketorg.query import formulafunctions
from sfsync.pocketorg.query.formulafunctions import Circumstances, Piece, refused, text_literal
from sfsync.pocketorg.schema import Field, Schema, SObject

LONGEST = 3_900  #: characters; Salesforce Help, "Formula Field Limits and Restrictions"
_DEEPEST = 10  #: parents and formulas of formulas on the way to one value

_KINDS = {
    "boolean": "boolean",
    "int": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "date": "date",
    "datetime": "datetime",
    "picklist": "picklist",
    "multipicklist": "multipicklist",
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that is right for its object. `kind` is text, number, boolean, date, datetime or null."""

    text: str
    kind: str
    _tree: Tree[Token]
    _sobject: SObject
    _schema: Schema
    _depth: int
    _blank_as_zero: bool

    def sql(self, alias: str, prior_alias: str | None = None, *, now: datetime, user_id: str = "") -> str:
        """Write the expression over the row `alias`; `prior_alias` is the row as it was, None for a new record.

        `now` is aware; TODAY() is its day in its own zone. `user_id` is whom $User means.
        """
        return self._piece(alias, prior_alias, now, user_id).sql

    def _piece(self, alias: str, prior_alias: str | None, now: datetime, user_id: str = "") -> Piece:
        circumstances = Circumstances(is_new=prior_alias is None, now=now, user_id=user_id)
        writer = _Writer(
            self._sobject, self._schema, alias, prior_alias, circumstances, self._depth, self._blank_as_zero
        )
        return writer.write(self._tree)


def compile(text: str, sobject: SObject, schema: Schema, *, depth: int = 0, blank_as_zero: bool = False) -> Formula:  # noqa: A001
    """Read a formula and check every name in it. Raises ApiError FIELD_INTEGRITY_EXCEPTION, naming what is wrong."""
    if depth > _DEEPEST:
        raise refused(f"Formula is nested too deeply: {text}")
    if len(text) > LONGEST:
        raise refused(f"Formula is too long ({len(text):,} characters). Maximum length is {LONGEST:,} characters.")
    formula = Formula(text, "", _parse(text), sobject, schema, depth, blank_as_zero)
    # Names and types are checked by writing it once, for a row that nobody will read.
    try:
        kind = formula._piece("t", "o", datetime.min.replace(tzinfo=UTC)).kind  # noqa: SLF001
    except RecursionError:
        raise refused("Formula is too complex") from None
    return replace(formula, kind=kind)


def of_field(
    field: Field, sobject: SObject, schema: Schema, alias: str, *, now: datetime, user_id: str = "", depth: int = 0
) -> str:
    """Write a formula field's value for the row `alias`, rounded to the field's scale where it is a number."""
    read = compile(field.formula, sobject, schema, depth=depth, blank_as_zero=field.blank_as_zero)
    sql = read.sql(alias, now=now, user_id=user_id)
    if _KINDS.get(field.type) == "number":
        return f"formula_round({sql}, {int(field.scale)})"
    return f"coalesce({sql}, 0)" if field.type == "boolean" else sql


@lru_cache(maxsize=256)
def _parse(text: str) -> Tree[Token]:
    try:
        return _parser().parse(text)
    except UnexpectedInput as problem:
        rest = text[problem.pos_in_stream or 0 :][:30]
        raise refused(f"Syntax error. Found '{rest}'" if rest else "Syntax error. Missing expression") from None


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_suffix(".lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


@dataclass(frozen=True, slots=True)
class _Writer:
    sobject: SObject
    schema: Schema
    alias: str
    prior: str | None
    circumstances: Circumstances
    depth: int
    blank_as_zero: bool

    def write(self, node: Tree[Token] | Token) -> Piece:
        assert isinstance(node, Tree)
        match node.data:
            case "number" | "string":
                return _constant(node.data, str(node.children[0]))
            case "field":
                return self.field([str(name) for name in node.children])
            case "call":
                return self._call(str(node.children[0]), node.children[1:])
            case "signed":
                return formulafunctions.signed(str(node.children[0]), self.write(node.children[1]))
            case _:
                return self._operators(node)

    def _operators(self, node: Tree[Token]) -> Piece:
        """A chain of operands; between them stand the operators, where the rule has more than one."""
        alone = _ONLY_OPERATOR.get(node.data)
        operands = node.children if alone else node.children[::2]
        operators = [alone] * (len(operands) - 1) if alone else [str(each) for each in node.children[1::2]]
        left = self.write(operands[0])
        for operator, right in zip(operators, operands[1:], strict=True):
            left = formulafunctions.operate(left, operator, self.write(right))
        return left

    def _call(self, name: str, arguments: list[Tree[Token] | Token]) -> Piece:
        word = name.upper()
        if word in ("ISCHANGED", "PRIORVALUE"):
            return self._history(word, arguments)
        return formulafunctions.call(word, [self.write(each) for each in arguments], self.circumstances)

    def _history(self, word: str, arguments: list[Tree[Token] | Token]) -> Piece:
        """Of a new record nothing has changed, and what was before is what is now, as the Help says of both."""
        if len(arguments) != 1:
            raise refused(
                f"Incorrect number of parameters for function '{word}()'. Expected 1, received {len(arguments)}"
            )
        now = self.write(arguments[0])
        if self.prior is None:
            return now if word == "PRIORVALUE" else Piece("0", "boolean")
        then = replace(self, alias=self.prior, prior=None).write(arguments[0])
        return then if word == "PRIORVALUE" else Piece(f"({now.sql} IS NOT {then.sql})", "boolean")

    def field(self, names: list[str]) -> Piece:
        if names[0].startswith("$"):
            return self._global(names)
        word = names[0].upper()
        if len(names) == 1 and word in ("TRUE", "FALSE", "NULL"):
            return {"TRUE": Piece("1", "boolean"), "FALSE": Piece("0", "boolean")}.get(word, Piece("NULL", "null"))
        if len(names) > 1:
            return self._parent(names)
        field = self.sobject.field(names[0])
        if field is None or field.type in ("address", "location", "base64"):
            raise refused(f"Field {names[0]} does not exist. Check spelling.")
        kind = _KINDS.get(field.type, "text")
        if field.formula:
            at = self.circumstances
            sql = of_field(
                field,
                self.sobject,
                self.schema,
                self.alias,
                now=at.now,
                user_id=at.user_id,
                depth=self.depth + 1,
            )
            return Piece(f"({sql})", kind)
        sql = f'{self.alias}."{field.name}"'
        return Piece(f"coalesce({sql}, 0)" if self.blank_as_zero and kind == "number" else sql, kind)

    def _global(self, names: list[str]) -> Piece:
        """`$User.Title`, `$Profile.Name`, `$UserRole.Name`, `$Organization.Name`, or `$Setup.Settings__c.Limit__c`.

        Source: Salesforce Help, "Global Variables". Of a custom setting the user's own row counts first, then his
        profile's, then the org's, field by field.
        """
        user = text_literal(self.circumstances.user_id)
        found = _GLOBALS.get(names[0].lower())
        if found and len(names) == 2:  # noqa: PLR2004
            return self._of_row(found[0], names[1], found[1].format(user=user))
        if names[0].lower() == "$setup" and len(names) == 3:  # noqa: PLR2004
            profile, org = _GLOBALS["$profile"][1].format(user=user), _GLOBALS["$organization"][1]
            levels = [self._of_row(names[1], names[2], owner, "SetupOwnerId") for owner in (user, profile, org)]
            return Piece(f"coalesce({', '.join(each.sql for each in levels)})", levels[0].kind)
        raise refused(f"The global variable {'.'.join(names)} is not supported by the pocket org")

    def _of_row(self, table: str, name: str, value: str, key: str = "Id") -> Piece:
        """A field of the one row of another object whose key is this."""
        target = self.schema.get(table)
        if target is None or target.field(key) is None:
            raise refused(f"Field {table}.{name} does not exist. Check spelling.")
        alias = f"g{self.depth + 1}"
        inner = replace(self, sobject=target, alias=alias, prior=None, depth=self.depth + 1).field([name])
        source = f'FROM "{target.name}" AS {alias} WHERE {alias}."{key}" = {value}'
        return Piece(f"(SELECT {inner.sql} {source})", inner.kind)

    def _parent(self, names: list[str]) -> Piece:
        reference = self.sobject.relationship(names[0])
        target = self.schema.get(reference.reference_to[0]) if reference and reference.reference_to else None
        if reference is None or target is None:
            raise refused(f"Field {'.'.join(names)} does not exist. Check spelling.")
        if self.depth >= _DEEPEST:
            raise refused(f"Formula is nested too deeply: {'.'.join(names)}")
        alias = f"p{self.depth + 1}"
        inner = replace(self, sobject=target, alias=alias, prior=None, depth=self.depth + 1).field(names[1:])
        source = f'FROM "{target.name}" AS {alias} WHERE {alias}."Id" = {self.alias}."{reference.name}"'
        return Piece(f"(SELECT {inner.sql} {source})", inner.kind)


#: the object behind a global variable, and how its one row is found
_GLOBALS = {
    "$user": ("User", "{user}"),
    "$profile": ("Profile", '(SELECT "ProfileId" FROM "User" WHERE "Id" = {user})'),
    "$userrole": ("UserRole", '(SELECT "UserRoleId" FROM "User" WHERE "Id" = {user})'),
    "$organization": ("Organization", '(SELECT "Id" FROM "Organization" LIMIT 1)'),
}
_ONLY_OPERATOR = {"either": "||", "both": "&&", "power": "^"}


def _constant(kind: str, token: str) -> Piece:
    if kind == "string":
        return Piece(text_literal(_unquoted(token)), "text")
    if math.isinf(float(token)):
        raise refused(f"Number is too large: {token[:20]}…")
    return Piece(repr(float(token)), "number")


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), token[1:-1], flags=re.DOTALL)
