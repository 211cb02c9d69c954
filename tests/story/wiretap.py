"""What went over the wire: every field that was asked for, and every field that was written, by object."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sfsync.pocketorg.schema import Schema, SObject
from sfsync.salesforce.api import Api

_LITERAL = re.compile(r"'(?:\\.|[^'\\])*'|\b\d[\w:.-]*")
_NAME = re.compile(r"[A-Za-z_][\w.]*")
_WORDS = frozenset(
    (
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "NULL",
        "ORDER",
        "BY",
        "NULLS",
        "LAST",
        "COUNT",
        "DESC",
        "LIMIT",
    )
)


class Wiretap:
    """Listens to an API's session from now on."""

    def __init__(self, api: Api, schema: Schema) -> None:
        self._schema = schema
        self.read: set[str] = set()
        self.written: set[str] = set()
        self.objects: set[tuple[str, str]] = set()  #: (object, what was done to it)
        api.session.hooks["response"].append(self._heard)

    def _heard(self, response: Any, **_: Any) -> None:
        sent = response.request
        body = json.loads(sent.body) if sent.body else None
        for method, url, inside in _calls(sent.method, sent.url, body):
            self._call(method, url, inside)

    def _call(self, method: str, url: str, body: Any) -> None:
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        if path.endswith("/query"):
            self._query(query["q"][0])
        elif "/sobjects/" in path and not path.endswith("/describe"):
            name, *found_by = unquote(path).partition("/sobjects/")[2].split("/")
            self.objects.add((name, method))
            asked = query.get("fields", [""])[0].split(",")
            self.read |= {f"{name}.{field}" for field in (*asked, *found_by[:1]) if field.endswith("__c")}
            self.written |= {f"{name}.{field}" for field in body or ()}
            if method == "PATCH" and len(found_by) > 1:  # an upsert writes what it is found by, and may create
                self.written.add(f"{name}.{found_by[0]}")
                self.objects.add((name, "POST"))

    def _query(self, soql: str) -> None:
        source = re.search(r"\bFROM (\w+)", soql)
        here = self._schema.get(source[1]) if source else None
        assert here is not None, soql
        self.objects.add((here.name, "GET"))
        for path in _NAME.findall(_LITERAL.sub(" ", soql.replace(f"FROM {here.name}", ""))):
            if path.upper() not in _WORDS:
                self.read |= set(self._fields(here, path))

    def _fields(self, here: SObject, path: str) -> Iterator[str]:
        """Every field on a path's way that a permission set can hide."""
        for step in path.split("."):
            field = here.relationship(step) or here.field(step)
            assert field is not None, f"{here.name}.{path}"
            if field.permissionable:
                yield f"{here.name}.{field.compound or field.name}"
            if field.relationship_name == step:
                here = self._schema.get(field.reference_to[0]) or here


def _calls(method: str, url: str, body: Any) -> Iterator[tuple[str, str, Any]]:
    """The calls within a call: of a composite, a graph, a collection."""
    if url.endswith("/composite"):
        yield from ((each["method"], each["url"], each.get("body")) for each in body["compositeRequest"])
    elif url.endswith("/composite/graph"):
        for graph in body["graphs"]:
            yield from ((each["method"], each["url"], each.get("body")) for each in graph["compositeRequest"])
    elif url.endswith("/composite/sobjects"):
        for record in body["records"]:
            name = record["attributes"]["type"]
            fields = {k: v for k, v in record.items() if k not in {"attributes", "Id"}}
            yield method, f"/sobjects/{name}/{record['Id']}", fields
    else:
        yield method, url, body
