"""Batches and outcomes as JSON: Ids, numbers and words of ours, nothing of a customer's. Strangers' are refused."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sfsync.errors import Outage, SetupError, SfsyncError, TryAgainLater
from sfsync.records import Batch
from sfsync.report import Outcome, Report
from sfsync.salesforce import soql

_BATCH_ID = re.compile(r"[0-9a-f]{32}")
_KINDS: dict[str, type[SfsyncError]] = {"outage": Outage, "later": TryAgainLater, "setup": SetupError}
_COUNTS = ("made", "waiting", "restored", "failed", "later")


class ForeignError(ValueError):
    """A message that none of ours can have written. It says nothing of what it holds."""


def of_batch(batch: Batch) -> dict[str, Any]:
    """A batch as it travels."""
    return {
        "id": batch.id,
        "failures": dict(batch.failures),
        "left": list(batch.left),
    }


def batch(letter: Any) -> Batch:
    """Read one. Raises ForeignError."""
    with _ours():
        return Batch(
            id=_batch_id(letter["id"]),
            failures={soql.record_id(i): _whole(n) for i, n in letter["failures"].items()},
            left=tuple(map(soql.record_id, letter["left"])),
        )


def of_outcome(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it travels. Of an error it says only what a log may say."""
    report, error = outcome.report, outcome.report.error
    kind = next((name for name, kind in _KINDS.items() if isinstance(error, kind)), "later")
    return {
        "batch": outcome.batch,
        "counts": [getattr(report, name) for name in _COUNTS],
        "paused": report.paused,
        "error": [kind, error.in_log] if error else None,
        "settled": _written(outcome.settled),
        "attached": _written(outcome.attached),
        "failing": sorted(outcome.failing),
        "refused": sorted(outcome.refused),
    }


def outcome(letter: Any) -> Outcome:
    """Read one. Raises ForeignError."""
    with _ours():
        error = letter["error"]
        report = Report(paused=bool(letter["paused"]), error=_KINDS[error[0]](str(error[1])) if error else None)
        for name, number in zip(_COUNTS, letter["counts"], strict=True):
            setattr(report, name, _whole(number))
        return Outcome(
            batch=_batch_id(letter["batch"]),
            report=report,
            settled=_read(letter["settled"]),
            attached=_read(letter["attached"]),
            failing={soql.record_id(i) for i in letter["failing"]},
            refused={soql.record_id(i) for i in letter["refused"]},
        )


class _ours:  # noqa: N801 (reads as a sentence where it stands)
    """Whatever goes wrong with a letter makes it a foreign one."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, LookupError | TypeError | ValueError | AttributeError | OverflowError):
            raise ForeignError(f"not a message of sfsync's ({type(error).__name__})") from None


def _batch_id(value: Any) -> str:
    if not _BATCH_ID.fullmatch(value):
        raise ValueError
    return str(value)


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _written(moments: Mapping[str, datetime]) -> dict[str, str]:
    return {i: moment.isoformat() for i, moment in moments.items()}


def _read(moments: Mapping[str, str]) -> dict[str, datetime]:
    found = {soql.record_id(i): datetime.fromisoformat(text) for i, text in moments.items()}
    if any(moment.tzinfo is None for moment in found.values()):
        raise ValueError
    return found
