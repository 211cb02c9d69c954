"""What a row must satisfy before it is written: complete, pointing somewhere, unique, valid."""

# ruff: noqa: S608 - identifiers come from the schema and are quoted, values are always bound

from collections.abc import Collection, Iterable

from sfsync.pocketorg.data.access import Access
from sfsync.pocketorg.data.store import Row, quoted
from sfsync.pocketorg.data.work import Work
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.query import formula
from sfsync.pocketorg.schema import Field, SObject, ValidationRule

#: A field that may point to more kinds than this may point to anything, also to objects that were deployed later.
_POLYMORPHIC = 4


def require(sobject: SObject, row: Row, names: Iterable[str]) -> None:
    """Refuse with every missing field at once."""
    fields = (sobject.field(name) for name in names)
    missing = [f.name for f in fields if f and f.required and row.get(f.name) is None]
    if missing:
        text = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", text, missing)


def check_references(work: Work, sobject: SObject, row: Row, names: Iterable[str], access: Access) -> None:
    """Refuse an Id of the wrong kind, of nothing, of a deleted record, or of what the user may not see."""
    for name in names:
        field = sobject.field(name)
        if field and field.reference_to and row.get(field.name):
            _check_reference(work, field, row[field.name], access)


def _check_reference(work: Work, field: Field, record_id: str, access: Access) -> None:
    target = work.schema.by_prefix(record_id)
    if target is None or (len(field.reference_to) <= _POLYMORPHIC and target.name not in field.reference_to):
        message = f"{field.label}: id value of incorrect type: {record_id}"
        raise ApiError(400, "MALFORMED_ID", message, [field.name])
    found = work.store.get(target.name, record_id)
    if found is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    if found.get("IsDeleted"):
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
    if not access.can(target.name, "read"):
        message = f"insufficient access rights on cross-reference id: {record_id[:15]}"
        raise ApiError(403, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message, [])


def check_unique(work: Work, sobject: SObject, row: Row, names: Collection[str]) -> None:
    """Refuse a value that another row has, naming that row. The recycle bin does not count."""
    for field in sobject.fields.values():
        if field.unique and field.name in names and field.name != "Id" and row.get(field.name) is not None:
            taken = _holder(work, sobject, field, row)
            if taken:
                text = f"duplicate value found: {field.name} duplicates value on record with id: {taken}"
                raise ApiError(400, "DUPLICATE_VALUE", text, [])


def _holder(work: Work, sobject: SObject, field: Field, row: Row) -> str | None:
    if "keys may be used twice" in work.limits.odd:
        return None
    collation = "" if field.case_sensitive else " COLLATE NOCASE"
    bin_counts = "deleted rows keep their keys" in work.limits.odd
    alive = " AND IsDeleted = 0" if sobject.field("IsDeleted") and not bin_counts else ""
    sql = f"SELECT Id FROM {quoted(sobject.name)} WHERE {quoted(field.name)} = ?{collation} AND Id IS NOT ?{alive}"
    found = work.store.db.execute(sql, (row[field.name], row.get("Id"))).fetchone()
    return str(found["Id"]) if found else None


def validate(work: Work, sobject: SObject, record_id: str, old: Row | None) -> None:
    """Refuse the row that was just written where one of the admin's rules is broken, in the admin's words."""
    active = [rule for rule in sobject.rules if rule.active]
    if not active:
        return
    prior = "" if old is None else f", old AS (SELECT {_as_columns(old)})"
    bound = () if old is None else tuple(old.values())
    for rule in active:
        read = formula.compile(rule.formula, sobject, work.schema)
        broken = read.sql("new", "old" if old else None, now=work.at, user_id=work.user_id)
        table = quoted(sobject.name)
        sql = (
            f"WITH new AS (SELECT * FROM {table} WHERE Id = ?){prior} SELECT {broken} FROM new{', old' if old else ''}"
        )
        if work.store.db.execute(sql, (record_id, *bound)).fetchone()[0]:
            _break(rule)


def _as_columns(row: Row) -> str:
    return ", ".join(f"? AS {quoted(column)}" for column in row)


def _break(rule: ValidationRule) -> None:
    fields = [rule.error_field] if rule.error_field else []
    raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)
