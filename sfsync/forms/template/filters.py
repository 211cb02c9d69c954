"""The filters that a template may use: Jinja's harmless ones, ours for money and dates, nothing else.

Ours know the form's currency, locale and time zone. An undefined value stays Jinja's own error, so that its message
names the template's line.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from jinja2 import pass_context, pass_environment
from jinja2.environment import Environment
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.runtime import Context, Undefined
from jinja2.tests import TESTS
from markupsafe import escape

from sfsync.forms.money import Formatter, rounded
from sfsync.forms.template import bounds
from sfsync.forms.text.bidi import unmarked

#: under this name a context carries its Formatter; no template can spell it
FORMATTER = "format of values"
#: under this one its words in another language than the template's
WORDS = "words of a language"
#: and under this one which amounts were printed: text -> amount, currency
AMOUNTS = "amounts as printed"
#: what "next line" is once data stands in markup, where a plain newline is only space between words
LINE = "\u2028"

#: Jinja's own filters that are repeatable, need no method of ours and cannot be mistaken
_JINJAS = (
    "abs", "capitalize", "default", "int", "length", "list", "lower", "map", "reject", "rejectattr", "reverse",
    "select", "selectattr", "title", "trim", "truncate", "upper",
)  # fmt: skip
_JINJAS_TESTS = (
    "defined", "divisibleby", "even", "false", "in", "none", "number", "odd", "string", "true", "undefined",
)  # fmt: skip


class Group(NamedTuple):
    """Lines that have a value in common: `group.grouper` and `group.list`."""

    grouper: Any
    list: Sequence[Any]


def all_filters() -> dict[str, Callable[..., Any]]:
    ours: dict[str, Callable[..., Any]] = {
        "date": _date, "datetime": _datetime, "first": _first, "groupby": _groupby,
        "join": _join, "last": _last, "max": _max,
        "min": _min, "money": _money, "number": _number, "percent": _percent, "quantity": _number, "replace": _replace,
        "round": _round,
        "sort": _sort, "sum": _sum, "time": _time, "unique": _unique,
    }  # fmt: skip
    jinjas: dict[str, Any] = FILTERS
    return {name: jinjas[name] for name in _JINJAS} | ours


def all_tests() -> dict[str, Callable[..., Any]]:
    compare = {
        ("eq", "==", "equalto"): lambda a, b: a == b,
        ("ne", "!="): lambda a, b: a != b,
        ("gt", ">", "greaterthan"): lambda a, b: _both(a, b) and a > b,
        ("ge", ">="): lambda a, b: _both(a, b) and a >= b,
        ("lt", "<", "lessthan"): lambda a, b: _both(a, b) and a < b,
        ("le", "<="): lambda a, b: _both(a, b) and a <= b,
    }
    ours: dict[str, Callable[..., Any]] = {}
    for names, test in compare.items():
        ours |= dict.fromkeys(names, _comparable(test))
    jinjas: dict[str, Any] = TESTS
    return {name: jinjas[name] for name in _JINJAS_TESTS} | ours


def shown(value: Any, form: Formatter, words: Mapping[str, str] = MappingProxyType({})) -> str:
    """How a value reads that no filter formats: nothing for None, and never Python's spelling."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        word = "Yes" if value else "No"
        return words.get(word, word)
    if isinstance(value, int | Decimal):
        return form.number(value)
    if isinstance(value, date):
        return form.datetime(value) if isinstance(value, datetime) else form.date(value)
    if isinstance(value, Mapping | list | tuple):
        raise TypeError("a list or record has no text of its own; name one of its fields, or use join")
    return str(value)


def decimal(value: Any) -> Any:
    """Numbers in a template are Decimals like the org's: 0.19 means 0.19."""
    return Decimal(str(value)) if isinstance(value, float) else value


def _defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # StrictUndefined raises, and its message names what is undefined
    return value


def _amount(value: Any, what: str) -> Decimal | int | None:
    if _defined(value) is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(f"{what} needs a number, and this is {value!r}.")
    return decimal(value)  # type: ignore[no-any-return]


def _form(context: Context) -> Formatter:
    return context[FORMATTER]  # type: ignore[no-any-return]


@pass_context
def _money(context: Context, value: Any, currency: str | None = None) -> str:
    amount = _amount(value, "money")
    if amount is None:
        return ""
    form = _form(context)
    text = form.money(amount, currency)
    if (noted := context.get(AMOUNTS)) is not None:
        noted[unmarked(text)] = rounded(Decimal(amount)), currency or form.currency
    return text


@pass_context
def _number(context: Context, value: Any) -> str:
    amount = _amount(value, "number")
    return "" if amount is None else _form(context).number(amount)


@pass_context
def _percent(context: Context, value: Any) -> str:
    amount = _amount(value, "percent")
    return "" if amount is None else _form(context).percent(amount)


@pass_context
def _date(context: Context, value: Any, style: str = "medium") -> str:
    return "" if _moment(value, date, "date") is None else _form(context).date(value, style)


@pass_context
def _time(context: Context, value: Any, style: str = "short") -> str:
    return "" if _moment(value, datetime, "time") is None else _form(context).time(value, style)


@pass_context
def _datetime(context: Context, value: Any, style: str = "medium") -> str:
    return "" if _moment(value, datetime, "datetime") is None else _form(context).datetime(value, style)


def _moment(value: Any, kind: type[date], what: str) -> Any:
    if _defined(value) is None or value == "":
        return None
    if not isinstance(value, kind):
        raise TypeError(f"{what} needs a {kind.__name__}, and this is {value!r}.")
    return value


@pass_context
def together(context: Context, values: Iterable[Any]) -> str:
    """`a ~ b`: each as it is printed by itself."""
    return _joined(context, values, "")


@pass_context
def _join(context: Context, values: Iterable[Any], between: str = "", attribute: str | None = None) -> str:
    return _joined(context, _picked(context.environment, values, attribute), between)


def _joined(context: Context, values: Iterable[Any], between: str) -> str:
    """Texts that were escaped before stay escaped once."""
    parts = [shown(_defined(value), _form(context)) for value in bounds.listed(values)]
    if sum(map(len, parts)) + len(between) * len(parts) > bounds.LARGEST_TEXT:
        raise bounds.TooMuch(f"a text has more than {bounds.LARGEST_TEXT:,} characters")
    escaped = any(hasattr(part, "__html__") for part in parts)
    return (escape(between) if escaped else between).join(parts)


def _replace(value: Any, old: str, new: str) -> str:
    found = "" if _defined(value) is None else value if isinstance(value, str) else str(value)
    if not old:
        raise TypeError("replace needs the text to be replaced")
    if len(found) + found.count(old) * len(new) > bounds.LARGEST_TEXT:
        raise bounds.TooMuch(f"a text has more than {bounds.LARGEST_TEXT:,} characters")
    return found.replace(old, new)


def _round(value: Any, digits: int = 0) -> Decimal | None:
    """Half up, as people round."""
    amount = _amount(value, "round")
    return None if amount is None else Decimal(amount).quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")


def _first(values: Iterable[Any]) -> Any:
    """None for an empty list: `(roles | first).Contact.Name` then prints nothing, and `needs` can ask for it."""
    return next(iter(_defined(values)), None)


def _last(values: Iterable[Any]) -> Any:
    return next(iter(reversed(list(_defined(values)))), None)


@pass_environment
def _sum(env: Environment, values: Iterable[Any], attribute: str | None = None, start: Any = 0) -> Any:
    """Exact, and an empty field counts nothing."""
    return sum((decimal(v) for v in _picked(env, values, attribute) if v is not None), decimal(start))


@pass_environment
def _min(env: Environment, values: Iterable[Any], attribute: str | None = None) -> Any:
    return _extreme(env, values, attribute, min)


@pass_environment
def _max(env: Environment, values: Iterable[Any], attribute: str | None = None) -> Any:
    return _extreme(env, values, attribute, max)


def _extreme(env: Environment, values: Iterable[Any], attribute: str | None, which: Callable[..., Any]) -> Any:
    get = _getter(env, attribute)
    return which((v for v in _defined(values) if get(v) is not None), key=get, default=None)


@pass_environment
def _sort(
    env: Environment,
    values: Iterable[Any],
    reverse: bool = False,
    case_sensitive: bool = False,
    attribute: str | None = None,
) -> list[Any]:
    """By one attribute or several ("Product2.Family,SortOrder"); empty values come last."""
    found = list(_defined(values))
    for name in reversed((attribute or "").split(",")):
        get = _getter(env, name.strip())
        empty = [v for v in found if get(v) is None]
        full = [v for v in found if get(v) is not None]
        found = sorted(full, key=lambda v: _sortable(get(v), case_sensitive), reverse=reverse) + empty
    return found


def _sortable(value: Any, case_sensitive: bool) -> Any:
    return value.lower() if isinstance(value, str) and not case_sensitive else value


@pass_environment
def _unique(
    env: Environment, values: Iterable[Any], case_sensitive: bool = False, attribute: str | None = None
) -> list[Any]:
    get = _getter(env, attribute)
    firsts: dict[Any, Any] = {}
    for value in _defined(values):
        firsts.setdefault(_sortable(get(value), case_sensitive), value)
    return list(firsts.values())


@pass_environment
def _groupby(env: Environment, values: Iterable[Any], attribute: str, default: Any = None) -> list[Group]:
    """Groups in the order in which they first appear, so that the rep's order of lines decides; None is a group too."""
    get = _getter(env, attribute)
    groups: dict[Any, list[Any]] = {}
    for value in _defined(values):
        key = get(value)
        groups.setdefault(default if key is None else key, []).append(value)
    return [Group(key, tuple(members)) for key, members in groups.items()]


def _getter(env: Environment, attribute: str | None) -> Callable[[Any], Any]:
    if not attribute:
        return _defined
    get = make_attrgetter(env, attribute)
    return lambda value: _defined(get(value))


def _picked(env: Environment, values: Iterable[Any], attribute: str | None) -> Iterable[Any]:
    return map(_getter(env, attribute), _defined(values))


def _both(left: Any, right: Any) -> bool:
    """An empty field is neither more nor less than anything."""
    return left is not None and right is not None


def _comparable(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A day may be compared with "2026-12-31", and a number with 0.5."""

    def compare(left: Any, right: Any) -> bool:
        left, right = decimal(_defined(left)), decimal(_defined(right))
        if isinstance(right, str) and isinstance(left, date):
            return test(*_days(left, right))
        if isinstance(left, str) and isinstance(right, date):
            return test(*reversed(_days(right, left)))
        return test(left, right)

    return compare


def _days(moment: date, text: str) -> tuple[date, date]:
    if isinstance(moment, datetime):
        other = datetime.fromisoformat(text)
        return moment, other if other.tzinfo else other.replace(tzinfo=moment.tzinfo)
    return moment, date.fromisoformat(text)
