"""The whole story, played on a pocket org: a rep at work through the public API, and the real worker beside it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import requests

from sfsync import shipped
from sfsync.pocketorg.server import PocketOrg
from sfsync.salesforce import soql

STAGE = "Order Form"
_PATIENCE = 20.0
_SETTLED = 5.0
_GLANCE = 0.2
_VERSION = "62.0"


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the table at the end."""

    opportunity: str
    did: str
    appeared: str
    seconds: float | None
    good: bool


@dataclass(slots=True)
class Rep:
    """What a rep does in Salesforce, through the same API that the page uses."""

    url: str
    token: str
    http: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.http.request(
            method, f"{self.url}/services/data/v{_VERSION}/{path}", headers=headers, timeout=30, **more
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def query(self, text: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.call("GET", "query", params={"q": text})["records"]
        return rows

    def update(self, sobject: str, record_id: str, **values: Any) -> None:
        self.call("PATCH", f"sobjects/{sobject}/{record_id}", json=values)

    def create(self, sobject: str, **values: Any) -> str:
        return str(self.call("POST", f"sobjects/{sobject}", json=values)["id"])

    def find(self, name: str) -> dict[str, Any]:
        where = f"Name = {soql.text(name)}"
        return self.query(soql.select(["Id", "Name", "AccountId", "Pricebook2Id"], "Opportunity", where))[0]

    def record(self, opportunity_id: str) -> dict[str, Any]:
        fields = ["Order_Form_Status__c", "Order_Form_Message__c", "Order_Form_Version__c"]
        return self.query(soql.select(fields, "Opportunity", soql.among_ids("Id", [opportunity_id])))[0]

    def files(self, opportunity_id: str) -> list[tuple[str, str, int]]:
        """Title, ContentVersion Id and version number of each file."""
        last = "ContentDocument.LatestPublishedVersion"
        fields = ["ContentDocument.Title", "ContentDocument.LatestPublishedVersionId", f"{last}.VersionNumber"]
        where = f"LinkedEntityId = {soql.text(opportunity_id)}"
        documents = [row["ContentDocument"] for row in self.query(soql.select(fields, "ContentDocumentLink", where))]
        return [
            (d["Title"], d["LatestPublishedVersionId"], int(d["LatestPublishedVersion"]["VersionNumber"]))
            for d in documents
        ]

    def download(self, version_id: str) -> bytes:
        path = f"{self.url}/services/data/v{_VERSION}/sobjects/ContentVersion/{version_id}/VersionData"
        answer = self.http.get(path, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)
        answer.raise_for_status()
        return answer.content


class Play:
    """The acts in their order, with what became of each."""

    def __init__(self, org: PocketOrg, rep: Rep, folder: Path) -> None:
        self._org, self._rep, self._folder = org, rep, folder
        self.acts: list[Act] = []

    def run(self) -> None:
        open_deals = self._rep.query(
            "SELECT Id, Name, AccountId, Pricebook2Id, Account.Name, Account.BillingStreet FROM Opportunity"
            " WHERE IsClosed = false AND HasOpportunityLineItem = true ORDER BY Name"
        )
        good = [d for d in open_deals if d["Account"]["BillingStreet"]]
        bare = next(d for d in open_deals if not d["Account"]["BillingStreet"])
        first, *others = good
        self._moves(first)
        self._lacks_an_address(bare)
        self._is_created_in_the_stage(first)
        self._corrects_a_quantity(first)
        self._moves_many(others)
        self._nothing_happens(first, others[0])

    def _moves(self, deal: dict[str, Any]) -> None:
        say(f"{deal['Name']}: the rep moves it to {STAGE}.")
        self._rep.update("Opportunity", deal["Id"], StageName=STAGE)
        self._expect(deal, f"moved it to {STAGE}", lambda: self._has_file(deal, version=1))

    def _lacks_an_address(self, deal: dict[str, Any]) -> None:
        say(f"{deal['Name']}: moved as well, but {deal['Account']['Name']} has no billing address.")
        self._rep.update("Opportunity", deal["Id"], StageName=STAGE)
        self._expect(deal, f"moved it to {STAGE}", lambda: self._is_told(deal))
        say("The rep reads that on the record and completes the account.")
        self._rep.update(
            "Account",
            deal["AccountId"],
            BillingStreet="1 Market Street",
            BillingCity="San Francisco",
            BillingState="CA",
            BillingPostalCode="94105",
            BillingCountry="USA",
        )
        self._expect(deal, "added the billing address", lambda: self._has_file(deal, version=1))

    def _is_created_in_the_stage(self, model: dict[str, Any]) -> None:
        deal = {"Name": f"{model['Account']['Name']} Extension", "Account": model["Account"]}
        say(f"{deal['Name']}: created straight in {STAGE}, still without products.")
        deal["Id"] = self._rep.create(
            "Opportunity",
            Name=deal["Name"],
            AccountId=model["AccountId"],
            StageName=STAGE,
            CloseDate="2026-12-31",
            Pricebook2Id=model["Pricebook2Id"],
        )
        self._expect(deal, f"created it in {STAGE}", lambda: self._is_told(deal))
        say("The rep adds a product.")
        where = f"Pricebook2Id = {soql.text(model['Pricebook2Id'])}"
        entry = self._rep.query(soql.select(["Id", "UnitPrice"], "PricebookEntry", where, order="UnitPrice"))[0]
        self._rep.create(
            "OpportunityLineItem",
            OpportunityId=deal["Id"],
            PricebookEntryId=entry["Id"],
            Quantity=2,
            UnitPrice=entry["UnitPrice"],
        )
        self._expect(deal, "added a product", lambda: self._has_file(deal, version=1))

    def _corrects_a_quantity(self, deal: dict[str, Any]) -> None:
        say(f"{deal['Name']}: the rep corrects a quantity.")
        self._change_quantity(deal)
        self._expect(deal, "corrected a quantity", lambda: self._has_file(deal, version=2))

    def _moves_many(self, deals: list[dict[str, Any]]) -> None:
        say(f"The rep moves the other {len(deals)} deals at once.")
        records = [{"attributes": {"type": "Opportunity"}, "Id": d["Id"], "StageName": STAGE} for d in deals]
        self._rep.call("PATCH", "composite/sobjects", json={"allOrNone": True, "records": records})
        began = time.monotonic()
        for deal in deals:
            self._expect(deal, "moved it with the others", partial(self._has_file, deal, version=1), began)

    def _nothing_happens(self, frozen: dict[str, Any], untouched: dict[str, Any]) -> None:
        say(f"{frozen['Name']} is won; a quantity is changed after that. {untouched['Name']} gets a next step.")
        self._rep.update("Opportunity", frozen["Id"], StageName="Closed Won")
        self._change_quantity(frozen)
        self._rep.update("Opportunity", untouched["Id"], NextStep="Call the customer")
        time.sleep(_SETTLED)
        for deal, did, version in (
            (frozen, "won it, then changed it", 2),
            (untouched, "edited what is not printed", 1),
        ):
            same = bool(self._has_file(deal, version=version))
            self.acts.append(Act(deal["Name"], did, "nothing new" if same else "A NEW VERSION", None, same))

    def _change_quantity(self, deal: dict[str, Any]) -> None:
        where = soql.among_ids("OpportunityId", [deal["Id"]])
        line = self._rep.query(soql.select(["Id", "Quantity"], "OpportunityLineItem", where))[0]
        self._rep.update("OpportunityLineItem", line["Id"], Quantity=line["Quantity"] + 1)

    def _has_file(self, deal: dict[str, Any], *, version: int) -> str:
        """What lies among the Files; empty until the record says Ready with this version."""
        record, files = self._rep.record(deal["Id"]), self._rep.files(deal["Id"])
        if record["Order_Form_Status__c"] != "Ready" or record["Order_Form_Message__c"]:
            return ""
        if record["Order_Form_Version__c"] != version or [f[2] for f in files] != [version]:
            return ""
        title, version_id, _ = files[0]
        path = self._folder / f"{title} v{version}.pdf"
        path.write_bytes(self._rep.download(version_id))
        return f"{title}.pdf" + (f", version {version}" if version > 1 else "")

    def _is_told(self, deal: dict[str, Any]) -> str:
        """What the record asks for, once the owner's bell has rung as well."""
        record = self._rep.record(deal["Id"])
        rung = any(n.target_id[:15] == deal["Id"][:15] for n in self._org.notifications)
        asked = record["Order_Form_Status__c"] == "Needs information" and rung and not self._rep.files(deal["Id"])
        return str(record["Order_Form_Message__c"]) if asked else ""

    def _expect(self, deal: dict[str, Any], did: str, look: Callable[[], str], began: float | None = None) -> None:
        began = time.monotonic() if began is None else began
        found = ""
        while not found and time.monotonic() - began < _PATIENCE:
            found = look()
            if not found:
                time.sleep(0.1)
        seconds = time.monotonic() - began
        say(f"    {seconds:4.1f} s  {found or 'NOTHING APPEARED'}")
        self.acts.append(Act(deal["Name"], did, found or "NOTHING", seconds if found else None, bool(found)))


def play(config: Path, folder: Path) -> int:
    """Play it; 0 only if every expectation held."""
    folder.mkdir(parents=True, exist_ok=True)
    with _org() as org:
        say(f"A pocket org listens on {org.instance_url}; sfsync's object and fields are on it.")
        environ = _environ(org)
        checked = _sfsync("check", config, environ)
        say(f"sfsync check: {checked.stdout.splitlines()[-1]}")
        if checked.returncode:
            say(checked.stdout)
        _switched_on(config, environ)
        run = Play(org, Rep(org.instance_url, org.token_for(_rep(org))), folder)
        before = _worker_calls(org)
        with _worker(config, environ) as worker:
            run.run()
            calls = _worker_calls(org) - before
            stopped = _stop(worker)
        _table(run.acts, calls)
        say(f"\nThe PDFs lie in {folder}/.")
        return 0 if stopped and not checked.returncode and all(act.good for act in run.acts) else 1


def serve(config: Path, port: int) -> int:
    """Open the same org to a browser, with the worker beside it, until Ctrl-C or SIGTERM. 0 if both ended well."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _org(port) as org, _worker(config, _switched_on(config, _environ(org))) as worker:
        say(f"Open {org.instance_url} in a browser, choose an opportunity and click the stage {STAGE}.")
        say("Ctrl-C ends both.\n")
        while not stop.wait(_GLANCE) and worker.poll() is None:
            pass
        if not stop.is_set():
            say("The worker has ended by itself; what it said stands above.")
        stopped = _stop(worker)
    return 0 if stopped and stop.is_set() else 1


def _org(port: int = 0) -> PocketOrg:
    return PocketOrg(port=port, seed="sample", metadata=[shipped.METADATA])


def _environ(org: PocketOrg) -> dict[str, str]:
    """How a worker logs in to this org."""
    login = {"SF_LOGIN_URL": org.instance_url, "SF_CLIENT_ID": org.client_id, "SF_CLIENT_SECRET": org.client_secret}
    return {**os.environ, **login, "SFSYNC_LOGS": "plain"}  # here people read them


def _sfsync(verb: str, config: Path, environ: dict[str, str], *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sfsync", verb, "--config", str(config), *more]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 (our own)


def _switched_on(config: Path, environ: dict[str, str]) -> dict[str, str]:
    """Say yes for this org, as an admin does once."""
    _sfsync("run", config, environ, "--yes")
    return environ


@contextmanager
def _worker(config: Path, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sfsync", "worker", "--config", str(config), "--check-every", "2 seconds"]
    say("The worker starts; here it looks every 2 seconds, so that nobody has to wait.\n")
    # in a group of its own, so that Ctrl-C reaches us alone and the worker ends as on Heroku
    with subprocess.Popen(  # noqa: S603 (our own)
        command, env=environ, stderr=subprocess.PIPE, text=True, process_group=0
    ) as worker:
        assert worker.stderr
        threading.Thread(target=_echo, args=(worker.stderr,), daemon=True).start()
        try:
            yield worker
        finally:
            worker.kill()


def _echo(lines: IO[str]) -> None:
    for line in lines:
        say(f"        worker {line.rstrip()}")


def _stop(worker: subprocess.Popen[str]) -> bool:
    """Send SIGTERM, as Heroku does; it has 20 seconds to finish."""
    worker.send_signal(signal.SIGTERM)
    try:
        return worker.wait(20) == 0
    except subprocess.TimeoutExpired:
        say("The worker did not stop within 20 seconds.")
        return False


def _rep(org: PocketOrg) -> str:
    """The username of whoever owns the deals."""
    return str(org.org.get_all("User", Id=org.org.get_all("Opportunity")[0]["OwnerId"])[0]["Username"])


def _worker_calls(org: PocketOrg) -> int:
    return sum(call.client.startswith("sfsync/") for call in org.calls)


def _table(acts: list[Act], calls: int) -> None:
    rows = [("Opportunity", "What the rep did", "What appeared", "Seconds")]
    for act in acts:
        seconds = "" if act.seconds is None else f"{act.seconds:.1f}"
        first, *more = _folded(act.appeared)
        rows += [(act.opportunity[:44], act.did, first, seconds), *(("", "", line, "") for line in more)]
    widths = [max(len(row[n]) for row in rows) for n in range(3)]
    say("")
    for n, row in enumerate(rows):
        say("  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=False)) + f"  {row[3]:>7}")
        if n == 0:
            say("  ".join("-" * w for w in [*widths, 7]))
    forms = sum(act.good and ".pdf" in act.appeared for act in acts)
    say(f"\n{forms} forms, {calls} API calls by sfsync: {calls / max(forms, 1):.1f} a form, looking included.")


def _folded(text: str, width: int = 60) -> list[str]:
    """Long messages over several rows of the table."""
    return [line for part in text.splitlines() for line in textwrap.wrap(part, width)]


def say(text: str) -> None:
    """Tell the next bit of the story."""
    print(text, flush=True)  # noqa: T201 (a demo talks)
