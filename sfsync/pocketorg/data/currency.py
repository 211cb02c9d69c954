"""Several currencies in one org: each record names its own, and a row of CurrencyType says what it is worth.

Source: Salesforce Help, "Manage Multiple Currencies"; Object Reference, "CurrencyType".
"""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

from collections.abc import Callable, Iterable, Iterator

from sfsync.pocketorg.data.store import Row, Store, quoted
from sfsync.pocketorg.data.work import Logic, Work
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.schema import Field, PicklistValue, Schema, SObject

#: currency, what one unit of the corporate currency is worth in it, whether it is the corporate one
FIRST = (("EUR", 1.0, True), ("USD", 1.1, False), ("GBP", 0.85, False), ("CHF", 0.95, False))


def found(insert: Callable[[str, Row], str], store: Store, schema: Schema) -> None:
    """Open an org's first currencies, where it may have several and has none."""
    if "multicurrency" in schema.features and not store.find("CurrencyType"):
        for iso, rate, corporate in FIRST:
            values = {"IsoCode": iso, "ConversionRate": rate, "DecimalPlaces": 2, "IsActive": True}
            insert("CurrencyType", values | {"IsCorporate": corporate})


def settle(store: Store, schema: Schema) -> None:
    """Count whatever has no currency in the corporate one, as when an admin switches several currencies on."""
    if "multicurrency" not in schema.features:
        return
    listed(schema, store.find("CurrencyType"))
    for sobject, field in _fields(schema):
        sql = f"UPDATE {quoted(sobject.name)} SET {quoted(field.name)} = ? WHERE {quoted(field.name)} IS NULL"  # noqa: S608
        store.db.execute(sql, (_corporate(store),))


def listed(schema: Schema, rows: Iterable[Row]) -> None:
    """Let each currency field list the active currencies, under the names that CurrencyType has for them."""
    kind = schema.get("CurrencyType")
    known = kind.field("IsoCode") if kind else None
    names = {choice.value: choice.label for choice in known.picklist} if known else {}
    active = [row["IsoCode"] for row in rows if row["IsActive"]]
    for _, field in _fields(schema):
        field.picklist = tuple(PicklistValue(value=iso, label=names.get(iso, iso)) for iso in sorted(active))


def fill(work: Work, sobject: SObject, row: Row) -> None:
    """Give a new record the currency of whoever makes it, unless it names one."""
    if row.get("CurrencyIsoCode") is None and sobject.field("CurrencyIsoCode"):
        user = work.store.get("User", work.user_id) or {}
        row["CurrencyIsoCode"] = user.get("DefaultCurrencyIsoCode") or _corporate(work.store)


def _corporate(store: Store) -> str | None:
    rows = store.find("CurrencyType", IsCorporate=1)
    return str(rows[0]["IsoCode"]) if rows else None


def _fields(schema: Schema) -> Iterator[tuple[SObject, Field]]:
    for sobject in schema:
        for name in ("CurrencyIsoCode", "DefaultCurrencyIsoCode"):
            field = sobject.field(name)
            if field:
                yield sobject, field


class CurrencyType(Logic):
    """A currency that comes, goes or changes its rate; the corporate one stays as it is."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        if row.get("IsoCode") and work.find("CurrencyType", IsoCode=row["IsoCode"]):
            raise ApiError(400, "DUPLICATE_VALUE", f"duplicate value found: IsoCode: {row['IsoCode']}", ["IsoCode"])
        if row.get("DecimalPlaces") is None:
            row["DecimalPlaces"] = 2
        _check_rate(row)

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        _check_rate(new)
        if old["IsCorporate"] and (new["ConversionRate"] != 1 or not new["IsActive"]):
            text = "field integrity exception: the corporate currency is active, and its rate is 1"
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", text, ["ConversionRate", "IsActive"])

    def after_insert(self, work: Work, row: Row) -> None:
        listed(work.schema, work.find("CurrencyType"))

    def after_update(self, work: Work, old: Row, new: Row) -> None:
        listed(work.schema, work.find("CurrencyType"))


def _check_rate(row: Row) -> None:
    if row.get("ConversionRate") is not None and row["ConversionRate"] <= 0:
        text = "Conversion Rate: value outside of valid range on numeric field: must be greater than zero"
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", text, ["ConversionRate"])
