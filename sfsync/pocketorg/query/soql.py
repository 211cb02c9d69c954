"""SOQL: text to a tree of frozen nodes. What the words mean for an org's data is for the rooms above.

Source for the language: "SOQL and SOSL Reference". What is not spoken is refused, naming it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path as File

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, v_args

from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query.soqltree import (
    Both,
    Call,
    Comparison,
    Condition,
    Either,
    Expression,
    Item,
    Literal,
    Not,
    Ordering,
    Path,
    Place,
    Query,
    SemiJoin,
    Source,
)
from sfsync.pocketorg.query.sqlfunctions import register

__all__ = [
    "Both",
    "Call",
    "Comparison",
    "Condition",
    "Either",
    "Expression",
    "Item",
    "Literal",
    "Not",
    "Ordering",
    "Path",
    "Place",
    "Query",
    "SemiJoin",
    "Source",
    "malformed",
    "parse",
    "pointed",
    "refused",
    "register",
    "too_complicated",
    "well_formed",
]

LONGEST_QUERY = 100_000  #: characters; App Limits Cheat Sheet, "SOQL and SOSL Limits"
LONGEST_STRING = 4_000  #: characters of a string in WHERE; same page

#: How much of the query stands on either side of the pointer.
_SNIPPET = 42


def parse(text: str) -> Query:
    """Read a whole query. Raises ApiError MALFORMED_QUERY in Salesforce's words."""
    if len(text) > LONGEST_QUERY:
        raise ApiError(400, "MALFORMED_QUERY", f"SOQL statements cannot be longer than {LONGEST_QUERY} characters.")
    return _parse(text)


@lru_cache(maxsize=128)
def _parse(text: str) -> Query:
    """A poller sends the same query over and over, and the tree is frozen."""
    try:
        return _parser().parse(text)  # type: ignore[return-value]  # lark cannot know what our transformer returns
    except UnexpectedInput as problem:
        raise _unexpected(text, problem) from None
    except _Malformed as problem:
        raise pointed(text, problem.at, problem.message) from None


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(
        File(__file__).with_suffix(".lark").read_text(encoding="utf-8"),
        parser="lalr",
        maybe_placeholders=True,
        transformer=_Reader(),
        lexer_callbacks={"NAME": _no_typeof},
    )


class _Malformed(Exception):
    def __init__(self, at: Place, message: str) -> None:
        super().__init__(message)
        self.at = at
        self.message = message


def malformed(message: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", message)


def too_complicated() -> ApiError:
    """Source: SOAP API Developer Guide, ExceptionCode QUERY_TOO_COMPLICATED."""
    message = "Query is either selecting too many fields or the filter conditions are too complicated."
    return ApiError(400, "QUERY_TOO_COMPLICATED", message)


def refused(what: str) -> ApiError:
    """What real orgs speak and this one does not: said loudly, so that nobody takes silence for an answer."""
    return malformed(f"{what} is not supported by the pocket org")


def pointed(text: str, at: Place, message: str, code: str = "MALFORMED_QUERY") -> ApiError:
    """An error with the piece of the query around `at` and a caret below it, as the recorded ones have it."""
    line_start = at.offset - (at.column - 1)
    line = text[line_start:].split("\n", 1)[0].rstrip("\r")
    here = at.column - 1
    start = 0 if here <= _SNIPPET else _word_start(line, here - _SNIPPET, here)
    end = len(line) if len(line) - here <= _SNIPPET else _word_end(line, here, here + _SNIPPET)
    picture = f"\n{line[start:end]}\n{' ' * (here - start)}^\n"
    return ApiError(400, code, f"{picture}ERROR at Row:{at.row}:Column:{at.column}\n{message}")


def _word_start(line: str, low: int, here: int) -> int:
    gap = re.compile(r"[\s,]").search(line, low, here)
    start = gap.end() if gap else low
    while start < here and line[start].isspace():
        start += 1
    return start


def _word_end(line: str, here: int, high: int) -> int:
    cut = max(line.rfind(" ", here, high), line.rfind(",", here, high))
    return len(line[: cut if cut > here else high].rstrip(" ,"))


def _unexpected(text: str, problem: UnexpectedInput) -> ApiError:
    if isinstance(problem, UnexpectedToken) and problem.token.type != "$END":
        return _unexpected_word(text, _place(problem.token), str(problem.token))
    if isinstance(problem, UnexpectedToken | UnexpectedEOF):
        return malformed("unexpected token: '<EOF>'")
    at = Place(problem.pos_in_stream or 0, problem.line, problem.column)
    word = re.compile(r"\w+").match(text, at.offset)
    if word:
        return _unexpected_word(text, at, word[0])
    assert isinstance(problem, UnexpectedCharacters)
    return pointed(text, at, f"line {at.row}:{at.column} no viable alternative at character '{text[at.offset]}'")


def _unexpected_word(text: str, at: Place, word: str) -> ApiError:
    if not text[: at.offset].strip():
        return malformed(f"unexpected token: {word}")
    return pointed(text, at, f"unexpected token: '{word}'")


def _no_typeof(token: Token) -> Token:
    if token.lower() == "typeof":
        raise refused("TYPEOF")
    return token


def _place(token: Token) -> Place:
    return Place(token.start_pos or 0, token.line or 1, token.column or 1)


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}


def _unescape(token: Token) -> str:
    """Source: SOQL and SOSL Reference, "Quoted String Escape Sequences"."""

    def one(match: re.Match[str]) -> str:
        code, char = match["code"], match["char"]
        if code:
            return chr(int(code, 16))
        if char.lower() in _ESCAPES:
            return _ESCAPES[char.lower()]
        raise _Malformed(
            _place(token), f"Invalid string literal {token}. Illegal character sequence '\\{char}' in string literal."
        )

    return well_formed(re.sub(r"\\(?:u(?P<code>[0-9a-fA-F]{4})|(?P<char>.))", one, token[1:-1], flags=re.DOTALL))


def well_formed(text: str) -> str:
    """Join surrogate pairs, which is how escapes write an emoji, and replace one that stands alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@v_args(inline=True)
class _Reader(Transformer[Token, Query]):
    """Builds the nodes while the parser runs, so that no tree of tokens is ever made."""

    def start(self, query: Query) -> Query:
        return query

    def query(  # noqa: PLR0917 -- lark hands over one argument a clause
        self,
        select: tuple[Item | Query, ...],
        source: Source,
        scope: str,
        where: Condition | None,
        mode: str,
        group: tuple[tuple[Expression, ...], Condition | None],
        order: tuple[Ordering, ...],
        limit: int | None,
        offset: int | None,
        intent: tuple[str, ...],
        all_rows: bool,
    ) -> Query:
        return Query(select, source, scope, where, mode, *group, order, limit, offset, intent, all_rows)

    def select(self, *items: Item | Query) -> tuple[Item | Query, ...]:
        return items

    def item(self, expression: Expression, alias: Token | None) -> Item:
        return Item(expression, str(alias or ""))

    def child(self, query: Query) -> Query:
        return query

    def path(self, *names: Token) -> Path:
        return Path(tuple(map(str, names)), _place(names[0]))

    def call(self, name: Token, arguments: tuple[Path | Call | Literal, ...] | None) -> Call:
        return Call(name.upper(), arguments or (), _place(name))

    def arguments(self, *arguments: Path | Call | Literal) -> tuple[Path | Call | Literal, ...]:
        return arguments

    def source(self, path: Path, alias: Token | None) -> Source:
        return Source(path, str(alias or ""))

    def scope(self, _scope: Token | None, name: Token | None) -> str:
        return str(name or "")

    def where(self, condition: Condition | None) -> Condition | None:
        return condition

    having = where

    def conjunction(self, *parts: Condition) -> Both:
        return Both(parts)

    def disjunction(self, *parts: Condition) -> Either:
        return Either(parts)

    def negation(self, part: Condition) -> Not:
        return Not(part)

    def comparison(self, left: Expression, operator: Token, right: Literal) -> Comparison:
        return Comparison(left, "!=" if operator == "<>" else operator.upper(), right)

    def membership(self, left: Expression, operator: Token, right: tuple[Literal, ...] | SemiJoin) -> Comparison:
        return Comparison(left, operator.upper(), right)

    def exclusion(self, left: Expression, _in: Token, right: tuple[Literal, ...] | SemiJoin) -> Comparison:
        return Comparison(left, "NOT IN", right)

    def list(self, *values: Literal) -> tuple[Literal, ...]:
        return values

    def ids(self, token: Token) -> tuple[Literal, ...]:
        def place(behind: int) -> Place:
            return Place(start.offset + behind, start.row, start.column + behind)

        start = _place(token)
        found = re.finditer(r"'(\w+)'", token)
        return tuple(Literal("string", each[1], each[0], place(each.start())) for each in found)

    def semi_join(self, item: Item, source: Source, where: Condition | None) -> SemiJoin:
        return SemiJoin(item, source, where)

    def string(self, token: Token) -> Literal:
        value = _unescape(token)
        if len(value) > LONGEST_STRING:
            raise _Malformed(_place(token), f"String literals cannot be longer than {LONGEST_STRING} characters.")
        return Literal("string", value, str(token), _place(token))

    def number(self, token: Token) -> Literal:
        return Literal("number", float(token), str(token), _place(token))

    def currency(self, token: Token) -> Literal:
        return Literal("currency", float(token[3:]), str(token), _place(token))

    def date(self, token: Token) -> Literal:
        return Literal("date", str(token), str(token), _place(token))

    def datetime(self, token: Token) -> Literal:
        # A + that was not encoded in the URL arrives as a blank, and Salesforce stumbles there too.
        if not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", token, re.IGNORECASE):
            at = Place((token.start_pos or 0) + len(token), token.line or 1, (token.column or 1) + len(token))
            raise _Malformed(at, f"line {at.row}:{at.column} no viable alternative at character ' '")
        return Literal("datetime", str(token), str(token), _place(token))

    def word(self, name: Token, count: Token | None) -> Literal:
        lower = name.lower()
        if lower in ("true", "false") and count is None:
            return Literal("boolean", lower == "true", str(name), _place(name))
        if lower == "null" and count is None:
            return Literal("null", None, str(name), _place(name))
        raw = name.upper() if count is None else f"{name.upper()}:{count}"
        return Literal("range", raw, raw, _place(name))

    def group(self, *parts: Expression | Condition | None) -> tuple[tuple[Expression, ...], Condition | None]:
        *expressions, having = parts or (None,)
        return tuple(e for e in expressions if isinstance(e, Path | Call)), _condition(having)

    def order(self, *orderings: Ordering) -> tuple[Ordering, ...]:
        return orderings

    def ordering(self, expression: Expression, direction: Token | None, place: Token | None) -> Ordering:
        return Ordering(expression, (direction or "").lower() == "desc", (place or "").lower() == "last")

    def limit(self, count: Token | None) -> int | None:
        return None if count is None else int(count)

    offset = limit

    def intent(self, *names: Token) -> tuple[str, ...]:
        return tuple(name.upper() for name in names)

    def all_rows(self, words: Token | None) -> bool:
        return words is not None

    def mode(self, mode: Token | None) -> str:
        return (mode or "").upper()


def _condition(value: Expression | Condition | None) -> Condition | None:
    return value if isinstance(value, Comparison | Both | Either | Not) else None
