"""What a template's filters and tests mean, each with an example that `make docs` runs."""

from collections.abc import Mapping
from typing import NamedTuple

LINES = "Opportunity.OpportunityLineItems"


class Word(NamedTuple):
    """One filter or test."""

    means: str
    example: str


FILTERS: Mapping[str, Word] = {
    "abs": Word("Without its minus.", "-3 | abs"),
    "capitalize": Word("The first letter large, the others small.", '"net 30 DAYS" | capitalize'),
    "date": Word("A day; short, medium, long or full.", 'Opportunity.CloseDate | date("long")'),
    "datetime": Word("A moment in the form's time zone.", "Opportunity.CreatedDate | datetime"),
    "default": Word("Something else where nothing is defined; with true, also where it is empty.",
                    'Opportunity.NextStep | default("none", true)'),
    "first": Word("The first of a list; empty for an empty list.", f"({LINES} | first).Product2.Name"),
    "groupby": Word("Lists with a value in common, as `grouper` and `list`, in the order in which they first appear.",
                    f'({LINES} | groupby("Product2.Family") | first).grouper'),
    "int": Word("A whole number of a text.", '"12" | int'),
    "join": Word("A list as one text.", f'{LINES} | map(attribute="Product2.ProductCode") | join(", ")'),
    "last": Word("The last of a list; empty for an empty list.", f"({LINES} | last).Product2.Name"),
    "length": Word("How many.", f"{LINES} | length"),
    "list": Word("A list of what `map` or `select` found.", f'{LINES} | map(attribute="Quantity") | list | length'),
    "lower": Word("Small letters.", "form.currency | lower"),
    "map": Word("One field of each.", f'{LINES} | map(attribute="Product2.Family") | unique | join(" / ")'),
    "max": Word("The largest, or the record with the largest field.",
                f'({LINES} | max(attribute="Quantity")).Quantity'),
    "min": Word("The smallest, or the record with the smallest field.",
                f'({LINES} | min(attribute="Quantity")).Quantity'),
    "money": Word("An amount in the form's currency.", "Opportunity.Amount | money"),
    "number": Word("A number as the locale writes it.", "1234.5 | number"),
    "percent": Word("A percentage, from Salesforce's number.", "12.5 | percent"),
    "quantity": Word("As number.", f"({LINES} | first).Quantity | quantity"),
    "reject": Word("A list without what a test holds of.", '["a", "", "b"] | reject("eq", "") | join'),
    "rejectattr": Word("A list without those of whose field a test holds.",
                       f'{LINES} | rejectattr("Product2.Family", "eq", "Services") | list | length'),
    "replace": Word("A text with another in place of one.", '"Net 30" | replace("30", "45")'),
    "reverse": Word("From the last to the first.", '["a", "b"] | reverse | join'),
    "round": Word("Rounded half up, to so many digits.", "2.345 | round(2)"),
    "select": Word("A list of what is not empty, or of what a test holds.",
                   '["Burlington", "", "NC"] | select | join(", ")'),
    "selectattr": Word("A list of those whose field is not empty, or of whose field a test holds.",
                       f'{LINES} | selectattr("ServiceDate") | list | length'),
    "sort": Word("By one field or several; empty ones last.",
                 f'({LINES} | sort(attribute="UnitPrice", reverse=true) | first).UnitPrice | money'),
    "sum": Word("Exact; an empty field counts nothing.", f'{LINES} | sum(attribute="TotalPrice") | money'),
    "time": Word("The time of a moment in the form's time zone.", "Opportunity.CreatedDate | time"),
    "title": Word("Each word with a large letter.", '"net 30 days" | title'),
    "trim": Word("Without spaces at its ends.", '"  Burlington " | trim'),
    "truncate": Word("At most so many characters.", '"Burlington Textiles Corp of America" | truncate(22)'),
    "unique": Word("Each only once.", f'{LINES} | map(attribute="Product2.Family") | unique | join(", ")'),
    "upper": Word("Large letters.", "Opportunity.Account.BillingCity | upper"),
}  # fmt: skip

TESTS: Mapping[str, Word] = {
    "defined": Word("There is such a thing at all.", "form.number is defined"),
    "divisibleby": Word("It can be divided.", "10 is divisibleby 5"),
    "eq": Word("Equal; also written `==`. A name for `select` and `selectattr`.", '"a" is eq "a"'),
    "even": Word("An even number.", "2 is even"),
    "false": Word("It is false.", "Opportunity.IsWon is false"),
    "ge": Word(
        "At least; also written `>=`. A day may be compared with a text.", 'Opportunity.CloseDate is ge "2026-12-01"'
    ),
    "gt": Word("More; also written `>`. An empty field is neither more nor less.", "Opportunity.NextStep is gt 0"),
    "in": Word("It is one of several; also written `x in y`.", 'form.currency is in ["EUR", "USD"]'),
    "le": Word("At most; also written `<=`.", "1 is le 1"),
    "lt": Word("Less; also written `<`.", "1 is lt 1"),
    "ne": Word("Not equal; also written `!=`.", '"a" is ne "a"'),
    "none": Word("The field is empty.", "Opportunity.NextStep is none"),
    "number": Word("A number.", "Opportunity.Amount is number"),
    "odd": Word("An odd number.", "3 is odd"),
    "string": Word("A text.", "Opportunity.Name is string"),
    "true": Word("It is true.", "Opportunity.IsWon is true"),
    "undefined": Word("There is no such thing.", "form.number is undefined"),
}
