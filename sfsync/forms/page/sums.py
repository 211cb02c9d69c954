"""What the customer reads adds up: rows, subtotals and totals as they are printed, one against the other.

`| money` notes which amount each text that it prints stands for. The tags say what is to be compared: `<table sum="6">`
the column of the lines' amounts, `<total kind="…">` what a total is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, NoReturn
from xml.etree.ElementTree import Element

from sfsync.errors import SetupError
from sfsync.forms.money import Formatter
from sfsync.forms.page.inline import Setting
from sfsync.forms.text.bidi import unmarked


class Said(NamedTuple):
    """An amount, and the tag that prints it."""

    amount: Decimal
    element: Element


@dataclass(frozen=True)
class Sums:
    """The check of one form."""

    #: printed text -> the amount that a reader takes it for, and its currency
    printed: Mapping[str, tuple[Decimal, str]]
    formatter: Formatter
    #: how far two sums may stand apart
    tolerance: Decimal
    setting: Setting

    def check(self, root: Element) -> None:
        """Raises SetupError with the place of the first sum that disagrees, and both amounts."""
        tables = [table for table in root.iter("table") if "sum" in table.attrib]
        rows = sum(map(self._table, tables), Decimal())
        kinds: dict[str, list[Said]] = {}
        for total in root.iter("total"):
            if "kind" in total.attrib:
                kinds.setdefault(total.attrib["kind"], []).append(Said(self._only(total, total.itertext()), total))
        self._totals(rows if tables else None, kinds)

    def _table(self, table: Element) -> Decimal:
        """The sum of its rows, after its groups were compared with theirs."""
        column = int(self.setting.read(table)["sum"])
        whole = Decimal()
        for child in table:
            if child.tag == "row":
                whole += self._row(child, column)
            elif child.tag == "group":
                rows = sum((self._row(row, column) for row in child), Decimal())
                if total := child.get("total", "").strip():
                    self._agree(Said(self._only(child, [total]), child), rows, "its rows add up to")
                whole += rows
        return whole

    def _row(self, row: Element, column: int) -> Decimal:
        """Its amount; nothing where it does not count, or is too short, of which the table itself complains."""
        if row.get("counts") == "no":
            return Decimal()
        at = 0
        for cell in row:
            at += int(cell.get("span", "1"))
            if at >= column:
                return self._only(cell, cell.itertext())
        return Decimal()

    def _only(self, element: Element, texts: Iterable[str]) -> Decimal:
        """The one amount that stands there, whatever text stands beside it in tags of its own."""
        said = [unmarked(text).strip(" \t\n") for text in texts]
        found = [self.printed[text] for text in said if text in self.printed]
        if len(found) != 1:
            there = f"'{' '.join(filter(None, said))}' is {'more than' if found else 'not'} one amount"
            self._wrong(element, f"{there}, and it has to be summed.", _ALONE)
        amount, currency = found[0]
        if currency != self.formatter.currency:
            what = f"An amount in {currency} cannot be summed on a form in {self.formatter.currency}."
            self._wrong(element, what, _ALONE)
        return amount

    def _totals(self, lines: Decimal | None, kinds: Mapping[str, list[Said]]) -> None:
        for said in kinds.get("lines", []):
            lines = said.amount if lines is None else lines
            self._agree(said, lines, "the lines add up to")
        if parts := [*kinds.get("one-time", []), *kinds.get("recurring", [])]:
            whole = _sum(parts)
            lines = whole if lines is None else lines
            self._agree(Said(whole, parts[-1].element), lines, "the lines add up to", "One-time and recurring are")
        taken, added = kinds.get("discount", []), kinds.get("tax", [])
        for said in kinds.get("total", []):
            if lines is None and said.amount:
                self._wrong(said.element, "Nothing says what this total adds up.", _NAME_COLUMN)
            due = (lines or Decimal()) - sum((abs(each.amount) for each in taken), Decimal()) + _sum(added)
            words = [*(["less discount"] if taken else []), *(["with tax"] if added else [])]
            self._agree(said, due, " ".join(["the lines", *words, "add up to"]))

    def _agree(self, said: Said, other: Decimal, words: str, subject: str = "This says") -> None:
        if abs(said.amount - other) > self.tolerance:
            price = self.formatter.money
            what = f"{subject} {price(said.amount)}, but {words} {price(other)}."
            allowed = f"At most {price(self.tolerance)} may lie between them." if self.tolerance else ""
            self._wrong(said.element, f"{what} {allowed}".rstrip(), _MEND)

    def _wrong(self, element: Element, what: str, remedy: str) -> NoReturn:
        raise SetupError(what, where=self.setting.where(element), remedy=remedy, logged="The sums do not add up.")


_ALONE = 'Print one amount with | money there; or say <row counts="no"> of a row that is not summed.'
_NAME_COLUMN = 'Name the column of the amounts, such as <table sum="6">.'
_MEND = "Correct what the template sums here, or which column, rows and kinds it names."


def _sum(said: Iterable[Said]) -> Decimal:
    return sum((each.amount for each in said), Decimal())
