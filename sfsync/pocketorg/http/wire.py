"""HTTP: requests in, answers out, and whatever trouble was planned for them in between."""

import logging
import zlib
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sfsync.pocketorg import xmltext
from sfsync.pocketorg.call import VERSIONS, Answer, Call, refused, split_older_url, split_url
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.http import jsontext
from sfsync.pocketorg.http.auth import Auth
from sfsync.pocketorg.http.control import Control
from sfsync.pocketorg.http.page import Page
from sfsync.pocketorg.http.trouble import Bounded, Trouble
from sfsync.pocketorg.org import ApiCall, Org
from sfsync.pocketorg.sessions import bearer

log = logging.getLogger("sfsync.pocketorg")

_JSON = "application/json;charset=UTF-8"
#: REST API Developer Guide, "Insert or Update Blob Data": the most that a request without multipart may hold
LARGEST_BODY = 52_428_800
_ALL_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
_HEADERS = {
    "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "none",
    "Vary": "Accept-Encoding",
    "Server": "sfdcedge",
}
_SEASONS = ("Summer", "Winter", "Spring")
_SUMMER_2014 = 31


class Protocol(HttpToolsProtocol):
    """Uvicorn's HTTP, with the connection at hand, so that a fault can cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope.setdefault("extensions", {})["pocketorg"] = {"transport": self.transport}


class OneSlash:
    """Takes `//services` for `/services`: Salesforce CLI writes it so after an address that ends in a slash."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path", "").startswith("//"):
            raw: bytes = scope.get("raw_path") or scope["path"].encode()
            scope = {**scope, "path": "/" + scope["path"].lstrip("/"), "raw_path": b"/" + raw.lstrip(b"/")}
        await self._app(scope, receive, send)


class Wire:
    """The HTTP side of an org."""

    def __init__(self, org: Org, auth: Auth, control: Control) -> None:
        self._org = org
        self._auth = auth
        self._control = control

    def app(self) -> Starlette:
        """Build the ASGI application."""
        pages = (
            ("/services/oauth2/token", self._token, ["POST"]),
            ("/services/oauth2/revoke", self._revoke, ["POST", "GET"]),
            ("/services/oauth2/userinfo", self._userinfo, ["GET", "POST"]),
            ("/id/{org}/{user}", self._userinfo, ["GET", "POST"]),
            ("/services/data{slash:path}", self._data, _ALL_METHODS),
            ("/services/async/{path:path}", self._older, _ALL_METHODS),
            ("/services/Soap/{path:path}", self._older, ["POST"]),
            ("/{path:path}", self._elsewhere, _ALL_METHODS),
        )
        trouble = Trouble(self._org, self._send)
        routes = [Route(path, trouble.around(page), methods=methods) for path, page, methods in pages]
        return Starlette(
            routes=[*self._control.routes(), *Page(self._org).routes(), *routes],
            middleware=[Middleware(Bounded), Middleware(OneSlash), Middleware(GZipMiddleware, compresslevel=1)],
        )

    # ------------------------------------------------------------------- pages

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        return self._send(await run_in_threadpool(self._auth.token, form, request.headers.get("authorization", "")))

    async def _revoke(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        return self._send(self._auth.revoke({**request.query_params, **form}.get("token", "")))

    async def _userinfo(self, request: Request) -> Response:
        token = _bearer(request) or request.query_params.get("oauth_token", "")
        return self._send(await run_in_threadpool(self._auth.userinfo, token, request.path_params.get("user")))

    async def _elsewhere(self, request: Request) -> Response:
        log.warning("The pocket org does not speak %s %s", request.method, _target(request))
        return self._send(refused(ApiError(404, "NOT_FOUND", "The requested resource does not exist")))

    async def _data(self, request: Request) -> Response:
        if request.path_params["slash"] in {"", "/"}:
            return self._send(Answer(200, _versions()))
        try:
            call = await self._call(request)
        except ApiError as error:
            return self._send(refused(error))
        return await self._answer(request, call)

    async def _older(self, request: Request) -> Response:
        """Answer the Bulk API and the SOAP APIs, which find the session in other places and refuse in other words."""
        try:
            version, path = split_older_url(_target(request))
            body = await _body(request)
            token = request.headers.get("x-sfdc-session") or _bearer(request) or _soap_session(path, body)
        except ApiError as error:
            return self._send(refused(error))
        call = Call(
            method=request.method,
            path=path,
            version=version,
            user_id=self._org.sessions.user_of(token) or "",
            query=dict(request.query_params),
            headers=dict(request.headers.items()),
            raw=body,
        )
        return await self._answer(request, call)

    async def _answer(self, request: Request, call: Call) -> Response:
        answer = await run_in_threadpool(self._org.answer, call)
        path = self._org.route_name(call.path)
        client = call.headers.get("sforce-call-options", "").partition("client=")[2].partition(",")[0]
        if not self._org.sessions.is_page(_bearer(request)):
            self._org.calls.append(ApiCall(self._org.clock(), call.method, path, answer.status, client))
        return self._send(answer, limit=True, empty=request.method == "HEAD")

    async def _call(self, request: Request) -> Call:
        user_id = self._org.sessions.user_of(_bearer(request))
        if user_id is None:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self._org.used() >= self._org.limits.api and not self._org.sessions.is_page(_bearer(request)):
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        version, path, query = split_url(_target(request))
        body, raw, parts = await _content(request)
        return Call(
            method=query.pop("_HttpMethod", request.method).upper(),
            path=path,
            version=version,
            user_id=user_id,
            query=query,
            headers=dict(request.headers.items()),
            body=body,
            parts=parts,
            raw=raw,
        )

    # ------------------------------------------------------------------ answer

    def _send(self, answer: Answer, *, limit: bool = False, empty: bool = False) -> Response:
        now = self._org.clock().astimezone(UTC)
        headers = _HEADERS | answer.headers | {"Date": format_datetime(now, usegmt=True)}
        if self._org.limits.read_only:
            headers["X-ReadonlyMode"] = "true"
        if limit:
            headers["Sforce-Limit-Info"] = f"api-usage={self._org.used()}/{self._org.limits.api}"
        if answer.raw is not None:
            return Response(answer.raw, answer.status, headers)
        if empty or answer.status in {204, 304}:
            return Response(None, answer.status, headers)
        return Response(jsontext.dumps(answer.body), answer.status, headers | {"Content-Type": _JSON})


def _target(request: Request) -> str:
    """The request's path as it was sent, still percent-encoded, with its query."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


def _bearer(request: Request) -> str:
    return bearer(request.headers.get("authorization", ""))


def _soap_session(path: str, body: bytes) -> str:
    """Read the sessionId in the header of an envelope; "" for another API, or where there is none to be read."""
    try:
        envelope = xmltext.parse(body) if path.startswith("Soap") else None
    except ApiError:
        return ""
    return "" if envelope is None else xmltext.text(envelope, "Header", "SessionHeader", "sessionId")


async def _content(request: Request) -> tuple[Any, bytes, Mapping[str, bytes]]:
    """The JSON of the body, or its bytes where it is CSV, and the binary parts of a multipart one, by name."""
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        try:
            document, parts = await _parts(request)
        except HTTPException as broken:
            raise ApiError(400, "JSON_PARSER_ERROR", f"The multipart body is malformed: {broken.detail}") from None
        return document, b"", parts
    body = await _body(request)
    if len(body) > LARGEST_BODY:
        raise ApiError(400, "JSON_PARSER_ERROR", f"Maximum size of request is {LARGEST_BODY} bytes")
    if kind.startswith("text/csv"):
        return None, body, {}
    return jsontext.loads(body), b"", {}


async def _body(request: Request) -> bytes:
    """The body, unpacked where it came packed; no more of it than fits."""
    body = await request.body()
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return body
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        raise ApiError(400, "INVALID_INPUT", "The body is not gzip, as its Content-Encoding says") from None


async def _parts(request: Request) -> tuple[Any, Mapping[str, bytes]]:
    document: Any = None
    binaries: dict[str, bytes] = {}
    async with request.form(max_part_size=LARGEST_BODY) as form:
        for name, part in form.multi_items():
            if isinstance(part, str):
                document = jsontext.loads(part.encode())
            elif _is_json(part):
                document = jsontext.loads(await part.read())
            else:
                binaries[name] = await part.read()
    return document, binaries


def _is_json(part: UploadFile) -> bool:
    return (part.content_type or "").startswith("application/json")


def _versions() -> list[dict[str, str]]:
    """All versions, each with the release that brought it: three a year since Summer '14."""
    return [
        {"label": _release(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in VERSIONS
    ]


def _release(version: int) -> str:
    since = version - _SUMMER_2014
    return f"{_SEASONS[since % 3]} '{14 + (since + 2) // 3}"
