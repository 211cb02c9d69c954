"""What is in a pocket org when somebody opens it: the sample company, or as many deals as one likes.

The seed writes as the org itself, through one narrow door, and into an org that has its profiles, users, stages and
standard price book already. Everything in it is made up or known from the samples of a Developer Edition org.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from itertools import count
from typing import Any, Protocol

import yaml

from sfsync.pocketorg.schema import PicklistValue, Schema

REP = "dana.reyes@pocketorg.example"

_OPEN_STAGES = ("Prospecting", "Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review")
#: days from opening a deal to closing it, and at least so many since it was opened
_CYCLE, _NEWEST = 60, 3
#: of a hundred made-up deals so many have a long list of products
_LONG_LISTS = 3


class Insert(Protocol):
    """Writes one record past all permissions, as the org itself, and gives its 18-character Id."""

    def __call__(self, sobject: str, values: dict[str, Any], /) -> str:
        """Insert `values` as JSON has them, under Salesforce's field names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What the seed builds on: Ids of the standard price book and of the profile Standard User, and today."""

    pricebook_id: str
    profile_id: str
    today: date


@dataclass(frozen=True, kw_only=True, slots=True)
class _Item:
    """A product as a deal needs it: its entry in the price book and its list price in USD."""

    entry_id: str
    price: int


def sample(insert: Insert, ground: Ground) -> None:
    """Fill the org with the sample company: a dozen accounts, their contacts, a price book and some thirty deals."""
    owner, items = _common(insert, ground)
    accounts: dict[str, str] = {}
    people: dict[str, str] = {}
    for each in _data("accounts"):
        accounts[each["name"]] = insert("Account", _account(each) | owner)
        for first, last, title, email in each["contacts"]:
            person = _person(accounts[each["name"]], first, last, title, email)
            people[last] = insert("Contact", person | owner | {"Phone": each["phone"]})
    for each in _data("opportunities"):
        deal = _deal(ground, each["name"], accounts[each["account"]], each["stage"], each["closes"])
        opportunity = insert("Opportunity", deal | owner | {"Type": each["type"]})
        _add_role(insert, opportunity, people[each["primary"]])
        _add_lines(insert, opportunity, ((items[code], *rest) for code, *rest in each["lines"]))


def many(number: int, insert: Insert, ground: Ground, *, seed: int = 7) -> None:
    """Fill the org with `number` deals of 1 to 8 products, a few of 20 to 40, none yet in the stage Order Form."""
    owner, items = _common(insert, ground)
    chance, words = random.Random(seed), _data("words")  # noqa: S311 - the same deals at each start
    customers: list[tuple[str, str, str]] = []
    for _ in range(number):
        if not customers or chance.random() < 1 / 3:
            customers.append(_add_customer(insert, chance, words, owner, len(customers) + 1))
        name, account, person = chance.choice(customers)
        name, stage, days = (
            f"{name} {chance.choice(words['needs'])}",
            chance.choice(_OPEN_STAGES),
            chance.randint(1, 99),
        )
        deal = _deal(ground, name, account, stage, days) | owner
        opportunity = insert("Opportunity", deal | {"Type": "New Customer"})
        _add_role(insert, opportunity, person)
        _add_lines(insert, opportunity, _random_lines(chance, list(items.values())))


def list_stages(schema: Schema, rows: Iterable[Mapping[str, Any]]) -> None:
    """Make the picklist StageName say what the rows of OpportunityStage say, in their order."""
    active = sorted((r for r in rows if r["IsActive"]), key=lambda r: r["SortOrder"])
    values = tuple(PicklistValue(value=r["ApiName"], label=r["MasterLabel"]) for r in active)
    for name in ("Opportunity", "OpportunityHistory"):
        sobject = schema.get(name)
        field = sobject.field("StageName") if sobject else None
        if field:
            field.picklist = values


def _data(name: str) -> Any:
    text = (files("sfsync.pocketorg") / "sample" / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def _common(insert: Insert, ground: Ground) -> tuple[dict[str, str], dict[str, _Item]]:
    """Insert what both seeds need: the rep and the products. Gives who owns all, and the items by code."""
    rep = insert("User", _rep(ground.profile_id))
    owner = dict.fromkeys(("OwnerId", "CreatedById", "LastModifiedById"), rep)
    return owner, {row[0]: _add_product(insert, ground, row) for row in _data("products")}


def _rep(profile_id: str) -> dict[str, Any]:
    return {
        "Username": REP,
        "Email": REP,
        "FirstName": "Dana",
        "LastName": "Reyes",
        "Alias": "dreyes",
        "CommunityNickname": "dana.reyes",
        "Title": "Account Executive",
        "Phone": "(415) 555-0134",
        "IsActive": True,
        "ProfileId": profile_id,
        "TimeZoneSidKey": "America/Los_Angeles",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "EmailEncodingKey": "UTF-8",
    }


def _add_product(insert: Insert, ground: Ground, row: list[Any]) -> _Item:
    code, name, family, price, text = row
    product = {"Name": name, "ProductCode": code, "Family": family, "Description": text, "IsActive": True}
    entry = {
        "Pricebook2Id": ground.pricebook_id,
        "Product2Id": insert("Product2", product),
        "UnitPrice": price,
        "IsActive": True,
    }
    return _Item(entry_id=insert("PricebookEntry", entry), price=price)


def _account(each: dict[str, Any]) -> dict[str, Any]:
    plain = {
        "Name": each["name"],
        "Phone": each["phone"],
        "Type": each["type"],
        "Industry": each["industry"],
    }
    return plain | _address(each.get("billing"))


def _address(parts: list[str] | None) -> dict[str, str]:
    """Use one address for billing and shipping; none where there is none."""
    names = ("Street", "City", "State", "PostalCode", "Country")
    filled = [(name, part) for name, part in zip(names, parts or [], strict=False) if part]
    return {kind + name: part for kind in ("Billing", "Shipping") for name, part in filled}


def _person(account: str, first: str, last: str, title: str, email: str) -> dict[str, Any]:
    return {"AccountId": account, "FirstName": first, "LastName": last, "Title": title, "Email": email}


def _deal(ground: Ground, name: str, account: str, stage: str, days: int) -> dict[str, Any]:
    opened = ground.today + timedelta(days=min(days - _CYCLE, -_NEWEST))
    return {
        "Name": name,
        "AccountId": account,
        "StageName": stage,
        "CloseDate": (ground.today + timedelta(days=days)).isoformat(),
        "CreatedDate": f"{opened.isoformat()}T09:00:00.000Z",
        "Pricebook2Id": ground.pricebook_id,
    }


def _add_role(insert: Insert, opportunity: str, person: str) -> None:
    role = {"OpportunityId": opportunity, "ContactId": person, "Role": "Decision Maker", "IsPrimary": True}
    insert("OpportunityContactRole", role)


def _add_lines(insert: Insert, opportunity: str, lines: Iterable[tuple[Any, ...]]) -> None:
    """Insert line items: item, quantity, and as needed a discount in percent and a text."""
    for order, (item, quantity, *rest) in zip(count(1), lines, strict=False):
        line = {
            "OpportunityId": opportunity,
            "PricebookEntryId": item.entry_id,
            "Quantity": quantity,
            "UnitPrice": item.price,
            "SortOrder": order,
        }
        extras = {key: value for key, value in zip(("Discount", "Description"), rest, strict=False) if value}
        insert("OpportunityLineItem", line | extras)


def _add_customer(
    insert: Insert, chance: random.Random, words: dict[str, Any], owner: dict[str, str], number: int
) -> tuple[str, str, str]:
    """Make up a company with one contact. Gives its name, its Id and the contact's."""
    name = " ".join(chance.choice(words[key]) for key in ("firms", "trades", "forms"))
    city, state, postal_code = chance.choice(words["places"])
    street = f"{chance.randint(1, 4000)} {chance.choice(words['streets'])}"
    company = {
        "name": name,
        "phone": f"(555) 01{number % 90 + 10}-{chance.randint(1000, 9999)}",
        "type": "Customer - Direct",
        "industry": "Other",
        "billing": [street, city, state, postal_code, "USA"],
    }
    account = insert("Account", _account(company) | owner)
    first, last, title = (chance.choice(words[key]) for key in ("first_names", "last_names", "titles"))
    person = _person(account, first, last, title, f"contact{number}@customer{number}.example")
    return name, account, insert("Contact", person | owner)


def _random_lines(chance: random.Random, items: list[_Item]) -> list[tuple[Any, ...]]:
    long = chance.randrange(100) < _LONG_LISTS
    length = chance.randint(20, 40) if long else chance.randint(1, 8)
    return [(chance.choice(items), chance.randint(1, 12), chance.choice((0, 0, 0, 5, 10))) for _ in range(length)]
