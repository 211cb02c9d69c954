"""Pocket orgs in a process of their own, so that their time is never taken for ours, and what they saw of us.

`Orgs(...)` starts the process and speaks to it in lines of JSON; `python -m benchmarks.scale.orgs` is that process.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import setting
from sfsync.pocketorg import ids
from sfsync.pocketorg.server import PocketOrg

ROOT = Path(__file__).parents[2]
METADATA = [ROOT / "config" / "salesforce"]
#: what Salesforce might take for a call, and for each file in it; measured orgs differ by a factor of ten
CALL_SECONDS, FILE_SECONDS = 0.1, 0.02


#: deals beyond these are copies, closed long ago, with their lines: the org's own logic takes minutes for so many
_SEEDED = 10_000


class _Timed:
    """Around an org: when each call of ours began and ended, as the org saw it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.seen: list[tuple[float, float, bool]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        ours = scope["type"] == "http" and any(
            name == b"sforce-call-options" and b"client=sfsync/" in value for name, value in scope["headers"]
        )
        began = time.monotonic()
        try:
            await self._app(scope, receive, send)
        finally:
            if ours:
                self.seen.append((began, time.monotonic(), scope["path"].endswith("/composite/graph")))


class _Org(PocketOrg):
    """A pocket org, switched on, whose calls are timed."""

    def __init__(self, deals: int) -> None:
        super().__init__(seed=min(deals, _SEEDED) or "none", metadata=METADATA)
        if deals > _SEEDED:
            _copy(self, deals - _SEEDED)
        self.insert("Order_Form_Settings__c", {"Key__c": "only", "Switched_On__c": "2020-01-01T00:00:00.000+0000"})
        self.api_limit, self.file_limit = 5_000_000, 5_000_000
        self.timed: _Timed

    def app(self) -> Any:
        self.timed = _Timed(super().app())
        return self.timed


def _copy(org: PocketOrg, number: int) -> None:
    """Fill the org with so many closed deals more, past all its logic."""
    store, done = org.org.store, {"StageName": "Closed Won", "IsClosed": 1, "IsWon": 1}
    deals, lines = store.find("Opportunity"), store.find("OpportunityLineItem")
    copies = {ids.numbered("006", 10**9 + n): deals[n % len(deals)] for n in range(number)}
    of_deal: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        of_deal.setdefault(line["OpportunityId"], []).append(line)
    new_id = (ids.numbered("00k", 10**9 + n) for n in count())
    with store.transaction():
        _insert(org, "Opportunity", [{**deal, **done, "Id": i} for i, deal in copies.items()])
        its_lines = ((i, line) for i, deal in copies.items() for line in of_deal.get(deal["Id"], ()))
        _insert(org, "OpportunityLineItem", [{**line, "OpportunityId": i, "Id": next(new_id)} for i, line in its_lines])


def _insert(org: PocketOrg, table: str, rows: Sequence[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{column}"' for column in rows[0])
    places = ", ".join("?" * len(rows[0]))
    text = f'INSERT INTO "{table}" ({columns}) VALUES ({places})'
    org.org.store.db.executemany(text, (tuple(row.values()) for row in rows))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one org saw of us; moments on the machine's monotonic clock, which all processes share."""

    calls: int
    uploads: int
    #: of the first call, of the first upload, and the end of the last upload
    began: float
    first_upload: float
    last_upload: float
    #: in which at least one upload was under way
    busy: float

    @property
    def share(self) -> float:
        """Of the time from the first upload to the end of the last."""
        return self.busy / (self.last_upload - self.first_upload)


def _seen(timed: _Timed) -> Seen:
    calls = sorted(timed.seen)
    uploads = [(began, ended) for began, ended, uploads in calls if uploads]
    busy, until = 0.0, 0.0
    for began, ended in uploads:
        busy += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return Seen(
        calls=len(calls),
        uploads=len(uploads),
        began=calls[0][0] if calls else 0.0,
        first_upload=uploads[0][0] if uploads else 0.0,
        last_upload=until,
        busy=busy,
    )


def _answer(orgs: Sequence[_Org], do: str, given: dict[str, Any]) -> Any:
    some = orgs if given.get("org") is None else [orgs[given["org"]]]
    if do == "ways_in":
        return [
            {"SF_LOGIN_URL": org.instance_url, "SF_CLIENT_ID": org.client_id, "SF_CLIENT_SECRET": org.client_secret}
            for org in orgs
        ]
    for org in some:
        if do == "move":
            assert len(setting.move(org, given["number"])) == given["number"], "the org has too few deals"
        elif do == "slow":
            org.faults.latency, org.faults.slow_files = given["call"], given["file"]
        elif do == "forget":
            org.timed.seen.clear()
    if do == "made":
        return [setting.made(org) for org in some]
    return [vars(_seen(org.timed)) for org in some] if do == "seen" else None


def main(number: int, deals: int) -> None:
    """Serve so many orgs with so many deals each, until standard input ends."""
    orgs = [_Org(deals).start() for _ in range(number)]
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_answer(orgs, asked.pop("do"), asked)), flush=True)


class Orgs:
    """So many pocket orgs, each with so many deals, none of them in the stage yet."""

    def __init__(self, count: int, deals: int) -> None:
        command = [sys.executable, "-m", "benchmarks.scale.orgs", str(count), str(deals)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.pid, self.count = self._process.pid, count

    def __enter__(self) -> Self:
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n", "the pocket orgs did not start"
        self.ways_in: list[dict[str, str]] = self._ask("ways_in")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def _ask(self, do: str, **given: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the pocket orgs ended"
        return json.loads(answer)

    def move(self, number: int, org: int | None = None) -> None:
        """Move so many complete deals of each org, or of one, to the stage."""
        self._ask("move", number=number, org=org)

    def slow(self, call: float = CALL_SECONDS, file: float = FILE_SECONDS) -> None:
        """Let each call and each file take its time."""
        self._ask("slow", call=call, file=file)

    def forget(self) -> None:
        """Count calls anew."""
        self._ask("forget")

    def made(self) -> list[int]:
        """Forms that each org has."""
        found: list[int] = self._ask("made")
        return found

    def seen(self) -> list[Seen]:
        return [Seen(**each) for each in self._ask("seen")]

    def wait(self, number: int, *, patience: float = 1800, every: float = 0.05) -> float:
        """Until all orgs together have so many forms; gives back how long that took."""
        began = time.monotonic()
        while sum(self.made()) < number:
            assert time.monotonic() - began < patience, f"only {sum(self.made())} of {number} forms came"
            time.sleep(every)
        return time.monotonic() - began


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
