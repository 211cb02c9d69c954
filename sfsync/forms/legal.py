"""Legal's own PDF as a template: its fields are filled from the Opportunity, with our text, and flattened.

Never a cut: what has no place on the form is named, and the form is not made.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from sfsync.errors import SetupError, SetupErrors, did_you_mean
from sfsync.forms.fitting import Misfit, cells, frame, too_narrow
from sfsync.forms.page import signing
from sfsync.forms.page.output import Side
from sfsync.forms.page.rows import Box, Cell, Row
from sfsync.forms.pdf.acrofields import Field, Kind, Widget
from sfsync.forms.pdf.foreign import Matrix, PdfFile
from sfsync.forms.template.environment import printable
from sfsync.forms.template.filters import FORMATTER, shown
from sfsync.forms.template.template import Expression, FieldPath
from sfsync.forms.text.fonts import Family, clean
from sfsync.records import OrderForm
from sfsync.said import Gaps, Said, say

_OFF = "Off"
_NUMBER = "{n}"
_DIGITS = re.compile(r"\d+")
_LINES = "OpportunityLineItems"


@dataclass(frozen=True)
class Filling:
    """A field with what goes into it; `line` counts the products from 1, and is 0 for the whole deal."""

    field: Field
    expression: Expression
    line: int


@dataclass(frozen=True)
class PdfForm:
    """A fillable PDF with what goes into its fields, in memory."""

    #: as messages show it: templates/legal.pdf
    name: str
    file: PdfFile
    fillings: tuple[Filling, ...]
    #: how many products it has room for; None where it lists none
    room: int | None
    #: its words are Legal's own, in a language that it does not say, and in no other
    language: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, content: bytes, name: str, fill: Mapping[str, str], where: Callable[[str], str]) -> "PdfForm":
        """`fill` is field -> expression, `where` tells a field's place in the settings.

        Raises SetupError, or SetupErrors with every field that is not filled or not there.
        """
        from sfsync.forms.pdf import acroform  # noqa: PLC0415 (brings pypdf along, of which rendering has no need)

        file, fields = acroform.read(content, name)
        mapping = _Mapping(name, fields, fill, where)
        fillings = mapping.fillings()
        if mapping.problems:
            raise mapping.problems[0] if len(mapping.problems) == 1 else SetupErrors(mapping.problems)
        return cls(name, file, fillings, mapping.room)

    @property
    def paths(self) -> tuple[FieldPath, ...]:
        return tuple(path for filling in self.fillings for path in filling.expression.paths)

    @property
    def looks(self) -> Iterator[tuple[int, Matrix]]:
        """Every look that a box or button may take."""
        widgets = (widget for filling in self.fillings for widget in filling.field.widgets)
        return (state for widget in widgets for state in widget.states.values())

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of file and expressions."""
        said = [f"{f.field.name}\n{f.expression.source}\n" for f in self.fillings]
        return sha256(f"{self.file.fingerprint}\n{''.join(said)}".encode()).hexdigest()[:16]


class _Mapping:
    """Finds for each field what fills it, and collects every mistake."""

    def __init__(
        self, name: str, fields: Iterable[Field], fill: Mapping[str, str], where: Callable[[str], str]
    ) -> None:
        self._name, self._fill, self._where = name, fill, where
        self._fields = {field.name: field for field in fields}
        self._filled: set[str] = set()
        self.problems: list[SetupError] = []
        self.room: int | None = None

    def fillings(self) -> tuple[Filling, ...]:
        found: dict[str, Filling] = {}
        for key, source in self._fill.items():
            try:
                expression = Expression(source, self._where(key), of_line=_NUMBER in key)
            except SetupError as problem:
                self.problems += problem.problems if isinstance(problem, SetupErrors) else [problem]
                expression = None
            for number, meant in self._meant(key):
                if expression and meant.name not in found:
                    found[meant.name] = Filling(meant, expression, number)
                self._filled.add(meant.name)
        for family, names in _families([name for name in self._fields if name not in self._filled]):
            if len(names) == 1:
                self._wrong(f"The {self._fields[family].kind} '{family}' is not filled.", _add(family))
            else:
                what = f"{len(names)} fields, '{names[0]}' to '{names[-1]}', are not filled."
                self._wrong(what, _add_rows(family))
        return tuple(found.values())

    def _meant(self, key: str) -> list[tuple[int, Field]]:
        """The field of that name, or one for each line."""
        if _NUMBER not in key:
            if key not in self._fields:
                self._unknown(key)
                return []
            return [(0, self._fields[key])]
        pattern = re.compile(r"(\d+)".join(map(re.escape, key.split(_NUMBER, 1))))
        exact = self._fill.keys()
        rows = sorted((int(m[1]), f) for n, f in self._fields.items() if n not in exact and (m := pattern.fullmatch(n)))
        return self._counted(key, [(number, field) for number, field in rows])

    def _counted(self, key: str, rows: list[tuple[int, Field]]) -> list[tuple[int, Field]]:
        """Every row has to be there, and as many as the other columns have."""
        if not rows:
            self._unknown(key)
        elif [number for number, _ in rows] != list(range(1, len(rows) + 1)):
            self._wrong(f"The fields of '{key}' are not numbered 1, 2, 3 and so on.", "Rename them in the PDF.", key)
        elif self.room not in (None, len(rows)):
            self._wrong(f"'{key}' has {len(rows)} rows, another has {self.room}.", "Add the missing fields.", key)
        else:
            self.room = len(rows)
        return rows

    def _unknown(self, key: str) -> None:
        remedy = (
            did_you_mean(key.replace(_NUMBER, "1"), self._fields)
            or f"It has {', '.join(self._fields) or 'no other fields'}."
        )
        self._wrong(f"{self._name} has no field '{key}'.", remedy, key)

    def _wrong(self, what: str, remedy: str, key: str = "") -> None:
        where = self._where(key) if key else self._name
        self.problems.append(SetupError(what, where=where, remedy=remedy))


def _add(name: str) -> str:
    return f"""Add it under fill:, such as {name}: Opportunity.Name; {name}: '""' leaves it empty."""


def _add_rows(family: str) -> str:
    return f"""Add "{family}": line.Product2.Name under fill:, if each is for a product; if not, one by one."""


def _families(names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Names that differ in one number alone, under the one for all: `product_{n}`; others by themselves."""
    alike: dict[str, list[str]] = {}
    for name in names:
        for digits in _DIGITS.finditer(name):
            alike.setdefault(f"{name[: digits.start()]}{_NUMBER}{name[digits.end() :]}", []).append(name)
    taken: set[str] = set()
    for family, members in sorted(alike.items(), key=lambda pair: -len(pair[1])):
        left = [name for name in members if name not in taken]
        if len(left) > 1:
            taken.update(left)
            yield family, left
    yield from ((name, [name]) for name in names if name not in taken)


def filled(legal: PdfForm, form: OrderForm, variables: Mapping[str, Any], family: Family | None) -> list[Side]:
    """The pages with their values. Raises RecordIncomplete with everything that does not fit."""
    lines = form.opportunity.get(_LINES) or ()
    gaps: list[Said] = []
    if legal.room is not None and len(lines) > legal.room:
        gaps.append(say("too_many_products", room=legal.room, number=len(lines)))
    sheets = [_Sheet(leaf.height, family) for leaf in legal.file.pages]
    for filling in legal.fillings:
        try:
            _fill(filling, lines, variables, sheets)
        except Misfit as misfit:
            gaps.append(_gap(filling, misfit, form))
    if gaps:
        raise Gaps(gaps)
    sides = [
        Side((leaf.width, leaf.height), [(0.0, sheet.row())], 0, (legal.file, number), tuple(sheet.stamps))
        for number, (leaf, sheet) in enumerate(zip(legal.file.pages, sheets, strict=True))
    ]
    signing.check([mark for sheet in sheets for mark in sheet.marks], [side.rows for side in sides])
    return sides


def _gap(filling: Filling, misfit: Misfit, form: OrderForm) -> Said:
    """What the rep has to change. Where no field of the record is in it, only the admin can."""
    paths = list(dict.fromkeys(path.path for path in filling.expression.paths))
    if not paths:
        raise SetupError(str(misfit), where=filling.expression.where)
    names = ", ".join(form.labels.get(path, path) for path in paths)
    where = {"why": misfit.args[0], "fields": names, "field": filling.field.name}
    return say("misfit_of_product", **where, number=filling.line) if filling.line else say("misfit", **where)


def _fill(filling: Filling, lines: Any, variables: Mapping[str, Any], sheets: "list[_Sheet]") -> None:
    field, value = filling.field, None
    if filling.line <= len(lines):
        more = {"line": lines[filling.line - 1]} if filling.line else {}
        value = filling.expression.value({**variables, **more})
    if field.kind in (Kind.CHECK, Kind.RADIO):
        _tick(filling, value, sheets)
        return
    text = clean(printable(shown(value, variables[FORMATTER]), "\n").expandtabs(1)).strip()
    if text and any(too_narrow(field, widget) for widget in field.widgets):
        what, remedy = f"The field '{field.name}' is too narrow for any text.", "Widen it in the PDF."
        raise SetupError(what, where=filling.expression.where, remedy=remedy)
    for widget in field.widgets:
        sheets[widget.page].write(field, widget, text)


def _tick(filling: Filling, value: Any, sheets: "list[_Sheet]") -> None:
    """A truth ticks the only place there is; a text the one of its name."""
    field = filling.field
    states = [widget.on for widget in field.widgets]
    single = len(set(states)) == 1
    named = value if isinstance(value, str) else None
    if named and named not in states:
        raise Misfit(say("no_choice", text=named, choices=", ".join(states)))
    if value and named is None and not single:
        what = f"The choices of '{field.name}' are {', '.join(states)}, and this is a mere yes."
        raise SetupError(what, where=filling.expression.where, remedy="Let it be the name of a choice.")
    for widget in field.widgets:
        on = bool(value) if named is None else widget.on == named
        sheets[widget.page].press(widget, widget.on if on else _OFF)


class _Sheet:
    """One page while it is filled. Lengths are in points, y grows downwards from its top."""

    def __init__(self, height: float, family: Family | None) -> None:
        self._height, self._family = height, family
        self._cells: list[Cell] = []
        self._boxes: list[Box] = []
        self.stamps: list[tuple[int, Matrix]] = []
        #: by which e-signing tools find where to sign
        self.marks: list[str] = []

    def row(self) -> Row:
        return Row(self._height, tuple(self._cells), tuple(self._boxes))

    def press(self, widget: Widget, state: str) -> None:
        if state in widget.states:
            self.stamps.append(widget.states[state])

    def write(self, field: Field, widget: Widget, text: str) -> None:
        top = self._height - widget.box[3]
        self._boxes += frame(widget, top)
        if text:
            self._cells += cells(field, widget, top, text, self._family)
        if text and field.kind is Kind.SIGN:
            self.marks.append(text)
