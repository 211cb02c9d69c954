"""Create, update, upsert and delete: the one way in which rows change, for every resource alike."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

from sfsync.pocketorg import ids, values
from sfsync.pocketorg.data import access as permissions
from sfsync.pocketorg.data import currency, rules
from sfsync.pocketorg.data.access import Access
from sfsync.pocketorg.data.store import Row, Store, is_stored
from sfsync.pocketorg.data.work import Bulk, Limits, Logic, Work
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.locks import Locks
from sfsync.pocketorg.schema import Field, Schema, SObject

Values = Mapping[str, Any]

_FIELD_NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)


class Dml:
    """The org's writes, each of them all or nothing."""

    def __init__(
        self,
        *,
        store: Store,
        schema: Schema,
        clock: Callable[[], datetime],
        logic: Mapping[str, Logic],
        locks: Locks,
        limits: Limits,
    ) -> None:
        self._store = store
        self._schema = schema
        self._clock = clock
        self._logic = logic
        self._locks = locks
        self._limits = limits
        self._access: dict[str, Access] = {}
        self._bulk: Bulk | None = None

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Let what follows from many inserts, such as the Amount from its products, be worked out once at the end."""
        with self._store.transaction():
            self._bulk = bulk = Bulk()
            try:
                yield
                for finish in bulk.finish.values():
                    finish()
            finally:
                self._bulk = None

    # ------------------------------------------------------------------ access

    def access(self, user_id: str) -> Access:
        """What this user may do now."""
        if user_id not in self._access:
            self._access[user_id] = permissions.of_user(user_id, self._store, self._schema)
        return self._access[user_id]

    def forget_access(self, table: str = "User") -> None:
        if table in permissions.TABLES:
            self._access.clear()

    # ------------------------------------------------------------------ writes

    def insert(self, name: str, given: Values, access: Access, *, system: bool = False) -> str:
        """Create a record and give its Id. `system` is the org itself: every field is writable, no permission asked."""
        with nullcontext() if self._bulk else self._store.transaction():
            work = self._work(access)
            sobject = work.sobject(name)
            if not system:
                self._permit(access, sobject, "create")
            row = self._read(sobject, given, access, "createable", system=system)
            written = frozenset(row)
            row = self._empty(sobject) | row
            logic = self._logic_of(sobject)
            if not system:
                rules.check_references(work, sobject, row, written, access)
            currency.fill(work, sobject, row)
            logic.before_insert(work, row, written)
            if not system:
                rules.require(sobject, row, _names(sobject))
            self._number(sobject, row)
            rules.check_unique(work, sobject, row, row)
            record_id = work.add(sobject.name, row)
            if not system:
                rules.validate(work, sobject, record_id, None)
            logic.after_insert(work, row)
        self.forget_access(sobject.name)
        return record_id

    def update(self, name: str, record_id: str, given: Values, access: Access) -> None:
        """Change a record. Raises what Salesforce says where it may or can not be changed."""
        with self._store.transaction():
            work = self._work(access)
            sobject = work.sobject(name)
            old = self.existing(sobject, record_id)
            self._permit(access, sobject, "edit")
            changes = self._read(sobject, given, access, "updateable")
            new = old | changes
            logic = self._logic_of(sobject)
            moved = [key for key in changes if changes[key] != old.get(key)]
            rules.check_references(work, sobject, new, moved, access)
            logic.before_update(work, old, new, frozenset(changes))
            changed = [key for key in new if new[key] != old.get(key)]
            rules.require(sobject, new, changes)
            rules.check_unique(work, sobject, new, changed)
            work.change(sobject.name, old["Id"], {key: new[key] for key in changed}, by_user=True)
            rules.validate(work, sobject, old["Id"], old)
            logic.after_update(work, old, new)
        self.forget_access(sobject.name)

    def delete(self, name: str, record_id: str, access: Access) -> None:
        """Delete a record, and with it the children that cannot live without it."""
        with self._store.transaction():
            work = self._work(access)
            sobject = work.sobject(name)
            row = self.existing(sobject, record_id)
            self._permit(access, sobject, "delete")
            logic = self._logic_of(sobject)
            self._remove(work, sobject, row)
            logic.after_delete(work, row)
        self.forget_access(sobject.name)

    def upsert(self, name: str, key: str, value: Any, given: Values, access: Access) -> tuple[str, bool]:
        """Update the record whose external Id is `value`, or create it. Gives its Id and whether it is new."""
        with self._store.transaction():
            sobject = self._work(access).sobject(name)
            field = external_id(sobject, key, access)
            found = self.by_external_id(sobject, field, value)
            rest = {k: v for k, v in given.items() if k.lower() != field.name.lower()}
            if found:
                self.update(name, found, rest, access)
                return found, False
            own = {} if field.name == "Id" or value is None or value == "" else {field.name: value}
            return self.insert(name, rest | own, access), True

    # ----------------------------------------------------------------- look-up

    def existing(self, sobject: SObject, record_id: str) -> Row:
        """Find the row of a record that is to be changed."""
        full = ids.full(record_id) if isinstance(record_id, str) else None
        if full is None or full[:3] != sobject.key_prefix:
            raise ApiError(400, "MALFORMED_ID", f"Record ID: id value of incorrect type: {record_id}", ["Id"])
        row = self._store.get(sobject.name, full)
        if row is None:
            raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        if row.get("IsDeleted"):
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
        return row

    def by_external_id(self, sobject: SObject, field: Field, value: Any) -> str | None:
        """Find the one record with this external Id. Several are status 300 with the list of their paths."""
        if value is None or value == "":
            return None
        if field.name == "Id":
            return str(self.existing(sobject, value)["Id"])
        wanted = values.stored(field, value)
        rows = self._work(permissions.everything(self._schema, "")).find_text(sobject, field, wanted)
        if len(rows) > 1:
            raise SeveralFound([row["Id"] for row in rows])
        return rows[0]["Id"] if rows else None

    # ------------------------------------------------------------------ inside

    def _empty(self, sobject: SObject) -> Row:
        if self._bulk is None:
            return _defaults(sobject)
        if sobject.name not in self._bulk.empty:
            self._bulk.empty[sobject.name] = _defaults(sobject)
        return self._bulk.empty[sobject.name]

    def _work(self, access: Access) -> Work:
        return Work(self._store, self._schema, self._locks, self._limits, self._clock(), access.user_id, self._bulk)

    def _permit(self, access: Access, sobject: SObject, action: str) -> None:
        if self._limits.read_only:
            text = "Updates can't be made during maintenance. Try again when maintenance is complete."
            raise ApiError(400, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", text, [])
        permit(access, sobject, action)

    def _logic_of(self, sobject: SObject) -> Logic:
        return self._logic.get(sobject.name) or Logic()

    def _remove(self, work: Work, sobject: SObject, row: Row) -> None:
        for child in self._schema.children(sobject.name):
            if child.cascade_delete:
                for each in work.find(child.child, **{child.field: row["Id"]}):
                    self._remove(work, work.sobject(child.child), each)
        work.remove(sobject.name, row["Id"])

    def _number(self, sobject: SObject, row: Row) -> None:
        for field in sobject.fields.values():
            if field.auto_number and not row.get(field.name):
                number = self._store.next_number(f"{sobject.name}.{field.name}")
                row[field.name] = auto_number(field.auto_number, number)

    def _read(self, sobject: SObject, given: Values, access: Access, flag: str, *, system: bool = False) -> Row:
        """Turn the caller's JSON into a row, refusing fields that are unknown, hidden or not writable."""
        row: Row = {}
        refused: list[str] = []
        for key, value in given.items():
            if key == "attributes":
                continue
            field, plain = self._field(sobject, key, value, access)
            if not system and not (getattr(field, flag) and access.editable(sobject.name, field.name)):
                refused.append(field.name)
            else:
                row[field.name] = values.stored(field, plain)
        if refused:
            raise _not_writable(refused)
        return row

    def _field(self, sobject: SObject, key: str, value: Any, access: Access) -> tuple[Field, Any]:
        field = sobject.field(key)
        if field is None and isinstance(value, dict):
            field, value = self._by_relationship(sobject, key, value, access)
        if field is None or not access.readable(sobject.name, field.name):
            raise ApiError(400, "INVALID_FIELD", f"No such column '{key}' on sobject of type {sobject.name}")
        return field, value

    def _by_relationship(self, sobject: SObject, key: str, value: Values, access: Access) -> tuple[Field | None, Any]:
        """`"Account": {"Number__c": "7"}` sets AccountId to the account with that external Id."""
        field = sobject.relationship(key)
        named = [k for k in value if k != "attributes"]
        parent = self._schema.get(field.reference_to[0]) if field and field.reference_to else None
        if field is None or parent is None or len(named) != 1:
            return None, value
        found = self.by_external_id(parent, external_id(parent, named[0], access), value[named[0]])
        if found is None:
            text = f"Foreign key external ID: {value[named[0]]} not found for field {named[0]} in entity {parent.name}"
            raise ApiError(400, "INVALID_FIELD", text, [])
        return field, found


class SeveralFound(ApiError):
    """Several records have the external Id that should name one."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(300, "DUPLICATE_EXTERNAL_ID", "External ID field was specified more than once", [])
        self.found = found


def permit(access: Access, sobject: SObject, action: str) -> None:
    """Refuse what the object or the user's permissions do not allow."""
    verb = {"create": "inserted", "edit": "updated", "delete": "deleted"}[action]
    if not access.can(sobject.name, "read"):
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    if not {"create": sobject.createable, "edit": sobject.updateable, "delete": sobject.deletable}[action]:
        text = f"entity type cannot be {verb}: {sobject.label}"
        raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text, [])
    if not access.can(sobject.name, action):
        if action == "create":
            raise ApiError(
                403, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be {verb}: {sobject.label}", []
            )
        raise ApiError(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])


def external_id(sobject: SObject, name: str, access: Access) -> Field:
    """Find the field that may name a record in a URL: an external Id, an idLookup field, or the Id itself."""
    field = sobject.field(name)
    names_records = field is not None and (field.external_id or field.id_lookup or field.name == "Id")
    if field is not None and names_records and access.readable(sobject.name, field.name):
        return field
    text = f"Provided external ID field does not exist or is not accessible: {name}"
    raise ApiError(404, "NOT_FOUND", text)


def selected(sobject: SObject, names: Iterable[str]) -> list[str]:
    """The names of fields that somebody lists; nothing else gets from there into a query. Raises INVALID_FIELD."""
    found = [name.strip() for name in names]
    wrong = next((name for name in found if not _FIELD_NAME.fullmatch(name)), None)
    if wrong is not None:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{wrong}' on entity '{sobject.name}'")
    return found


def auto_number(display: str, number: int) -> str:
    """Fill a display format: `OF-{00000}` and 7 make OF-00007.

    >>> auto_number("OF-{00000}", 7)
    'OF-00007'
    """
    before, _, rest = display.partition("{")
    zeros, _, after = rest.partition("}")
    return f"{before}{number:0{len(zeros)}d}{after}"


def _not_writable(names: list[str]) -> ApiError:
    text = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set."
    )
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", text, names)


def _defaults(sobject: SObject) -> Row:
    return dict(_default_values(sobject))


def _default_values(sobject: SObject) -> Iterator[tuple[str, Any]]:
    for field in sobject.fields.values():
        if not is_stored(field):
            continue
        if field.default is not None:
            yield field.name, values.stored(field, field.default)
        elif field.createable and field.defaulted_on_create:
            chosen = next((p.value for p in field.picklist if p.default), None)
            if chosen:
                yield field.name, chosen


def _names(sobject: SObject) -> list[str]:
    return [field.name for field in sobject.fields.values()]
