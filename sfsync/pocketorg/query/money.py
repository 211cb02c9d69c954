"""Money of records in several currencies, as SQL: what it is worth in the corporate currency, and in the user's.

Source: SOQL and SOSL Reference, "Querying Currency Fields in Multicurrency Orgs": a literal such as USD5000 is
compared by worth and a bare number by its digits, rows sort by worth, aggregates are in the corporate currency.
"""

from __future__ import annotations

from sfsync.pocketorg.query.scope import Column, Scope

_RATE = '(SELECT r."ConversionRate" FROM "CurrencyType" AS r WHERE r."IsoCode" = {0})'
#: what one unit of the currency named by a bound value is worth
BOUND = f"round(? / {_RATE.format('?')}, 6)"


def is_converted(scope: Scope, column: Column | None) -> bool:
    """Whether the column holds money of a record that names its currency."""
    return bool(scope.asked.currency and column and column.field.type == "currency" and iso_sql(scope, column))


def iso_sql(scope: Scope, column: Column) -> str:
    """The SQL of the currency of the record that the column belongs to; empty where its object has none."""
    if column.sobject is None or column.sobject.field("CurrencyIsoCode") is None:
        return ""
    table = column.steps[-1].id_sql.split(".")[0] if column.steps else scope.table
    return f'{table}."CurrencyIsoCode"'


def corporate(scope: Scope, column: Column) -> str:
    return f"round({column.sql} / {_RATE.format(iso_sql(scope, column))}, 6)"


def users(scope: Scope, column: Column) -> str:
    """In the currency of whoever asks. Its code comes from the org's own list, never from the query."""
    code = "'" + scope.asked.currency.replace("'", "") + "'"
    return f"round({column.sql} / {_RATE.format(iso_sql(scope, column))} * {_RATE.format(code)}, 6)"
