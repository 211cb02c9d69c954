"""What the org's own database saw: who wrote what, and when. Its triggers see every write, whatever made it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sfsync.pocketorg.data.store import is_stored, quoted
from sfsync.pocketorg.server import PocketOrg
from simulation.timeline import Timeline

# ruff: noqa: S608 - identifiers come from the schema and are quoted

#: what the worker may write, and what the org writes of itself when it does
_OPEN = {"ContentVersion", "ContentDocument", "ContentDocumentLink", "OpportunityHistory"}
_OURS = "Order_Form"
_STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}


class History:
    """Keeps two tables: when each version was made, and every write of the worker where it has no business."""

    def __init__(self, org: PocketOrg, timeline: Timeline) -> None:
        self._db, self._who = org.org.store.db, "people"
        self._db.create_function("now_is", 0, lambda: timeline.seconds)
        self._db.create_function("who_writes", 0, lambda: self._who)
        self._db.execute('CREATE TABLE "-made" (key TEXT, at REAL)')
        self._db.execute('CREATE TABLE "-shown" (id TEXT, status TEXT, at REAL)')
        self._db.execute('CREATE TABLE "-trespass" (what TEXT)')
        self._watch_rows()
        for sobject in org.org.schema:
            if sobject.name == "Opportunity":
                self._watch_fields([f.name for f in sobject.fields.values() if is_stored(f)])
            elif sobject.name not in _OPEN and not sobject.name.startswith(_OURS):
                self._watch_table(sobject.name)

    @contextmanager
    def by(self, who: str) -> Iterator[None]:
        """Say who writes whatever is written now: "worker" or "people"."""
        before, self._who = self._who, who
        try:
            yield
        finally:
            self._who = before

    def _watch_rows(self) -> None:
        self._trigger('AFTER INSERT ON "Order_Form__c"', 'INSERT INTO "-made" VALUES (NEW.Key__c, now_is())')
        self._trigger(
            'AFTER UPDATE OF Order_Form_Status__c ON "Opportunity"',
            'INSERT INTO "-shown" VALUES (NEW.Id, NEW.Order_Form_Status__c, now_is())',
        )

        self._trigger(
            'AFTER INSERT ON "Opportunity" WHEN NEW.Order_Form_Status__c IS NOT NULL',
            'INSERT INTO "-shown" VALUES (NEW.Id, NEW.Order_Form_Status__c, now_is())',
        )

    def _watch_fields(self, names: list[str]) -> None:
        others = [n for n in names if not n.startswith(_OURS) and n not in _STAMPS]
        changed = " OR ".join(f"OLD.{quoted(n)} IS NOT NEW.{quoted(n)}" for n in others)
        self._trespass(f"AFTER UPDATE ON \"Opportunity\" WHEN who_writes() = 'worker' AND ({changed})")
        for event in ("INSERT", "DELETE"):
            self._trespass(f"AFTER {event} ON \"Opportunity\" WHEN who_writes() = 'worker'")

    def _watch_table(self, name: str) -> None:
        for event in ("INSERT", "UPDATE", "DELETE"):
            self._trespass(f"AFTER {event} ON {quoted(name)} WHEN who_writes() = 'worker'")

    def _trespass(self, when: str) -> None:
        what = " ".join(when.split()[:4]).replace('"', "").replace("'", "")
        self._trigger(when, f"INSERT INTO \"-trespass\" VALUES ('{what}')")

    def _trigger(self, when: str, then: str) -> None:
        [number] = self._db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        self._db.execute(f'CREATE TRIGGER "-history {number}" {when} BEGIN {then}; END')

    # ------------------------------------------------------------------ answers

    def made(self) -> dict[str, list[float]]:
        """When rows with each key appeared."""
        found: dict[str, list[float]] = {}
        for key, at in self._db.execute('SELECT key, at FROM "-made" ORDER BY at'):
            found.setdefault(key, []).append(at)
        return found

    def told(self) -> dict[str, list[tuple[float, str | None]]]:
        """What the worker put into the status of each record, and when."""
        found: dict[str, list[tuple[float, str | None]]] = {}
        for record_id, status, at in self._db.execute('SELECT id, status, at FROM "-shown" ORDER BY at'):
            found.setdefault(record_id, []).append((at, status))
        return found

    def trespasses(self) -> list[str]:
        return [what for (what,) in self._db.execute('SELECT what FROM "-trespass"')]
