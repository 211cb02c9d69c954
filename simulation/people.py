"""Reps at work, and a journal of what they did: the truth that the org is measured against."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from sfsync.pocketorg.call import Answer, Call
from sfsync.pocketorg.server import PocketOrg
from simulation.history import History
from simulation.timeline import Timeline

STAGE, BEFORE, AFTER = "Order Form", "Qualification", "Closed Won"
WIPED = ("Order_Form_Status__c", "Order_Form_Version__c", "Order_Form_Token__c", "Order_Form_Ready_At__c")
_OURS = (*WIPED, "Order_Form_Message__c", "Order_Form_Requested_At__c")
_VERSION = "62.0"
_HTTP_ERROR = 400
#: deals of one account, on the average
_DEALS_OF_ONE = 4
#: an act follows the one before within seconds, or after a while
_AT_ONCE, _QUICK_SECONDS, _MEAN_SECONDS = 0.4, 20.0, 150.0


@dataclass(slots=True, eq=False)
class Account:
    """A customer, as the reps left it."""

    id: str
    name: str
    city: str
    street: str | None
    deals: list["Deal"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class State:
    """How a deal stands from a moment on: what its form has to say, "" where something is missing, None for no form."""

    at: float
    entry: int
    form: str | None


@dataclass(slots=True, eq=False)
class Deal:
    """An Opportunity, as the reps left it."""

    id: str
    name: str
    account: Account
    stage: str
    note: str = ""
    #: quantity and price of each product, by the line's Id
    lines: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: how often it came into the stage
    entry: int = 0
    deleted: bool = False
    journal: list[State] = field(default_factory=list)

    def form(self) -> str | None:
        """What its form has to say now."""
        if self.stage != STAGE or self.deleted:
            return None
        if not (self.account.street and self.lines):
            return ""
        lines = (f"{quantity} for {quantity * price}" for quantity, price in self.lines.values())
        return says(self.name, self.account.name, self.account.street, self.account.city, lines)


def says(name: str, account: str, street: str, city: str, lines: Iterable[str]) -> str:
    """The words of a form: the stand-in for rendering writes them, the oracle reads them."""
    return "|".join([name, account, street, city, *lines])


class People:
    """All reps of one org."""

    def __init__(
        self, org: PocketOrg, timeline: Timeline, history: History, random: Random, *, meddling: float, go_on: float
    ) -> None:
        self._org, self._timeline, self._history, self._random = org, timeline, history, random
        self._meddling, self._go_on = meddling, go_on
        self._user_id = org.user_id
        self.deals: list[Deal] = []
        self.acts = 0
        self._acts: tuple[Callable[[Deal], None], ...] = (
            self._edit_line, self._edit_twice, self._there_and_back, self._add_line, self._remove_line,
            self._rename, self._take_note, self._move_city, self._forget_street, self._wipe, self._delete_file,
            self._come_again, self._clone, self._delete,
        )  # fmt: skip

    # ------------------------------------------------------------------- plans

    def found(self, number: int) -> None:
        """Fill the org with so many deals on which nobody works yet."""
        random = self._random
        whose = dict.fromkeys(("OwnerId", "CreatedById", "LastModifiedById"), self._user_id)
        with self._org.org.dml.bulk():
            self._pricebook = self._org.org.get_all("Pricebook2")[0]["Id"]
            product = self._org.insert("Product2", {"Name": "Loom", "ProductCode": "L1", "IsActive": True})
            entry = {"Pricebook2Id": self._pricebook, "Product2Id": product, "UnitPrice": 10, "IsActive": True}
            self._entry = self._org.insert("PricebookEntry", entry)
            accounts = [self._account(n, whose) for n in range(number // _DEALS_OF_ONE + 1)]
            for n in range(number):
                self._new_deal(f"Deal {n}", random.choice(accounts), whose)

    def _account(self, number: int, whose: Mapping[str, str]) -> Account:
        street = None if self._random.random() < self._meddling else "525 S. Lexington Ave"
        values = {"Name": f"Customer {number}", "BillingCity": "Burlington", "BillingStreet": street}
        account_id = self._org.insert("Account", {**values, **whose})
        return Account(account_id, values["Name"] or "", "Burlington", street)

    def _new_deal(self, name: str, account: Account, whose: Mapping[str, str]) -> Deal:
        values = {"Name": name, "AccountId": account.id, "StageName": BEFORE, "CloseDate": "2026-12-31"}
        deal_id = self._org.insert("Opportunity", {**values, "Pricebook2Id": self._pricebook, **whose})
        deal = Deal(deal_id, name, account, BEFORE)
        for _ in range(self._random.randint(1, 3)):
            quantity, price = self._random.randint(1, 9), self._random.randint(1, 99)
            line = {"OpportunityId": deal_id, "PricebookEntryId": self._entry, "Quantity": quantity, "UnitPrice": price}
            deal.lines[self._org.insert("OpportunityLineItem", line)] = quantity, price
        self._take(deal)
        return deal

    def _take(self, deal: Deal) -> None:
        self.deals.append(deal)
        deal.account.deals.append(deal)

    def plan(self, seconds: float, begin: float, end: float) -> None:
        """Plan what all do in so many seconds; between which shares of them the deals reach their stage."""
        for deal in self.deals:
            at = self._random.uniform(seconds * begin, seconds * end)
            self._later(at, deal, self._come)
            if not deal.account.street:
                self._later(min(at + self._random.expovariate(1 / _MEAN_SECONDS), seconds), deal, self._mend_street)
            if self._random.random() < self._go_on:
                self._later(min(at + self._random.expovariate(1 / _MEAN_SECONDS), seconds), deal, self._leave)
            for act in self._acts:
                if self._random.random() < self._meddling:
                    self._later(min(at + self._while(), seconds), deal, act)

    def _while(self) -> float:
        if self._random.random() < _AT_ONCE:
            return self._random.uniform(0, _QUICK_SECONDS)
        return self._random.expovariate(1 / _MEAN_SECONDS)

    def _later(self, seconds: float, deal: Deal, act: Callable[[Deal], None]) -> None:
        self._timeline.after(seconds, lambda: self._try(deal, act))

    def _try(self, deal: Deal, act: Callable[[Deal], None]) -> None:
        """Do it; where the record is locked, press Save once more a little later, as everybody does."""
        if deal.deleted:
            return
        try:
            act(deal)
            self.acts += 1
        except _LockedError:
            self._later(2, deal, act)

    @property
    def ways(self) -> dict[str, Callable[[Deal], None]]:
        """Everything that a rep can do with a deal, by name."""
        acts = (self._come, self._leave, self._mend_street, *self._acts)
        return {act.__name__.strip("_"): act for act in acts}

    def do(self, number: int, way: str) -> None:
        """Let a rep do this with that deal, now."""
        self._try(self.deals[number % len(self.deals)], self.ways[way])

    # -------------------------------------------------------------------- acts

    def _come(self, deal: Deal) -> None:
        self._move(deal, STAGE)

    def _leave(self, deal: Deal) -> None:
        self._move(deal, AFTER)

    def _come_again(self, deal: Deal) -> None:
        self._move(deal, BEFORE)
        self._later(self._random.uniform(0, 60), deal, self._come)

    def _move(self, deal: Deal, stage: str) -> None:
        if deal.stage == stage:
            return
        self._write(deal.id, StageName=stage)
        deal.stage = stage
        deal.entry += stage == STAGE
        self._note_down(deal)

    def _edit_line(self, deal: Deal) -> None:
        if deal.lines:
            line = self._random.choice(list(deal.lines))
            self._set_line(deal, line, self._random.randint(1, 9), self._random.randint(1, 99))

    def _there_and_back(self, deal: Deal) -> None:
        if deal.lines:
            line = self._random.choice(list(deal.lines))
            quantity, price = deal.lines[line]
            self._set_line(deal, line, quantity + 10, price)
            self._later(self._random.uniform(0, 30), deal, lambda d: self._set_line(d, line, quantity, price))

    def _edit_twice(self, deal: Deal) -> None:
        """Two changes within one second, which their stamps do not tell apart."""
        self._edit_line(deal)
        self._later(self._random.uniform(0, 1), deal, self._edit_line)

    def _set_line(self, deal: Deal, line: str, quantity: int, price: int) -> None:
        if line in deal.lines and deal.lines[line] != (quantity, price):
            self._call("PATCH", f"/sobjects/OpportunityLineItem/{line}", {"Quantity": quantity, "UnitPrice": price})
            deal.lines[line] = quantity, price
            self._note_down(deal)

    def _add_line(self, deal: Deal) -> None:
        line = {"OpportunityId": deal.id, "PricebookEntryId": self._entry, "Quantity": 1, "UnitPrice": 7}
        deal.lines[self._call("POST", "/sobjects/OpportunityLineItem", line)["id"]] = 1, 7
        self._note_down(deal)

    def _remove_line(self, deal: Deal) -> None:
        if deal.lines:
            line = self._random.choice(list(deal.lines))
            self._call("DELETE", f"/sobjects/OpportunityLineItem/{line}")
            del deal.lines[line]
            self._note_down(deal)

    def _rename(self, deal: Deal) -> None:
        self._write(deal.id, Name=f"{deal.name}, new")
        deal.name += ", new"
        self._note_down(deal)

    def _take_note(self, deal: Deal) -> None:
        self._write(deal.id, NextStep=f"Call {self.acts}")
        deal.note = f"Call {self.acts}"

    def _move_city(self, deal: Deal) -> None:
        self._change_account(deal.account, BillingCity=f"City {self.acts}")

    def _forget_street(self, deal: Deal) -> None:
        self._change_account(deal.account, BillingStreet=None)
        self._later(self._random.uniform(0, 120), deal, self._mend_street)

    def _mend_street(self, deal: Deal) -> None:
        self._change_account(deal.account, BillingStreet="1 Market Street")

    def _change_account(self, account: Account, **values: str | None) -> None:
        self._call("PATCH", f"/sobjects/Account/{account.id}", values)
        account.city = values.get("BillingCity") or account.city
        account.street = values.get("BillingStreet", account.street)
        for deal in account.deals:
            self._note_down(deal)

    def _wipe(self, deal: Deal) -> None:
        """A data load that overwrites what it does not know."""
        self._write(deal.id, **dict.fromkeys(WIPED))

    def _delete_file(self, deal: Deal) -> None:
        links = self._org.org.get_all("ContentDocumentLink", LinkedEntityId=deal.id, IsDeleted=0)
        if links:
            self._call("DELETE", f"/sobjects/ContentDocument/{links[-1]['ContentDocumentId']}")

    def _clone(self, deal: Deal) -> None:
        """Salesforce's own Clone copies our fields, and the products where one wants it."""
        [row] = self._org.org.get_all("Opportunity", Id=deal.id)
        values = {"Name": f"{deal.name} (clone)", "AccountId": deal.account.id, "StageName": deal.stage}
        more = {"CloseDate": "2026-12-31", "Pricebook2Id": self._pricebook, **{name: row[name] for name in _OURS}}
        clone = Deal(
            self._call("POST", "/sobjects/Opportunity", {**values, **more})["id"],
            values["Name"], deal.account, deal.stage, entry=int(deal.stage == STAGE),
        )  # fmt: skip
        self._take(clone)
        self._note_down(clone)
        self._later(self._random.uniform(0, 30), clone, self._add_line)

    def _delete(self, deal: Deal) -> None:
        self._call("DELETE", f"/sobjects/Opportunity/{deal.id}")
        deal.deleted = True
        deal.account.deals.remove(deal)
        self._note_down(deal)

    def lock_some(self) -> None:
        """Let other transactions, such as approvals, hold a tenth of the records for a while."""
        for deal in self._random.sample(self.deals, len(self.deals) // 10 + 1):
            self._org.faults.lock(deal.id)
            self._timeline.after(self._random.uniform(1, 60), partial(self._org.faults.unlock, deal.id))

    def edit_some(self) -> None:
        """Edit a tenth of the deals that stand in the stage, at once."""
        standing = [deal for deal in self.deals if deal.stage == STAGE and not deal.deleted]
        with self._history.by("people"):
            for deal in self._random.sample(standing, (len(standing) + 9) // 10):
                self._try(deal, self._edit_line)

    # ------------------------------------------------------------------- wires

    def _note_down(self, deal: Deal) -> None:
        state = State(self._timeline.seconds, deal.entry, deal.form())
        if not deal.journal or (deal.journal[-1].entry, deal.journal[-1].form) != (state.entry, state.form):
            deal.journal.append(state)

    def _write(self, opportunity_id: str, **values: Any) -> None:
        self._call("PATCH", f"/sobjects/Opportunity/{opportunity_id}", values)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._org.org.answer(
            Call(method=method, path=path, version=_VERSION, user_id=self._user_id, body=body)
        )
        if answer.status >= _HTTP_ERROR:
            raise _refused(answer)
        return answer.body


class _LockedError(Exception):
    """Another transaction holds the record."""


def _refused(answer: Answer) -> Exception:
    code = answer.body[0]["errorCode"]
    return _LockedError() if code == "UNABLE_TO_LOCK_ROW" else AssertionError(f"a rep is refused: {answer.body}")
