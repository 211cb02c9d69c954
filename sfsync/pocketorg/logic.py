"""Which object has a logic of its own."""

# ruff: noqa: ARG002 - every logic is given the same, and takes what it needs

from collections.abc import Mapping

from sfsync.pocketorg.data import currency, opportunity, quotes, schedules, task
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.data.work import Logic, Work
from sfsync.pocketorg.rest import chatter, files


class Person(Logic):
    """A person's Name is made of the parts."""

    def before_insert(self, work: Work, row: Row, given: frozenset[str]) -> None:
        parts = (row.get("FirstName"), row.get("LastName"))
        row["Name"] = " ".join(part for part in parts if part)

    def before_update(self, work: Work, old: Row, new: Row, given: frozenset[str]) -> None:
        self.before_insert(work, new, given)


LOGIC: Mapping[str, Logic] = {
    "Contact": Person(),
    "User": Person(),
    "Opportunity": opportunity.Opportunity(),
    "OpportunityLineItem": opportunity.LineItem(),
    "OpportunityLineItemSchedule": schedules.Schedule(),
    "Quote": quotes.Quote(),
    "QuoteLineItem": quotes.QuoteLineItem(),
    "CurrencyType": currency.CurrencyType(),
    "OpportunityContactRole": opportunity.ContactRole(),
    "Task": task.Task(),
    "CollaborationGroup": chatter.CollaborationGroup(),
    "CollaborationGroupMember": chatter.CollaborationGroupMember(),
    "FeedItem": chatter.FeedItem(),
    "ContentVersion": files.ContentVersion(),
    "ContentDocument": files.ContentDocument(),
    "ContentDocumentLink": files.ContentDocumentLink(),
}
