"""How fast the pocket org is, so that nobody mistakes its time for sfsync's.

Run as `python -m benchmarks.pocketorg`, with `--quick` for a tenth of the rows. Client and org are two processes, as
they are when a worker is measured, and take turns on one connection; times are medians.
"""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import requests

ROOT = Path(__file__).parents[1]
VERSION = "/services/data/v66.0"
FIELDS = (
    "Id, Name, StageName, Amount, Probability, ExpectedRevenue, CloseDate, Type, NextStep, LeadSource, IsClosed, "
    "IsWon, ForecastCategoryName, AccountId, OwnerId, CreatedDate, LastModifiedDate, SystemModstamp, FiscalYear, "
    "HasOpportunityLineItem"
)


class Running:
    """A pocket org in a process of its own, and a client of it."""

    def __init__(self, seed: int) -> None:
        start = time.perf_counter()
        command = [sys.executable, "-m", "sfsync", "pocketorg", "--port", "0", "--seed", str(seed or "none")]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout
        self.way_in = json.loads(self.process.stdout.readline())
        self.started = time.perf_counter() - start
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.way_in['access_token']}"

    def __call__(self, method: str, path: str, **options: Any) -> Any:
        answer = self.session.request(method, self.way_in["instance_url"] + VERSION + path, timeout=300, **options)
        answer.raise_for_status()
        return answer.json()

    def megabytes(self) -> float:
        """What the process holds in memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmRSS")) / 1024


@contextmanager
def running(seed: int = 0) -> Iterator[Running]:
    org = Running(seed)
    try:
        yield org
    finally:
        org.session.close()
        org.process.terminate()
        org.process.communicate()


def middle(times: int, call: Callable[[int], object]) -> float:
    """The median of so many calls, in seconds."""
    return median(seconds(lambda number=number: call(number)) for number in range(times))  # type: ignore[misc]


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def page(org: Running) -> None:
    soql = {"q": f"SELECT {FIELDS} FROM Opportunity"}
    found = middle(9, lambda _: org("GET", "/query", params=soql))
    show("page of 2,000 Opportunities, 20 fields", f"{found * 1e3:.0f} ms", f"{1 / found:.1f} calls/s", aim="150 ms")


def graph(org: Running) -> None:
    deals = [row["Id"] for row in org("GET", "/query", params={"q": "SELECT Id FROM Opportunity LIMIT 75"})["records"]]
    found = middle(7, lambda number: _attach(org, deals, number))
    show("graph of 75 forms of 40 kB", f"{found * 1e3:.0f} ms", f"{1 / found:.1f} calls/s", aim="250 ms")


def _attach(org: Running, deals: list[str], number: int) -> None:
    data = base64.b64encode(b"%PDF-1.7" + bytes(40_000)).decode()
    graphs = [{"graphId": deal, "compositeRequest": _nodes(deal, data, number)} for deal in deals]
    answer = org("POST", "/composite/graph", json={"graphs": graphs})
    assert all(each["isSuccessful"] for each in answer["graphs"]), answer


def _nodes(deal: str, data: str, number: int) -> list[dict[str, Any]]:
    """What sfsync sends for one form: the file, the row that names it, the deal."""
    file = {"Title": "Form", "PathOnClient": "Form.pdf", "VersionData": data, "FirstPublishLocationId": deal}
    row = {"Opportunity__c": deal, "Key__c": f"{deal}:{number}", "Version__c": number, "File_Id__c": "@{file.id}"}
    objects = f"{VERSION}/sobjects"
    return [
        {"referenceId": "file", "method": "POST", "url": f"{objects}/ContentVersion", "body": file},
        {"referenceId": "row", "method": "POST", "url": f"{objects}/Order_Form__c", "body": row},
        {
            "referenceId": "deal",
            "method": "PATCH",
            "url": f"{objects}/Opportunity/{deal}",
            "body": {"NextStep": "Sign"},
        },
    ]


def creates(org: Running, count: int) -> None:
    spent = seconds(lambda: [org("POST", "/sobjects/Account", json={"Name": f"Account {n}"}) for n in range(count)])
    show(f"{count:,} single creates", f"{spent:.1f} s", f"{count / spent:.0f} calls/s")


def memory(deals: int) -> None:
    with running(deals) as org:
        show(f"start with {deals:,} made-up deals", f"{org.started:.1f} s", f"{deals / org.started:.0f} deals/s")
        show(f"memory with {deals:,} deals", f"{org.megabytes():.0f} MB")


def show(what: str, *figures: str, aim: str = "") -> None:
    print(f"{what:<42}" + "".join(f"{figure:>18}" for figure in figures) + (f"   (aim: at most {aim})" if aim else ""))


def main(*, quick: bool = False) -> None:
    """Print all figures. Takes about five minutes, or half a minute when `quick`."""
    with running() as org:
        show("start, empty", f"{org.started:.2f} s", f"{org.megabytes():.0f} MB")
        creates(org, 100 if quick else 1000)
    with running(5000) as org:
        show("start with 5,000 made-up deals", f"{org.started:.1f} s", f"{org.megabytes():.0f} MB", aim="10 s")
        page(org)
        graph(org)
    memory(10_000 if quick else 100_000)


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
