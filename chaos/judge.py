"""Reads the org's database file, past the code that is being judged, and compares it with what the reps did."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chaos.deals import CANARY, STAGE, Deal

Row = dict[str, Any]
Violation = tuple[str, str]


class Judge:
    """The org once the world is quiet."""

    def __init__(self, db: Path) -> None:
        self._db = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
        self._db.row_factory = sqlite3.Row
        self._records = {row["Id"]: row for row in self._all("Opportunity")}
        self._rows = _by(self._all("Order_Form__c"), "Opportunity__c")
        self._files = {row["Id"]: row for row in self._all("ContentVersion", "Id, Title, ContentDocumentId, IsLatest")}
        self._links = _by(self._all("ContentDocumentLink"), "LinkedEntityId")
        self._db.close()

    @property
    def forms(self) -> int:
        return sum(map(len, self._rows.values()))

    def _all(self, table: str, columns: str = "*") -> list[Row]:
        return [dict(row) for row in self._db.execute(f'SELECT {columns} FROM "{table}"')]

    def violations(self, deals: Iterable[Deal]) -> Iterator[Violation]:
        """Each as the invariant and what is wrong."""
        documents = _by(self._files.values(), "ContentDocumentId")
        for deal in deals:
            rows = sorted(self._rows[deal.id], key=lambda row: row["Version__c"])
            own = {link["ContentDocumentId"] for link in self._links[deal.id]}
            files = [file for document in own for file in documents[document]]
            for invariant, what in (
                *self._current(deal, rows),
                *self._doubles(deal, rows, files),
                *self._stale(deal, rows),
                *self._meddled(deal),
            ):
                yield invariant, f"{deal.id}: {what}"

    def _current(self, deal: Deal, rows: Sequence[Row]) -> Iterator[Violation]:
        record = self._records[deal.id]
        status = record["Order_Form_Status__c"]
        if deal.stage != STAGE:
            if status not in {None, "Ready"}:
                yield "I1", f"it left the stage and says {status}"
            return
        if not rows:
            yield "I5", f"it has no form, and says {status}: {record['Order_Form_Message__c']}"
            return
        for ours, theirs in (("Version__c", "Version__c"), ("Token__c", "Token__c"), ("Ready_At__c", "Ready_At__c")):
            if record[f"Order_Form_{ours}"] != rows[-1][theirs]:
                yield "I1", f"{ours} is {record[f'Order_Form_{ours}']} and not {rows[-1][theirs]}"
        if status != "Ready" or record["Order_Form_Message__c"]:
            yield "I1", f"it says {status}: {record['Order_Form_Message__c']}"

    def _doubles(self, deal: Deal, rows: Sequence[Row], files: Sequence[Row]) -> Iterator[Violation]:
        if [row["Version__c"] for row in rows] != list(range(1, len(rows) + 1)):
            yield "I2", f"its versions are {[row['Version__c'] for row in rows]}"
        if sorted(file["Id"] for file in files) != sorted(row["File_Id__c"] for row in rows):
            yield "I2", f"it has {len(rows)} rows and {len(files)} versions of files"
        if len(rows) > deal.asked:
            yield "I2", f"it was asked for {deal.asked} times and has {len(rows)} versions"
        if len({row["Token__c"] for row in rows}) != len(rows):
            yield "I2", "two versions answer the same request"

    def _stale(self, deal: Deal, rows: Sequence[Row]) -> Iterator[Violation]:
        title = self._files[rows[-1]["File_Id__c"]]["Title"] if rows else deal.name
        if deal.stage == STAGE and title != deal.name:
            yield "I3", f"its newest form says {title} and not {deal.name}"

    def _meddled(self, deal: Deal) -> Iterator[Violation]:
        record = self._records[deal.id]
        if (record["Name"], record["StageName"], record["NextStep"]) != (deal.name, deal.stage, None):
            yield "I4", f"it is {record['Name']} in {record['StageName']}, and a rep left {deal.name} in {deal.stage}"


def leaks(folder: Path, log: Iterable[str], secrets: Iterable[str]) -> Iterator[Violation]:
    """What the workers said or left on disk that holds a secret or a customer's name."""
    words = [CANARY, "Canary Wharf", "Canary Page", "Bearer ", "%PDF", *secrets]
    for line in log:
        for word in words:
            if word in line:
                yield "I6", f"the log says {word!r}"
    for file in (f for name in ("tmp", "cwd") for f in (folder / name).rglob("*") if f.is_file()):
        content = file.read_bytes()
        for word in words:
            if word.encode() in content:
                yield "I6", f"{file.name} holds {word!r}"


def _by(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found
