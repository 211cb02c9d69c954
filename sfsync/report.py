"""What passes and batches came to, for logs, exit codes and whoever watches."""

from dataclasses import dataclass, field
from datetime import datetime

from sfsync.errors import SetupError, SfsyncError


@dataclass(slots=True)
class Report:
    """What one pass came to."""

    moved: int = 0
    made: int = 0
    waiting: int = 0
    restored: int = 0
    failed: int = 0
    later: int = 0
    #: an admin has ticked the switch in Salesforce
    paused: bool = False
    #: what ended the pass early
    error: SfsyncError | None = None

    @property
    def exit_code(self) -> int:
        """0 all well, also when records wait for the rep; 2 the admin must act; 75 try again later."""
        if self.failed or isinstance(self.error, SetupError):
            return 2
        return 75 if self.later or self.error else 0

    def add(self, other: "Report") -> None:
        """Count what another one counted; the first error stays."""
        self.moved += other.moved
        self.made += other.made
        self.waiting += other.waiting
        self.restored += other.restored
        self.failed += other.failed
        self.later += other.later
        self.error = self.error or other.error

    @property
    def numbers(self) -> dict[str, int]:
        """For machines that read the log."""
        names = ("made", "waiting", "restored", "failed", "later")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        parts = {
            "made": self.made,
            "waiting for information": self.waiting,
            "restored": self.restored,
            "failed": self.failed,
            "to be tried again": self.later,
        }
        did = ", ".join(f"{n} {word}" for word, n in parts.items() if n)
        if self.error or self.paused:
            return f"{did or 'nothing done'}; {'stopped early' if self.error else 'paused in Salesforce'}"
        return did or "nothing to do"


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of one batch: which of its records came to their end, and which did not."""

    batch: str
    report: Report = field(default_factory=Report)
    #: when each of those was read that came to their end, by Opportunity Id
    settled: dict[str, datetime] = field(default_factory=dict)
    #: when forms came to lie among the Files, by Opportunity Id
    attached: dict[str, datetime] = field(default_factory=dict)
    #: came to nothing, and wait a while
    failing: set[str] = field(default_factory=set)
    #: those of them that only an admin can mend
    refused: set[str] = field(default_factory=set)
