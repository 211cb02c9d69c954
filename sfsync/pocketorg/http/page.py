"""The record page for a browser: its files, its sessions, its bell. All else it does through the public API.

These paths are no part of the emulated API. They answer only a browser that looks at this very server: the Host header
must name loopback (a foreign name that resolves to it is DNS rebinding), and whoever asks for a session must be a page
of ours. A session of the page does not count against the API limit, as no click in Salesforce does.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sfsync.pocketorg import ids
from sfsync.pocketorg.call import Call
from sfsync.pocketorg.data.store import Row
from sfsync.pocketorg.org import Org
from sfsync.pocketorg.sessions import bearer

Endpoint = Callable[[Request], Awaitable[Response]]

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_OWN = frozenset({"same-origin", "none"})
_VERSION = "62.0"
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
#: what a browser may show by itself; anything else, such as HTML, would run as a page of ours
_SHOWN = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
#: the bell counts to 99 and then says so
_MOST_NOTICES = 100
#: a user of this profile has no page
_API_ONLY = "API Only"


@dataclass
class Page:
    """The page's own small room beside an org's API."""

    org: Org
    _read: dict[str, int] = field(default_factory=dict)  #: how many of the org's notices a user has seen, by Id

    def routes(self) -> list[Route]:
        """Give the paths that a browser asks for. A record's are Salesforce's own."""
        return [
            Route("/", _ours(self._index)),
            Route("/lightning/{rest:path}", _ours(self._index)),
            Route("/006{rest}", _ours(self._index)),
            Route("/page/session", _ours(self._session), methods=["POST"]),
            Route("/page/notices", _ours(self._notices)),
            Route("/page/notices/read", _ours(self._mark_read), methods=["POST"]),
            Route("/page/files/{user}/{version}/{name:path}", _ours(self._file)),
            Route("/page/{name}", _ours(self._asset)),
        ]

    # ---------------------------------------------------------------- its files

    async def _index(self, _: Request) -> Response:
        return _asset("index.html")

    async def _asset(self, request: Request) -> Response:
        return _asset(request.path_params["name"])

    # ------------------------------------------------------------- its sessions

    async def _session(self, request: Request) -> Response:
        """Log a user in who is chosen by username; without one, the first who works with records."""
        wanted = (await _json(request)).get("username")
        users = await run_in_threadpool(self._users)
        if not users:
            return _refusal(403, "Nobody can log in.")
        user = next((u for u in users if u["Username"] == wanted), users[0])
        token = self.org.sessions.open(self.org.org_id, user["Id"], page=True)
        people = [{name: each[name] for name in ("Id", "Name", "Username", "Profile")} for each in users]
        answer = JSONResponse({"token": token, "user": user["Id"], "users": people, "version": _VERSION})
        # a link to a file sends no header of ours; one cookie for each user, so that two tabs can be two people
        answer.set_cookie(self._cookie(), token, path=f"/page/files/{user['Id']}", httponly=True, samesite="strict")
        return answer

    def _cookie(self) -> str:
        """Cookies do not know of ports, several pocket orgs may run."""
        return f"session_{urlsplit(self.org.instance_url).port}"

    def _users(self) -> list[Row]:
        """The people who can log in: those who sell first."""
        profiles = {row["Id"]: row["Name"] for row in self.org.get_all("Profile")}
        users = [u | {"Profile": profiles.get(u["ProfileId"], "")} for u in self.org.get_all("User", IsActive=1)]
        people = [u for u in users if _API_ONLY not in u["Profile"]]
        return sorted(people, key=lambda u: (u["Profile"] == "System Administrator", u["Name"] or ""))

    # ----------------------------------------------------------------- its bell

    async def _notices(self, request: Request) -> Response:
        """Give the user's notices, newest first, and a number that changes whenever a row of the org does."""
        user_id = self.org.sessions.user_of(bearer(request.headers.get("authorization", "")))
        if user_id is None:
            return JSONResponse({"message": "Session expired or invalid"}, 401)
        seen = self._read.get(user_id, 0)
        notices = [
            {
                "title": notice.title,
                "body": notice.body,
                "at": notice.at.isoformat(),
                "target": notice.target_id,
                "unread": number >= seen,
            }
            for number, notice in enumerate(list(self.org.notifications))
            if user_id in notice.recipient_ids
        ]
        return JSONResponse({"changes": self.org.store.db.total_changes, "notices": notices[: -_MOST_NOTICES - 1 : -1]})

    async def _mark_read(self, request: Request) -> Response:
        user_id = self.org.sessions.user_of(bearer(request.headers.get("authorization", "")))
        if user_id is None:
            return JSONResponse({"message": "Session expired or invalid"}, 401)
        self._read[user_id] = len(self.org.notifications)
        return Response(status_code=204)

    # ---------------------------------------------------------------- its links

    async def _file(self, request: Request) -> Response:
        """Open a version of a file as the user whose cookie comes along."""
        user_id = self.org.sessions.user_of(request.cookies.get(self._cookie(), ""))
        version = ids.full(request.path_params["version"])
        if user_id is None or user_id != request.path_params["user"] or version is None:
            return _refusal(403, "This session has ended. Load the record's page again.")
        path = f"/sobjects/ContentVersion/{version}/VersionData"
        answer = await run_in_threadpool(
            self.org.answer, Call(method="GET", path=path, version=_VERSION, user_id=user_id)
        )
        if answer.raw is None:
            return _refusal(answer.status, "There is no such file.")
        return _download(request.path_params["name"], answer.raw)


def _ours(page: Endpoint) -> Endpoint:
    """Refuse whoever is not a browser on a page of this server."""

    @wraps(page)
    async def endpoint(request: Request) -> Response:
        host = request.headers.get("host", "")
        if urlsplit(f"//{host}").hostname not in _LOOPBACK:
            return _refusal(421, "The pocket org answers only to its own address.")
        if request.url.path.startswith("/page/") and not _same_origin(request, host):
            return _refusal(403, "The pocket org answers only to its own pages.")
        response = await page(request)
        response.headers.update({name: text for name, text in _HEADERS.items() if name not in response.headers})
        return response

    return endpoint


def _same_origin(request: Request, host: str) -> bool:
    """Whether it is our own page that asks. A POST must say so itself."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if request.method == "POST" and origin is None:
        return False
    return (site is None or site in _OWN) and origin in {None, f"http://{host}"}


def _asset(name: str) -> Response:
    kind = _KINDS.get(name.rpartition(".")[2])
    found = files("sfsync.pocketorg") / "page" / name
    if kind is None or "/" in name or "\\" in name or not found.is_file():
        return _refusal(404, "There is no such page.")
    return Response(found.read_bytes(), media_type=kind)


def _download(name: str, content: bytes) -> Response:
    kind = _SHOWN.get(name.rpartition(".")[2].lower())
    where = "inline" if kind else "attachment"
    disposition = f"{where}; filename*=UTF-8''{quote(name)}"
    headers = {"Content-Disposition": disposition, "Content-Security-Policy": "default-src 'none'; object-src 'self'"}
    return Response(content, media_type=kind or "application/octet-stream", headers=headers)


def _refusal(status: int, text: str) -> Response:
    return Response(text, status, _HEADERS, media_type="text/plain")


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
