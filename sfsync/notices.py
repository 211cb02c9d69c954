"""What is told on a record, and by the owner's bell, in the admin's words: pure."""

from sfsync.errors import RecordIncomplete, SfsyncError, TryAgainLater
from sfsync.messages import Messages
from sfsync.records import Notice, Opportunity, OrderForm, Status
from sfsync.said import Gaps


def ready(opportunity: Opportunity, form: OrderForm, words: Messages) -> Notice:
    """The form lies among the record's Files."""
    body = words.ready_again if form.version > 1 else words.ready
    return Notice(
        opportunity_id=opportunity.id,
        owner_id=opportunity.owner_id,
        status=Status.READY,
        message=None,
        title=words.ready_title,
        body=body.format(opportunity=opportunity.name, version=form.version),
    )


def refused(opportunity: Opportunity, error: SfsyncError, words: Messages) -> Notice:
    """There is no form: the rep has something to mend, or the administrator has, or it takes a while."""
    status, title = Status.FAILED, words.failed_title
    if isinstance(error, RecordIncomplete):
        status, title = Status.NEEDS_INFORMATION, words.incomplete_title
        message = error.told(words) if isinstance(error, Gaps) else error.what
    elif isinstance(error, TryAgainLater):
        message = words.delayed.format(reason=error.what)
    else:
        message = words.failed.format(reason=error)
    return Notice(
        opportunity_id=opportunity.id,
        owner_id=opportunity.owner_id,
        status=status,
        message=message,
        title=title,
        body=words.bell.format(opportunity=opportunity.name, message=message),
    )


def is_news(opportunity: Opportunity, notice: Notice) -> bool:
    """Whether the record says something else now."""
    shown = opportunity.shown
    return shown.status != notice.status or (shown.message or "").split() != (notice.message or "").split()
