"""What the columns of an answer are, for clients that draw a table of it: `GET /query?q=…&columns=true`.

Source: Tooling API, "REST Resources", `/query/?q=…&columns=true`; Salesforce's own CLI asks the data API for the same.
"""

from __future__ import annotations

from typing import Any

from sfsync.pocketorg.query import soql
from sfsync.pocketorg.query.scope import Access
from sfsync.pocketorg.query.terms import AGGREGATES, NUMBERS
from sfsync.pocketorg.schema import Field, Schema, SObject

Column = dict[str, Any]

_APEX_TYPES = {"boolean": "Boolean", "currency": "Decimal", "date": "Date", "datetime": "Datetime", "double": "Double"}
_APEX_TYPES |= {"id": "Id", "int": "Integer", "percent": "Decimal", "reference": "Id"}
_TEXT = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"})


def of_query(text: str, schema: Schema, access: Access) -> dict[str, Any]:
    """Describe the columns of a query that can run; `joinColumns` hold those of parents and of child lists."""
    query = soql.parse(text)
    sobject = schema.get(str(query.source.path))
    assert sobject is not None  # or the query would not have run
    columns = _Columns(schema, access).of(query, sobject)
    return {
        "columnMetadata": columns,
        "entityName": sobject.name,
        "groupBy": bool(query.group),
        "idSelected": any(each["columnName"] == "Id" for each in columns),
        "keyPrefix": sobject.key_prefix or None,
    }


class _Columns:
    def __init__(self, schema: Schema, access: Access) -> None:
        self._schema = schema
        self._access = access

    def of(self, query: soql.Query, sobject: SObject) -> list[Column]:
        columns: list[Column] = []
        for item in query.select:
            if isinstance(item, soql.Query):
                columns.append(self._child_list(item, sobject))
            elif isinstance(item, soql.Item):
                self._add(columns, item, sobject)
        return columns

    def _child_list(self, query: soql.Query, parent: SObject) -> Column:
        name = query.source.path.names[-1]
        found = next(c for c in self._schema.children(parent.name) if c.name.lower() == name.lower())
        child = self._schema.get(found.child)
        assert child is not None
        return _column(found.name, None, aggregate=True, joined=self.of(query, child))

    def _add(self, columns: list[Column], item: soql.Item, sobject: SObject) -> None:
        expression = item.expression
        if isinstance(expression, soql.Path):
            self._add_path(columns, expression.names, sobject)
        elif expression.name == "FIELDS":
            columns += [_column(f.name, f) for f in self._fields(sobject, str(expression.arguments[0]).upper())]
        elif expression.name in AGGREGATES:
            shown = f"{expression.name}({', '.join(map(str, expression.arguments))})"
            number = sum(each["columnName"].startswith("expr") for each in columns)
            column = _column(item.alias or f"expr{number}", None, aggregate=True)
            columns.append(column | {"displayName": item.alias or shown})
        else:
            inner = next((a for a in expression.arguments if isinstance(a, soql.Path)), None)
            columns.append(_column(item.alias or (inner.names[-1] if inner else expression.name), None))

    def _add_path(self, columns: list[Column], names: tuple[str, ...], sobject: SObject | None) -> None:
        """Put `Account.Owner.Name` under Owner under Account, beside what stands there already."""
        name, *rest = names
        field = sobject.field(name) if sobject else None
        if not rest:
            columns.append(_column(field.name if field else name, field))
            return
        reference = sobject.relationship(name) if sobject else None
        if reference is None:  # the first word is the query's alias or the object's own name
            self._add_path(columns, tuple(rest), sobject)
            return
        shown = reference.relationship_name
        home = next((each for each in columns if each["columnName"] == shown and each["joinColumns"]), None)
        if home is None:
            columns.append(home := _column(shown, None))
        target = self._schema.get(reference.reference_to[0]) if len(reference.reference_to) == 1 else None
        self._add_path(home["joinColumns"], tuple(rest), target)

    def _fields(self, sobject: SObject, which: str) -> list[Field]:
        readable = [f for f in sobject.fields.values() if self._access.readable(sobject.name, f.name)]
        return [f for f in readable if which == "ALL" or f.custom == (which == "CUSTOM")]


def _column(name: str, field: Field | None, *, aggregate: bool = False, joined: list[Column] | None = None) -> Column:
    kind = field.type if field else ""
    return {
        "aggregate": aggregate,
        "apexType": _APEX_TYPES.get(kind, "String") if field else None,
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": bool(field and field.custom),
        "displayName": name,
        "foreignKeyName": (field.relationship_name or None) if field else None,
        "insertable": bool(field and field.createable),
        "joinColumns": [] if joined is None else joined,
        "numberType": kind in NUMBERS,
        "textType": kind in _TEXT,
        "updatable": bool(field and field.updateable),
    }
