"""What only a real org can tell: each of our assumptions tried on a throw-away Opportunity, which is deleted again.

Nobody documents these things, or not clearly. A pocket org behaves as we assume; an org may not, and then the report
says what sfsync does instead.
"""

import base64
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sfsync.errors import AnswerLost, LookAgain, SetupError, SfsyncError, TryAgainLater
from sfsync.salesforce import codes, soql
from sfsync.salesforce.api import VERSION, Api, Row
from sfsync.salesforce.describe import Describer

NAME = "sfsync probe"
#: of them a deal has to move from one to another
_STAGES = 2
_SOBJECTS = f"/services/data/v{VERSION}/sobjects"
_PDF = base64.b64encode(b"%PDF-1.4 a probe of sfsync's, to be deleted").decode()
#: cents, halves of cents in binary, many digits
_AMOUNTS = ("1234567.89", "0.10", "50.00", "10000000.00", "999999999.99")


@dataclass(frozen=True, slots=True)
class Answer:
    """One assumption: whether it holds, what was seen (codes and numbers only), and what is done if it does not."""

    assumed: str
    holds: bool
    seen: str
    otherwise: str

    def __str__(self) -> str:
        mark = "✓" if self.holds else "✗"
        return f"{mark} {self.assumed} ({self.seen})" + ("" if self.holds else f"\n    {self.otherwise}")


class Probe:
    """Runs as an admin, who may create and delete Opportunities, files and rows of Order Form; not as the worker.

    The docstring of each question is the assumption that it tries.
    """

    def __init__(self, api: Api, watched: set[str]) -> None:
        """`watched` are the stages in which a worker would make a form of what is tried here."""
        self._api, self._name = api, f"{NAME} {uuid4().hex[:8]}"
        stages = Describer(self._describe).get("Opportunity").fields["StageName"].picklist
        free = [stage for stage in stages if stage not in watched]
        if len(free) < _STAGES:
            raise SetupError("All stages are watched: there is none in which something can be tried.")
        self._stages = free[:_STAGES]
        self._deal = ""

    def _describe(self, names: Any) -> list[Row | SfsyncError]:
        return self._api.composite(f"sobjects/{name}/describe" for name in names)

    def run(self) -> Iterator[Answer]:
        """Yield each answer as it comes. Whatever happens, Ctrl-C included, what was made is deleted."""
        self.clean_up()
        try:
            self._deal = self._begin()
            for question, otherwise in _OTHERWISE.items():
                yield self._ask((question.__doc__ or "").rstrip("."), otherwise, question)
        finally:
            self.clean_up()

    def _begin(self) -> str:
        try:
            return self._create("Opportunity", self._opportunity())
        except SetupError as error:
            raise SetupError(
                "This user may not create an Opportunity.",
                remedy="Log in as an administrator: the worker's own user must not be able to do what is tried here.",
                logged=error.logged,
            ) from None

    def _ask(self, assumed: str, otherwise: str, question: Callable[["Probe"], tuple[bool, str]]) -> Answer:
        try:
            holds, seen = question(self)
        except SfsyncError as error:
            holds, seen = False, error.in_log
        except (LookupError, TypeError, ValueError) as error:
            holds, seen = False, f"an answer that nobody documents: {type(error).__name__}"
        return Answer(assumed, holds, seen, otherwise)

    def clean_up(self) -> None:
        """Delete what this run made, and what one left that was killed; files first, since they outlive the record."""
        mine = soql.select(["Id"], "Opportunity", f"Name LIKE {soql.text(NAME + ' %')}")
        for deal in [row["Id"] for row in self._api.query(mine)]:
            links = soql.select(["ContentDocumentId"], "ContentDocumentLink", soql.among_ids("LinkedEntityId", [deal]))
            for document in {row["ContentDocumentId"] for row in self._api.query(links)}:
                self._delete("ContentDocument", document)
            self._delete("Opportunity", deal)

    # ------------------------------------------------------------- small steps

    def _opportunity(self) -> Row:
        closes = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
        return {"Name": self._name, "StageName": self._stages[0], "CloseDate": closes}

    def _create(self, sobject: str, values: Row) -> str:
        return str(self._api.call("POST", f"sobjects/{sobject}", values)["id"])

    def _delete(self, sobject: str, record_id: str) -> None:
        self._api.call("DELETE", f"sobjects/{sobject}/{soql.record_id(record_id)}")

    def _writes(self, key: str, title: str) -> list[Row]:
        """File and row, as sfsync writes them for one form."""
        file = {
            "Title": title,
            "PathOnClient": f"{title}.pdf",
            "VersionData": _PDF,
            "FirstPublishLocationId": self._deal,
        }
        row = {
            "Opportunity__c": self._deal,
            "Key__c": f"{self._deal}:{key}",
            "Version__c": 1,
            "File_Id__c": "@{file.id}",
        }
        return [
            {"method": "POST", "url": f"{_SOBJECTS}/ContentVersion", "referenceId": "file", "body": file},
            {"method": "POST", "url": f"{_SOBJECTS}/Order_Form__c", "referenceId": "row", "body": row},
        ]

    def _graph(self, key: str, title: str = "Probe") -> list[str]:
        """Send one graph; give back the codes of what was refused."""
        graph = {"graphId": "probe", "compositeRequest": self._writes(key, title)}
        body = self._api.call("POST", "composite/graph", {"graphs": [graph]}, reads=False)
        results = body["graphs"][0]["graphResponse"]["compositeResponse"]
        found = [error[0] for r in results if (error := codes.first_error(r["body"]))]
        return [code for code in found if code != "PROCESSING_HALTED"]

    def _count(self, sobject: str, condition: str) -> int:
        return len(self._api.query(soql.select(["Id"], sobject, condition)))

    # --------------------------------------------------------------- questions

    def files_in_graphs(self) -> tuple[bool, str]:
        """A composite graph takes a file with its content."""
        refused = self._graph("graph")
        return not refused, refused[0] if refused else "accepted"

    def files_in_composites(self) -> tuple[bool, str]:
        """A composite call takes a file with its content."""
        body = {"allOrNone": True, "compositeRequest": self._writes("composite", "Probe")}
        results = self._api.call("POST", "composite", body, reads=False)["compositeResponse"]
        refused = [error[0] for r in results if (error := codes.first_error(r["body"]))]
        return not refused, refused[0] if refused else "accepted"

    def refused_whole(self) -> tuple[bool, str]:
        """A graph that is refused leaves no file behind."""
        title = f"Refused {self._name}"
        self._row("refused")
        refused = self._graph("refused", title)
        left = self._count("ContentVersion", soql.among("Title", [title]))
        return bool(refused) and not left, f"{left} files left behind, {refused[0] if refused else 'not refused'}"

    def taken_keys(self) -> tuple[bool, str]:
        """A key that is taken is refused as DUPLICATE_VALUE."""
        self._row("taken")
        try:
            self._row("taken")
        except LookAgain as error:
            return "DUPLICATE_VALUE" in error.what, error.in_log
        except SfsyncError as error:
            return False, error.in_log
        return False, "accepted twice"

    def racing_keys(self) -> tuple[bool, str]:
        """Of two racing graphs with one key one goes through."""
        ends: list[str] = []

        def race() -> None:
            try:
                ends.append((self._graph("race") or ["made"])[0])
            except SfsyncError as error:
                ends.append(type(error).__name__)

        racers = [threading.Thread(target=race) for _ in range(2)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        rows = self._count("Order_Form__c", soql.among("Key__c", [f"{self._deal}:race"]))
        return rows == 1 and ends.count("made") == 1, f"{rows} rows, {' and '.join(sorted(ends))}"

    def keys_of_deleted_rows(self) -> tuple[bool, str]:
        """The key of a deleted row may be used again."""
        self._delete("Order_Form__c", self._row("deleted"))
        try:
            self._row("deleted")
        except SfsyncError as error:
            return False, error.in_log
        return True, "accepted"

    def versions_by_hand(self) -> tuple[bool, str]:
        """Versions that people upload by hand count on."""
        file = {"Title": "By hand", "PathOnClient": "a.pdf", "VersionData": _PDF}
        first = self._create("ContentVersion", {**file, "FirstPublishLocationId": self._deal})
        document = self._api.query(soql.select(["ContentDocumentId"], "ContentVersion", soql.among_ids("Id", [first])))
        for _ in ("a rep's", "ours"):
            self._create("ContentVersion", {**file, "ContentDocumentId": document[0]["ContentDocumentId"]})
        mine = soql.among_ids("ContentDocumentId", [document[0]["ContentDocumentId"]])
        rows = self._api.query(soql.select(["VersionNumber"], "ContentVersion", mine))
        numbers = sorted(int(row["VersionNumber"]) for row in rows)
        return numbers == [1, 2, 3], f"versions {numbers}"

    def amounts(self) -> tuple[bool, str]:
        """Amounts come back exactly."""
        odd = [amount for amount in _AMOUNTS if self._stored(amount) != Decimal(amount)]
        return not odd, f"not exact: {', '.join(odd)}" if odd else f"{len(_AMOUNTS)} amounts"

    def _stored(self, amount: str) -> Decimal:
        self._api.call("PATCH", f"sobjects/Opportunity/{self._deal}", {"Amount": float(amount)})
        [row] = self._api.query(soql.select(["Amount"], "Opportunity", soql.among_ids("Id", [self._deal])))
        value = row["Amount"]
        return Decimal(value).quantize(Decimal("0.01")) if isinstance(value, int | Decimal) else Decimal("NaN")

    def stage_dates(self) -> tuple[bool, str]:
        """A change of stage sets LastStageChangeDate."""
        self._api.call("PATCH", f"sobjects/Opportunity/{self._deal}", {"StageName": self._stages[1]})
        fields = ["LastStageChangeDate", "SystemModstamp"]
        [row] = self._api.query(soql.select(fields, "Opportunity", soql.among_ids("Id", [self._deal])))
        return bool(row["LastStageChangeDate"]), "set" if row["LastStageChangeDate"] else "empty"

    def gone_records(self) -> tuple[bool, str]:
        """A record that is gone is said to be gone."""
        gone = self._create("Opportunity", self._opportunity())
        self._delete("Opportunity", gone)
        try:
            self._api.call("PATCH", f"sobjects/Opportunity/{gone}", {"NextStep": "x"})
        except LookAgain as error:
            return True, error.in_log
        except SfsyncError as error:
            return False, error.in_log
        return False, "accepted"

    def unknown_fields(self) -> tuple[bool, str]:
        """A field that is not there is refused as INVALID_FIELD."""
        try:
            self._api.query("SELECT Id, No_Such_Field__c FROM Opportunity LIMIT 1")
        except SetupError as error:
            return "INVALID_FIELD" in error.in_log, error.in_log
        except (AnswerLost, TryAgainLater) as error:
            return False, error.in_log
        return False, "accepted"

    def usage(self) -> tuple[bool, str]:
        """Each answer says how many calls are used."""
        usage = self._api.session.usage
        return bool(usage.allowed), "said" if usage.allowed else "not said"

    def _row(self, key: str) -> str:
        return self._create("Order_Form__c", {"Opportunity__c": self._deal, "Key__c": f"{self._deal}:{key}"})


_REPORT = "Please report it: sfsync relies on it."
_TWO = f"Two workers could make one version. {_REPORT}"
#: what is done where an assumption does not hold, by the question
_OTHERWISE: dict[Callable[[Probe], tuple[bool, str]], str] = {
    Probe.files_in_graphs: "sfsync notices by itself, and sends each form as one composite call.",
    Probe.files_in_composites: f"Without either there is no form. {_REPORT}",
    Probe.refused_whole: f"A refused version may leave a file. {_REPORT}",
    Probe.taken_keys: _TWO,
    Probe.racing_keys: _TWO,
    Probe.keys_of_deleted_rows: "Whoever deletes rows of Order Form empties the recycle bin as well; until then such a "
    "deal says that it is delayed.",
    Probe.versions_by_hand: f"The next form may start a new file. {_REPORT}",
    Probe.amounts: f"Sums could differ by a cent. {_REPORT}",
    Probe.stage_dates: f"A deal that comes back may get no new form. {_REPORT}",
    Probe.gone_records: "sfsync tries it again after growing pauses, and says so in the log.",
    Probe.unknown_fields: f"Messages name the wrong remedy. {_REPORT}",
    Probe.usage: "sfsync cannot keep calls for people; watch them in Setup.",
}


def report(answers: list[Answer], today: date) -> str:
    """The answers as a page that can be sent to anybody: no Id, no name, no address."""
    held = sum(answer.holds for answer in answers)
    lines = [f"# Probe of {today.isoformat()}, API {VERSION}", "", f"{held} of {len(answers)} assumptions hold.", ""]
    return "\n".join([*lines, *(f"- {answer}" for answer in answers), ""])
