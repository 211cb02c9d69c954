"""What reps answer on an `Order_Form__c` row: was this right, and what was not. An org may lack these fields."""

from datetime import datetime

from sfsync.salesforce import soql

OBJECT = "Order_Form__c"
RIGHT, WRONG = "Was_It_Right__c", "What_Was_Wrong__c"
#: read by the worker, written by reps alone
FIELDS = (RIGHT, WRONG)
NO = "No"


def not_right(since: datetime, until: datetime | None = None) -> tuple[str, ...]:
    """Write the conditions on rows that were answered with No in that time.

    The worker never writes a row again, so whoever changed it last has answered.
    """
    begin = f"LastModifiedDate >= {soql.moment(since)}"
    end = (f"LastModifiedDate < {soql.moment(until)}",) if until else ()
    return soql.among(RIGHT, [NO]), begin, *end
