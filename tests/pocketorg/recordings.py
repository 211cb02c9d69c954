"""Recorded exchanges of real orgs, and an org that has just what they speak of."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

from sfsync.pocketorg import PocketOrg, ids
from sfsync.pocketorg.schema import Field, PicklistValue, SObject

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "salesforce" / "recorded" / "rest"

_RATINGS = tuple(PicklistValue(value=value, label=value) for value in ("Excellent", "Good"))
#: what the recorded orgs' own fields are, beyond what their values show
_KINDS: dict[str, dict[str, Any]] = {
    "Rating__c": {"type": "picklist", "restricted": True, "picklist": _RATINGS},
    "ReleaseDate__c": {"type": "date"},
    "Website__c": {"type": "url", "length": 255, "nillable": False},
    "email_field__c": {"type": "email", "length": 80},
    "Franchise__c": {"type": "reference", "reference_to": ("Franchise__c",), "relationship_name": "Franchise__r"},
}
_OBJECTS = {
    "Movie__c": ("Rating__c", "ReleaseDate__c", "Franchise__c"),
    "Franchise__c": (),
    "Spaceship__c": ("Website__c",),
}
#: what a record cannot be made without
_REQUIRED = {
    "User": {"Username": "u@recorded.example", "LastName": "x", "Alias": "x", "Email": "u@recorded.example"},
    "ContentVersion": {"Title": "x", "PathOnClient": "x.bin", "VersionData": "eA=="},
}
_ID = re.compile(r"\b[0-9a-zA-Z]{18}\b")


@dataclass(frozen=True)
class Exchange:
    """A request that somebody sent to Salesforce, and its answer."""

    name: str
    method: str
    path: str
    body: Any
    status: int
    answer: Any
    headers: frozenset[str] = frozenset()
    first: bool = True  #: whether the org knows nothing yet of what was said before


def sf_functions() -> Iterator[Exchange]:
    for path in sorted((FOLDER / "sf-functions-python").glob("*.json")):
        recorded = json.loads(path.read_text(encoding="utf-8"))
        request, response = recorded["request"], recorded["response"]
        query = request.get("queryParameters", {}).get("q", {}).get("equalTo")
        body = request["bodyPatterns"][0].get("equalToJson")
        text = response.get("body") or ""
        yield Exchange(
            path.stem,
            request["method"],
            request.get("urlPath", request.get("url", "")) + (f"?q={query}" if query else ""),
            json.loads(body) if body else None,
            response["status"],
            json.loads(text) if text[:1] in ("{", "[") else text,
            frozenset(name.title() for name in response["headers"]),
        )


def grouparoo() -> Iterator[Exchange]:
    for path in sorted((FOLDER / "grouparoo").glob("*.json")):
        for number, each in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            query = "&".join(f"{key}={unquote(value)}" for key, value in each.get("query", {}).items())
            target = each["path"] + (f"?{query}" if query else "")
            headers = frozenset(name.title() for name in each["headers"][::2])
            yield Exchange(
                f"{path.stem}-{number}",
                each["method"],
                target,
                each.get("body"),
                each["status"],
                each["response"],
                headers,
            )


def cumulusci() -> Iterator[Exchange]:
    """The exchanges of the cassettes that were kept whole; many were cut by those who keep them."""
    for path in sorted((FOLDER / "cumulusci-cassettes").glob("*.yaml")):
        interactions = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
        first = True
        for number, each in enumerate(interactions):
            if "request" not in each:
                continue
            request, response = each["request"], each["response"]
            text, body = response["body"]["string"] or "", request["body"]
            if not isinstance(text, str):  # cut by those who keep it
                continue
            target = re.sub(r"https://[^/]+", "", request["uri"]).replace("vxx.0", "v66.0")
            yield Exchange(
                f"{path.stem}-{number}",
                request["method"],
                unquote(target).replace("+", " "),
                json.loads(body.replace("vxx.0", "v66.0")) if body and body[:1] in "{[" else body,
                response["status"]["code"],
                json.loads(text.replace("vxx.0", "v66.0")) if text[:1] in ("{", "[") else text,
                first=first,
            )
            first = False


# -- an org that fits --------------------------------------------------------------------------------------------------


def furnish(org: PocketOrg, exchange: Exchange) -> None:
    """Give the org the objects, fields and records that the exchange speaks of."""
    for name, fields in _OBJECTS.items():
        if exchange.path.startswith("/services/data/v53.0"):
            _object(org, name, dict.fromkeys(fields))
    if isinstance(exchange.body, dict):
        for record in exchange.body.get("records", ()):
            _object(org, record["attributes"]["type"], record)
    for number, record in enumerate(_records(exchange.answer) if exchange.first else ()):
        _record(org, _asked_for(exchange, number) | record)
    if exchange.first and isinstance(exchange.answer, dict) and "nextRecordsUrl" in exchange.answer:
        kind = exchange.answer["records"][0]["attributes"]["type"]
        for _ in range(exchange.answer["totalSize"] - len(exchange.answer["records"])):
            org.insert(kind, {"Name": "x"})
    if exchange.method != "GET" or exchange.path.endswith("/VersionData"):
        for record_id in sorted(set(_ID.findall(f"{exchange.path} {json.dumps(exchange.body)}"))):
            _named(org, record_id, exchange)


def _asked_for(exchange: Exchange, number: int) -> dict[str, Any]:
    """What a record of the answer must have for the query to find it: WHERE Email IN ('a', 'b')."""
    found = re.search(r"WHERE (\w+) (?:=|IN) \(?('.*')", exchange.path)
    wanted = re.findall(r"'([^']*)'", found[2]) if found else []
    return {found[1]: wanted[number % len(wanted)]} if found and wanted else {}


def empty(org: PocketOrg) -> None:
    """Take out what the exchange before left."""
    for name in ("Account", "Contact", "Opportunity"):
        org.org.store.db.execute(f'DELETE FROM "{name}"')
    for sobject in org.org.schema:
        if sobject.custom:
            org.org.store.db.execute(f'DELETE FROM "{sobject.name}"')


def _records(value: Any) -> Iterator[dict[str, Any]]:
    """Every record in an answer, parents before those that name them."""
    if isinstance(value, list):
        for each in value:
            yield from _records(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _records(each)
        if "url" in value.get("attributes", {}):
            yield value


def _object(org: PocketOrg, name: str, values: dict[str, Any], record_id: str = "") -> SObject | None:
    """The object, made with fields after these values where it is a custom one that nobody made yet."""
    schema = org.org.schema
    sobject = schema.get(name)
    if sobject is None and name.endswith("__c"):
        sobject = SObject(
            name=name, label=name, label_plural=name, key_prefix=record_id[:3] or f"a{len(list(schema)):02}"
        )
        account = schema.get("Account")
        assert account is not None
        system = ("id", "isdeleted", "ownerid", "createddate", "createdbyid", "lastmodifieddate", "lastmodifiedbyid")
        for key in (*system, "systemmodstamp"):
            sobject.add(account.fields[key])
        sobject.add(Field(name="Name", label="Name", type="string", length=80, name_field=True))
        sobject.custom = True
        schema.add(sobject)
    if sobject is not None:
        new = [key for key in values if key.endswith("__c") and sobject.field(key) is None]
        for key in new:
            sobject.add(_custom_field(key, values[key]))
        org.org.store.migrate()
    return sobject


def _custom_field(name: str, value: Any) -> Field:
    kind = {bool: "boolean", float: "double", int: "double"}.get(type(value), "string")
    facts: dict[str, Any] = {"type": kind, "nillable": kind != "boolean", "precision": 18, "scale": 2, "length": 255}
    label = name.removesuffix("__c")
    return Field(name=name, label=label, custom=True, **facts | _KINDS.get(name, {}))


def _record(org: PocketOrg, record: dict[str, Any]) -> None:
    record_id = record["attributes"]["url"].rpartition("/")[2]
    sobject = _object(org, record["attributes"]["type"], record, record_id)
    if sobject is None or ids.full(record_id) is None:
        return
    fields = [f for f in sobject.fields.values() if f.name in record and f.type not in {"address", "base64"}]
    row = {f.name: record[f.name] for f in fields if record[f.name] is not None} | {"Id": record_id}
    for key, value in record.items():
        parent = (
            sobject.relationship(key) if isinstance(value, dict) and "url" in (value.get("attributes") or {}) else None
        )
        if parent:
            row[parent.name] = value["attributes"]["url"].rpartition("/")[2]
        for child in value.get("records", ()) if isinstance(value, dict) else ():
            found = next(c for c in org.org.schema.children(sobject.name) if c.name == key)
            org.org.store.update(found.child, child["attributes"]["url"].rpartition("/")[2], {found.field: record_id})
    if not org.org.store.get(sobject.name, record_id):
        org.insert(sobject.name, _REQUIRED.get(sobject.name, {}) | row)
    org.org.store.update(sobject.name, record_id, {key: _stored(value) for key, value in row.items()})


def _stored(value: Any) -> Any:
    """As the tables hold it: an instant without its offset."""
    return f"{value[:-5]}Z" if isinstance(value, str) and re.search(r"T.*\+0000$", value) else value


def _named(org: PocketOrg, record_id: str, exchange: Exchange) -> None:
    """A record that is to be changed or deleted, under the Id that the request names."""
    if ids.full(record_id) != record_id:
        return
    named = re.search(r"/sobjects/(\w+)/", f"{exchange.path} {json.dumps(exchange.body)}")
    sobject = org.org.schema.by_prefix(record_id) or _object(org, named[1] if named else "", {})
    if sobject is None or org.org.store.get(sobject.name, record_id):
        return
    sobject.key_prefix = record_id[:3]
    row = {"Id": record_id, "Name": "x", "LastName": "x", "Title": "x", "PathOnClient": "x.bin", "VersionData": "eA=="}
    org.insert(sobject.name, {key: value for key, value in row.items() if sobject.field(key)})
