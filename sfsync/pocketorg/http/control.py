"""The control surface: trouble, time, limits and counters over HTTP, for tests that are not written in Python.

It is no part of the emulated API: all of it lies below `/__pocketorg__`, and Salesforce has nothing like it. It
answers a session of a System Administrator, also after it has ended if it was shown here before, so that whoever
revokes all sessions can go on. It counts against no limit and knows no faults.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sfsync.pocketorg import ids
from sfsync.pocketorg.faults import Fault
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.sessions import bearer

ROOT = "/__pocketorg__"
_METHODS = ["GET", "POST", "PATCH", "DELETE"]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


#: what nobody documents, and what an org may therefore do otherwise than most
Oddity = Literal["failed graphs leave files", "keys may be used twice", "deleted rows keep their keys"]


class Settings(_Given):
    """What PATCH sets; what is left out stays. Times are seconds, limits are for 24 hours, storage is bytes."""

    latency: float | None = Field(None, ge=0, le=3600)
    jitter: float | None = Field(None, ge=0, le=3600)
    lock_wait: float | None = Field(None, ge=0, le=3600)
    slow_uploads: float | None = Field(None, ge=0, le=3600)
    slow_files: float | None = Field(None, ge=0, le=3600)
    refuse_files_in_graphs: bool | None = None
    api_limit: int | None = Field(None, ge=0)
    file_limit: int | None = Field(None, ge=0)
    storage: int | None = Field(None, ge=0)
    read_only: bool | None = None
    odd: frozenset[Oddity] | None = None
    session_life: float | None = Field(None, gt=0, le=1e9)


class NewFault(_Given):
    """A fault for the next requests: see `Faults.add`."""

    what: str | int
    path: str = ""
    body: str = ""
    method: str = ""
    times: int = Field(1, ge=1)
    when: Literal["before", "after"] = "before"
    seconds: float = Field(0.0, ge=0, le=3600)


class NewLock(_Given):
    """A record that another transaction holds; without an end where no time is given."""

    id: str
    seconds: float | None = Field(None, ge=0, le=3600)


class Time(_Given):
    """Stand still (now, or at a moment), go ahead by seconds, or run with the machine again; in this order."""

    run: bool = False
    freeze: bool | AwareDatetime = False
    advance: float = Field(0.0, ge=-1e10, le=1e10)


class Control:
    """Answers below /__pocketorg__ with JSON."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._known: set[str] = set()
        self._doors: dict[tuple[str, str], Callable[[bytes], Any]] = {
            ("GET", ""): lambda _: self._state(),
            ("PATCH", ""): self._set,
            ("DELETE", ""): lambda _: self._reset(),
            ("POST", "/faults"): self._add_fault,
            ("POST", "/locks"): self._lock,
            ("DELETE", "/locks"): lambda _: self._org.faults.locks.clear(),
            ("POST", "/clock"): self._move_clock,
            ("DELETE", "/sessions"): lambda _: self._org.sessions.close_all(),
            ("GET", "/requests"): lambda _: self._requests(),
            ("DELETE", "/requests"): lambda _: self._org.calls.clear(),
        }

    def routes(self) -> list[Route]:
        return [Route(ROOT + "{rest:path}", self._answer, methods=_METHODS)]

    def calls(self) -> set[tuple[str, str]]:
        """Every method with its path."""
        return {(method, ROOT + path) for method, path in self._doors}

    async def _answer(self, request: Request) -> Response:
        if not self._may(bearer(request.headers.get("authorization", ""))):
            return JSONResponse({"error": "This needs a session of a System Administrator."}, 401)
        door = self._doors.get((request.method, request.path_params["rest"].rstrip("/")))
        if door is None:
            known = sorted(" ".join(call) for call in self.calls())
            return JSONResponse({"error": "There is nothing here.", "known": known}, 404)
        try:
            return JSONResponse(await run_in_threadpool(door, await request.body()))
        except ValidationError as error:
            return JSONResponse(
                {"error": error.errors(include_url=False, include_context=False, include_input=False)}, 400
            )
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    def _may(self, token: str) -> bool:
        user_id = self._org.sessions.user_of(token)
        if user_id is not None and self._org.dml.access(user_id).objects is None:
            self._known.add(token)
        return token in self._known

    # ------------------------------------------------------------------- doors

    def _state(self) -> dict[str, Any]:
        faults, limits = self._org.faults, self._org.limits
        return {
            "latency": faults.latency,
            "jitter": faults.jitter,
            "lock_wait": faults.lock_wait,
            "slow_uploads": faults.slow_uploads,
            "slow_files": faults.slow_files,
            "refuse_files_in_graphs": faults.refuse_files_in_graphs,
            "api_limit": limits.api,
            "file_limit": limits.files,
            "storage": limits.storage,
            "read_only": limits.read_only,
            "odd": sorted(limits.odd),
            "session_life": self._org.sessions.life.total_seconds(),
            "faults": [_shown(fault) for fault in faults.planned],
            "locks": faults.locks.held(),
            "clock": {"now": _text(self._org.clock()), "frozen": self._org.clock.frozen},
            "requests": self._org.used(),
        }

    def _set(self, body: bytes) -> dict[str, Any]:
        given = Settings.model_validate_json(body).model_dump(exclude_none=True)
        limits = {
            "api_limit": "api",
            "file_limit": "files",
            "storage": "storage",
            "read_only": "read_only",
            "odd": "odd",
        }
        for name, value in given.items():
            if name in limits:
                setattr(self._org.limits, limits[name], value)
            elif name == "session_life":
                self._org.sessions.life = timedelta(seconds=value)
            else:
                setattr(self._org.faults, name, value)
        return self._state()

    def _reset(self) -> dict[str, Any]:
        """All is well again; limits stay as they were set."""
        self._org.faults.clear()
        self._org.limits.read_only, self._org.limits.odd = False, frozenset()
        self._org.clock.run()
        return self._state()

    def _add_fault(self, body: bytes) -> dict[str, Any]:
        given = NewFault.model_validate_json(body)
        try:
            self._org.faults.add(**given.model_dump())
        except re.error as error:
            raise ValueError(f"path or body: {error}") from None
        return self._state()

    def _lock(self, body: bytes) -> dict[str, Any]:
        given = NewLock.model_validate_json(body)
        full = ids.full(given.id)
        if full is None:
            raise ValueError(f"{given.id} is no record's Id")
        if given.seconds is None:
            self._org.faults.lock(full)
        else:
            self._org.faults.lock(full, given.seconds)
        return self._state()

    def _move_clock(self, body: bytes) -> dict[str, Any]:
        given, clock = Time.model_validate_json(body), self._org.clock
        if given.run:
            clock.run()
        if given.freeze:
            clock.freeze(given.freeze if isinstance(given.freeze, datetime) else None)
        clock.advance(timedelta(seconds=given.advance))
        return self._state()

    def _requests(self) -> dict[str, Any]:
        calls = list(self._org.calls)
        counted = Counter((call.method, call.path, call.client, call.status) for call in calls)
        names = ("method", "path", "client", "status", "count")
        return {
            "total": len(calls),
            "counts": [dict(zip(names, (*key, count), strict=True)) for key, count in counted.most_common()],
        }


def _shown(fault: Fault) -> dict[str, Any]:
    return asdict(fault) | {"path": fault.path.pattern, "body": fault.body.pattern.decode()}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
