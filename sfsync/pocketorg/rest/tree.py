"""sObject Tree: records with their children below them, up to 200 in one call, all or none.

Source: REST API Developer Guide, "sObject Tree".
"""

from collections import Counter
from typing import Any

from sfsync.pocketorg.call import Answer, Call, Params, Route
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.schema import SObject

Record = dict[str, Any]

MOST_RECORDS, MOST_TYPES, MOST_LEVELS = 200, 5, 5


def create(org: Org, call: Call, params: Params) -> Answer:
    """Insert trees of records. The first one that is refused undoes them all; the answer tells of its errors alone."""
    trees = _records(call.body)
    planted = _Planted(org, call)
    planted.check(trees, params["name"])
    with org.store.transaction() as together:
        for tree in trees:
            planted.plant(tree, {})
        together.undone = bool(planted.failures)
    if planted.failures:
        return Answer(400, {"hasErrors": True, "results": planted.failures})
    return Answer(201, {"hasErrors": False, "results": planted.results})


def _records(body: Any) -> list[Record]:
    """The list under `records`, which must hold objects."""
    found = body.get("records") if isinstance(body, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ApiError(400, "JSON_PARSER_ERROR", "The request must hold a list of records under 'records'.")
    return found


class _Planted:
    """The records of one request, and what became of them."""

    def __init__(self, org: Org, call: Call) -> None:
        self._org = org
        self._access = org.access(call)
        self.results: list[Record] = []
        self.failures: list[Record] = []

    # ------------------------------------------------------------------- check

    def check(self, trees: list[Record], root: str) -> None:
        """Refuse what no org would begin with: too much, no or double referenceIds, roots of several types."""
        self._types: set[str] = set()
        self._references: Counter[str] = Counter()
        for tree in trees:
            if self._type(tree).name.lower() != root.lower():
                raise ApiError(400, "INVALID_INPUT", f"Include only records of type {root} at the top of the trees.")
            self._check(tree, 1)
        if self._references.total() > MOST_RECORDS or len(self._types) > MOST_TYPES:
            text = f"A request may hold {MOST_RECORDS} records of {MOST_TYPES} types at most."
            raise ApiError(400, "INVALID_INPUT", text)
        double = [name for name, times in self._references.items() if times > 1]
        if double:
            raise ApiError(400, "INVALID_INPUT", f"Duplicate ReferenceId provided in the request: {double[0]}")

    def _check(self, record: Record, level: int) -> None:
        if level > MOST_LEVELS:
            raise ApiError(400, "INVALID_INPUT", f"A tree may be {MOST_LEVELS} levels deep at most.")
        self._references[_reference(record)] += 1
        sobject = self._type(record)
        self._types.add(sobject.name)
        for _, children in self._children(sobject, record):
            for child in children:
                self._check(child, level + 1)

    def _type(self, record: Record) -> SObject:
        attributes = record.get("attributes")
        name = attributes.get("type") if isinstance(attributes, dict) else None
        found = self._org.schema.get(name) if isinstance(name, str) else None
        if found is None or not self._access.can(found.name, "read"):
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found

    def _children(self, sobject: SObject, record: Record) -> list[tuple[str, list[Record]]]:
        """The lists of children in a record, each with the child's field that refers to it."""
        lists = {key: value for key, value in record.items() if isinstance(value, dict) and "records" in value}
        return [(self._field(sobject, key), _records(value)) for key, value in lists.items()]

    def _field(self, sobject: SObject, key: str) -> str:
        for each in self._org.schema.children(sobject.name):
            if each.name.lower() == key.lower():
                return each.field
        raise ApiError(400, "INVALID_FIELD", f"No such column '{key}' on sobject of type {sobject.name}")

    # ------------------------------------------------------------------- plant

    def plant(self, record: Record, above: Record) -> None:
        """Insert a record and, where that went well, its children; `above` refers to its parent."""
        sobject, reference = self._type(record), _reference(record)
        lists = self._children(sobject, record)
        own = {key: value for key, value in record.items() if key != "attributes" and not _is_list(value)}
        try:
            with self._org.store.transaction():
                record_id = self._org.dml.insert(sobject.name, {**own, **above}, self._access)
        except ApiError as error:
            self.failures.append({"referenceId": reference, "errors": [_error(error)]})
            return
        self.results.append({"referenceId": reference, "id": record_id})
        for field, children in lists:
            for child in children:
                self.plant(child, {field: record_id})


def _is_list(value: Any) -> bool:
    return isinstance(value, dict) and "records" in value


def _reference(record: Record) -> str:
    attributes = record.get("attributes")
    found = attributes.get("referenceId") if isinstance(attributes, dict) else None
    if not isinstance(found, str) or not found:
        raise ApiError(400, "INVALID_INPUT", "Include a reference ID for each record in the request.")
    return found


def _error(error: ApiError) -> Record:
    return {"statusCode": error.code, "message": error.message, "fields": error.fields or []}


ROUTES: tuple[Route[Org], ...] = (Route("/composite/tree/{name}", POST=create),)
