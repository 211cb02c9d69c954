"""The operators and functions of formulas, each as SQL over the SQL of its arguments.

Source: Salesforce Help, "Formula Operators and Functions by Context" and the page of each function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sfsync.pocketorg.errors import ApiError


@dataclass(frozen=True, slots=True)
class Piece:
    """A value: kind is text, picklist, multipicklist, number, boolean, date, datetime or null.

    A chain of one family of operators is kept open as well, without its parentheses: SQLite's parser nests only some
    fifty of them, and a formula may well join a hundred pieces of text.
    """

    sql: str
    kind: str
    open: str = ""
    family: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    is_new: bool
    now: datetime
    user_id: str = ""  #: whom $User means


def refused(message: str) -> ApiError:
    return ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message)


def text_literal(value: str) -> str:
    """Text of an admin's formula as SQL. A NUL would end the statement, so it is not let in."""
    if "\0" in value:
        raise refused("Formula contains a character that is not allowed")
    return "'" + value.replace("'", "''") + "'"


_SECONDS = "CAST(strftime('%s', {0}) AS INTEGER)"
_STORED = "%Y-%m-%dT%H:%M:%S.000Z"


def _as(kind: str, piece: Piece, what: str) -> str:
    """The SQL of a value that must be of this kind."""
    if piece.kind in ("picklist", "multipicklist"):
        raise refused(f"{what} got a picklist field. Picklist fields are only supported in certain functions.")
    if piece.kind not in (kind, "null"):
        article = kind.capitalize()
        raise refused(f"Incorrect parameter type for {what}. Expected {article}, received {piece.kind.capitalize()}")
    return f"coalesce({piece.sql}, '')" if kind == "text" else piece.sql


def _truth(piece: Piece, what: str) -> str:
    return f"coalesce({_as('boolean', piece, what)}, 0)"


# -- operators ---------------------------------------------------------------------------------------------------------


def signed(sign: str, piece: Piece) -> Piece:
    if sign == "!":
        return Piece(f"(NOT {_truth(piece, 'operator !')})", "boolean")
    return Piece(f"({sign}{_as('number', piece, f'operator {sign}')})", "number")


def operate(left: Piece, operator: str, right: Piece) -> Piece:
    what = f"operator '{operator}'"
    if operator in ("&&", "||"):
        word = "AND" if operator == "&&" else "OR"
        return _chained(left, _truth(left, what), word, _truth(right, what), "boolean", operator)
    if operator in _COMPARISONS:
        return _compare(left, operator, right)
    if operator == "&" or (operator == "+" and "text" in (left.kind, right.kind)):
        return _chained(left, _as("text", left, what), "||", _as("text", right, what), "text", "&")
    if operator in "+-" and {left.kind, right.kind} & {"date", "datetime"}:
        return _days(left, operator, right)
    return _reckon(left, operator, right)


def _reckon(left: Piece, operator: str, right: Piece) -> Piece:
    first, second = (_as("number", each, f"operator '{operator}'") for each in (left, right))
    if operator == "^":
        return Piece(f"formula_power({first}, {second})", "number")
    if operator in "+-":
        return _chained(left, first, operator, second, "number", "+")
    # SQLite would divide whole numbers as such; formulas know only one kind of number.
    return _chained(left, first, "* 1.0 /" if operator == "/" else operator, second, "number", "*")


def _chained(left: Piece, left_sql: str, word: str, right_sql: str, kind: str, family: str) -> Piece:  # noqa: PLR0917
    first = left.open if left.family == family else left_sql
    chain = f"{first} {word} {right_sql}"
    return Piece(f"({chain})", kind, chain, family)


_COMPARISONS = {"=": "IS", "==": "IS", "!=": "IS NOT", "<>": "IS NOT", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


def _compare(left: Piece, operator: str, right: Piece) -> Piece:
    """Blank text is the empty text; what has no value equals only what has none."""
    if "null" not in (left.kind, right.kind) and left.kind != right.kind:
        picklists = {"picklist", "multipicklist"} & {left.kind, right.kind}
        _as("text" if picklists else left.kind, left if picklists & {left.kind} else right, f"operator '{operator}'")
    kind = left.kind if left.kind != "null" else right.kind
    first, second = (_as(kind, each, f"operator '{operator}'") for each in (left, right))
    return Piece(f"({first} {_COMPARISONS[operator]} {second})", "boolean")


def _days(left: Piece, operator: str, right: Piece) -> Piece:
    """Dates move by days and differ in days; instants too, in fractions of them."""
    kinds = (left.kind, right.kind)
    if operator == "-" and kinds in (("date", "date"), ("datetime", "datetime")):
        difference = f"({_SECONDS.format(left.sql)} - {_SECONDS.format(right.sql)}) / 86400.0"
        return Piece(f"({difference})", "number")
    if operator == "+" and left.kind in ("number", "null"):
        left, right = right, left
    days = f"({operator}({_as('number', right, f'operator {operator}')}))"
    if left.kind == "date":
        return Piece(f"date({left.sql}, CAST({days} AS INTEGER) || ' days')", "date")
    return Piece(f"strftime('{_STORED}', {left.sql}, round({days} * 86400) || ' seconds')", "datetime")


# -- functions ---------------------------------------------------------------------------------------------------------

Write = Callable[[Sequence[Piece]], Piece]


def call(name: str, arguments: Sequence[Piece], circumstances: Circumstances) -> Piece:
    if name in _OF_THE_MOMENT:
        _expect(name, arguments, 0, 0)
        return _OF_THE_MOMENT[name](circumstances)
    if name not in _FUNCTIONS:
        raise refused(f"Unknown function {name}. Check spelling.")
    low, high, write = _FUNCTIONS[name]
    _expect(name, arguments, low, high)
    return write(arguments)


def _expect(name: str, arguments: Sequence[Piece], low: int, high: int | None) -> None:
    if len(arguments) < low or (high is not None and len(arguments) > high):
        wanted = str(low) if low == high else f"{low} or more"
        message = (
            f"Incorrect number of parameters for function '{name}()'. Expected {wanted}, received {len(arguments)}"
        )
        raise refused(message)


_OF_THE_MOMENT: dict[str, Callable[[Circumstances], Piece]] = {
    "TODAY": lambda at: Piece(f"'{at.now.date().isoformat()}'", "date"),
    "NOW": lambda at: Piece(f"'{_utc(at.now):%Y-%m-%dT%H:%M:%S}.000Z'", "datetime"),
    "ISCLONE": lambda _: Piece("0", "boolean"),  # a record that the API makes is none
    "ISNEW": lambda at: Piece(str(int(at.is_new)), "boolean"),
}


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment


def _template(kind: str, template: str, *takes: str) -> tuple[int, int, Write]:
    """A function that is one SQL expression over arguments of fixed kinds."""

    def write(arguments: Sequence[Piece]) -> Piece:
        values = [_as(take, each, "function") for take, each in zip(takes, arguments, strict=True)]
        return Piece(template.format(*values), kind)

    return len(takes), len(takes), write


def _fold(word: str) -> Write:
    return lambda parts: Piece(f"({f' {word} '.join(_truth(p, f'function {word}()') for p in parts)})", "boolean")


def _blank(piece: Piece) -> str:
    return f"({piece.sql} IS NULL OR {piece.sql} = '')"


def _common(*pieces: Piece) -> str:
    """The kind that several alternatives share."""
    kinds = {"text" if p.kind == "picklist" else p.kind for p in pieces} - {"null"}
    if len(kinds) > 1:
        raise refused(f"Incorrect parameter type: {' and '.join(sorted(kinds))} can not stand for one another")
    return kinds.pop() if kinds else "null"


def _if(parts: Sequence[Piece]) -> Piece:
    test, then, otherwise = parts
    sql = f"CASE WHEN {_truth(test, 'function IF()')} THEN {then.sql} ELSE {otherwise.sql} END"
    return Piece(sql, _common(then, otherwise))


def _case(parts: Sequence[Piece]) -> Piece:
    if len(parts) % 2:
        raise refused(
            "Incorrect number of parameters for function 'CASE()': every value needs a result, and then a default"
        )
    subject, *pairs, otherwise = parts
    whens = zip(pairs[::2], pairs[1::2], strict=True)
    kind = _common(subject, *pairs[::2])
    text = "coalesce({0}, '')" if kind == "text" else "{0}"
    cases = " ".join(f"WHEN {text.format(subject.sql)} IS {text.format(w.sql)} THEN {t.sql}" for w, t in whens)
    return Piece(f"CASE {cases} ELSE {otherwise.sql} END", _common(*pairs[1::2], otherwise))


def _blank_value(parts: Sequence[Piece]) -> Piece:
    value, substitute = parts
    sql = f"CASE WHEN {_blank(value)} THEN {substitute.sql} ELSE {value.sql} END"
    return Piece(f"({sql})", _common(value, substitute))


def _null_value(parts: Sequence[Piece]) -> Piece:
    """Text is never null, only blank."""
    value, substitute = parts
    kind = _common(value, substitute)
    return Piece(value.sql if kind == "text" else f"coalesce({value.sql}, {substitute.sql})", kind)


def _text(parts: Sequence[Piece]) -> Piece:
    (value,) = parts
    if value.kind == "number":
        return Piece(f"formula_text({value.sql})", "text")
    if value.kind == "datetime":
        return Piece(f"replace(substr({value.sql}, 1, 19), 'T', ' ') || 'Z'", "text")
    if value.kind in ("text", "boolean", "multipicklist"):
        raise refused(f"Incorrect parameter type for function 'TEXT()'. Received {value.kind.capitalize()}")
    return Piece(value.sql, "text")


def _date_value(parts: Sequence[Piece]) -> Piece:
    (value,) = parts
    if value.kind not in ("datetime", "date", "text"):
        raise refused(f"Incorrect parameter type for function 'DATEVALUE()'. Received {value.kind.capitalize()}")
    return Piece(f"date(substr({value.sql}, 1, 10))", "date")


def _extreme(word: str) -> Write:
    def write(parts: Sequence[Piece]) -> Piece:
        values = [_as("number", part, f"function {word}()") for part in parts]
        return Piece(f"{word}({', '.join(values)})" if len(values) > 1 else values[0], "number")

    return write


def _find(parts: Sequence[Piece]) -> Piece:
    """Where a text begins within another, from 1; 0 where it does not."""
    needle, text = (_as("text", part, "function FIND()") for part in parts[:2])
    if len(parts) == 2:  # noqa: PLR2004
        return Piece(f"instr({text}, {needle})", "number")
    start = f"CAST({_as('number', parts[2], 'function FIND()')} AS INTEGER)"
    within = f"instr(substr({text}, {start}), {needle})"
    return Piece(f"(CASE {within} WHEN 0 THEN 0 ELSE {within} + {start} - 1 END)", "number")


def _pad(joined: str) -> Write:
    """LPAD and RPAD: up to a length, with blanks or with what is given; what is longer is cut."""

    def write(parts: Sequence[Piece]) -> Piece:
        text, length = _as("text", parts[0], "function"), f"CAST({_as('number', parts[1], 'function')} AS INTEGER)"
        filler = _as("text", parts[2], "function") if len(parts) > 2 else "' '"  # noqa: PLR2004
        missing = f"formula_fill({filler}, {length} - length({text}))"
        return Piece(
            f"(CASE WHEN length({text}) >= {length} THEN substr({text}, 1, {length}) "
            f"ELSE {joined.format(text, missing)} END)",
            "text",
        )

    return write


def _add_months(parts: Sequence[Piece]) -> Piece:
    moment, months = parts
    if moment.kind not in ("date", "datetime"):
        raise refused(f"Incorrect parameter type for function 'ADDMONTHS()'. Received {moment.kind.capitalize()}")
    return Piece(f"formula_addmonths({moment.sql}, {_as('number', months, 'function ADDMONTHS()')})", moment.kind)


def _is_pick_value(parts: Sequence[Piece]) -> Piece:
    field, value = parts
    if field.kind != "picklist":
        raise refused("Incorrect parameter type for function 'ISPICKVAL()'. Expected Picklist")
    return Piece(f"(coalesce({field.sql}, '') = {_as('text', value, 'function ISPICKVAL()')})", "boolean")


def _includes(parts: Sequence[Piece]) -> Piece:
    field, value = parts
    if field.kind != "multipicklist":
        raise refused("Incorrect parameter type for function 'INCLUDES()'. Expected Multipicklist")
    wanted = f"';' || {_as('text', value, 'function INCLUDES()')} || ';'"
    return Piece(f"(coalesce(instr(';' || {field.sql} || ';', {wanted}), 0) > 0)", "boolean")


_WHOLE = "CAST({0} AS INTEGER)"
#: name: fewest and most arguments (None: any number), and how to write it
_FUNCTIONS: dict[str, tuple[int, int | None, Write]] = {
    "AND": (1, None, _fold("AND")),
    "OR": (1, None, _fold("OR")),
    "NOT": (1, 1, lambda parts: signed("!", parts[0])),
    "IF": (3, 3, _if),
    "CASE": (4, None, _case),
    "ISBLANK": (1, 1, lambda parts: Piece(_blank(parts[0]), "boolean")),
    "ISNULL": (1, 1, lambda p: Piece("0" if p[0].kind == "text" else f"({p[0].sql} IS NULL)", "boolean")),
    "BLANKVALUE": (2, 2, _blank_value),
    "NULLVALUE": (2, 2, _null_value),
    "ISPICKVAL": (2, 2, _is_pick_value),
    "INCLUDES": (2, 2, _includes),
    "TEXT": (1, 1, _text),
    "VALUE": _template("number", "CAST(nullif(trim({0}), '') AS REAL)", "text"),
    "ISNUMBER": _template("boolean", r"formula_regex({0}, '\s*[-+]?(\d+\.?\d*|\.\d+)\s*')", "text"),
    "LEN": _template("number", "length({0})", "text"),
    "LEFT": _template("text", "substr({0}, 1, max(CAST({1} AS INTEGER), 0))", "text", "number"),
    "RIGHT": _template("text", "formula_right({0}, {1})", "text", "number"),
    "MID": _template(
        "text", "substr({0}, max(CAST({1} AS INTEGER), 1), max(CAST({2} AS INTEGER), 0))", "text", "number", "number"
    ),
    "TRIM": _template("text", "trim({0})", "text"),
    "UPPER": _template("text", "formula_upper({0})", "text"),
    "LOWER": _template("text", "formula_lower({0})", "text"),
    "CONTAINS": _template("boolean", "(instr({0}, {1}) > 0)", "text", "text"),
    "BEGINS": _template("boolean", "(substr({0}, 1, length({1})) = {1})", "text", "text"),
    "SUBSTITUTE": _template("text", "replace({0}, {1}, {2})", "text", "text", "text"),
    "FIND": (2, 3, _find),
    "BR": (0, 0, lambda _parts: Piece("char(10)", "text")),
    "REGEX": _template("boolean", "formula_regex({0}, {1})", "text", "text"),
    "ABS": _template("number", "abs({0})", "number"),
    "ROUND": _template("number", "formula_round({0}, {1})", "number", "number"),
    "CEILING": _template("number", "formula_ceiling({0})", "number"),
    "FLOOR": _template("number", f"({_WHOLE})", "number"),
    "MOD": _template("number", "formula_mod({0}, {1})", "number", "number"),
    "SQRT": _template("number", "formula_power({0}, 0.5)", "number"),
    "MIN": (1, None, _extreme("min")),
    "MAX": (1, None, _extreme("max")),
    "DATE": _template("date", "date(printf('%04d-%02d-%02d', {0}, {1}, {2}))", "number", "number", "number"),
    "DATEVALUE": (1, 1, _date_value),
    "DATETIMEVALUE": _template("datetime", f"strftime('{_STORED}', nullif({{0}}, ''))", "text"),
    "YEAR": _template("number", "CAST(strftime('%Y', {0}) AS INTEGER)", "date"),
    "MONTH": _template("number", "CAST(strftime('%m', {0}) AS INTEGER)", "date"),
    "DAY": _template("number", "CAST(strftime('%d', {0}) AS INTEGER)", "date"),
    "WEEKDAY": _template("number", "CAST(strftime('%w', {0}) AS INTEGER) + 1", "date"),
    "ADDMONTHS": (2, 2, _add_months),
    "DAYOFYEAR": _template("number", "CAST(strftime('%j', {0}) AS INTEGER)", "date"),
    "UNIXTIMESTAMP": _template("number", f"{_SECONDS}", "datetime"),
    "FROMUNIXTIME": _template("datetime", f"strftime('{_STORED}', {{0}}, 'unixepoch')", "number"),
    "TRUNC": _template("number", "formula_trunc({0}, {1})", "number", "number"),
    "MCEILING": _template("number", f"({_WHOLE} + ({{0}} > {_WHOLE}))", "number"),
    "MFLOOR": _template("number", f"({_WHOLE} - ({{0}} < {_WHOLE}))", "number"),
    "EXP": _template("number", "formula_power(2.718281828459045, {0})", "number"),
    "LN": _template("number", "formula_log({0})", "number"),
    "LOG": _template("number", "formula_log({0}) / 2.302585092994046", "number"),
    "LPAD": (2, 3, _pad("{1} || {0}")),
    "RPAD": (2, 3, _pad("{0} || {1}")),
    "CASESAFEID": _template("text", "formula_fullid({0})", "text"),
}
