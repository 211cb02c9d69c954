"""What goes wrong on the wire: the planned troubles around a page, and bugs of ours, which end as Salesforce's do."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sfsync.pocketorg.call import Answer, refused
from sfsync.pocketorg.errors import ApiError
from sfsync.pocketorg.faults import Fault, When
from sfsync.pocketorg.org import Org

log = logging.getLogger("sfsync.pocketorg")

Endpoint = Callable[[Request], Awaitable[Response]]

#: bytes of a multipart request. Salesforce takes 2 GB; nobody wants that in the memory of a pocket org
LARGEST_REQUEST = 512 * 2**20
_TOO_DEEP = ApiError(400, "JSON_PARSER_ERROR", "The request is nested too deeply at [line:1, column:1]")
_OURS = ApiError(
    500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support"
)


class Trouble:
    """Puts the org's planned troubles around a page; `send` makes the response of an answer."""

    def __init__(self, org: Org, send: Callable[[Answer], Response]) -> None:
        self._org = org
        self._send = send

    def around(self, page: Endpoint) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            await request.body()
            await asyncio.sleep(self._org.faults.delay())
            before = await self._trouble(request, "before")
            if before is not None:
                return before
            response = await self._safely(request, page)
            return await self._trouble(request, "after", response) or response

        return endpoint

    async def _safely(self, request: Request, page: Endpoint) -> Response:
        try:
            return await page(request)
        except RecursionError:
            return self._send(refused(_TOO_DEEP))
        except Exception:
            log.exception("a bug of the pocket org in %s %s", request.method, request.url.path)
            return self._send(refused(_OURS))

    async def _trouble(self, request: Request, when: When, response: Response | None = None) -> Response | None:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        fault = self._org.faults.take(request.method, path, when, await request.body())
        if fault is None:
            return None
        await asyncio.sleep(fault.seconds)
        if fault.what == "stall":
            return None
        if fault.what == "truncate":
            return Truncated(response)
        if fault.what == "drop":
            _transport(request.scope).abort()
            return Response(status_code=500)
        return self._faulty(fault)

    def _faulty(self, fault: Fault) -> Response:
        if fault.what == "INVALID_SESSION_ID":
            self._org.sessions.close_all()
        status, kind, text = fault.answer()
        if kind:
            return Response(text, status, media_type=kind)
        return self._send(refused(ApiError(status, str(fault.what), text)))


class Truncated(Response):
    """Half of another answer; then the connection ends, although the header promised more."""

    def __init__(self, whole: Response | None) -> None:
        super().__init__(whole.body if whole else b"", whole.status_code if whole else 200)
        if whole is not None:
            self.raw_headers = whole.raw_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        _transport(scope).close()
        await asyncio.sleep(0)  # let the loss of the connection be noticed before we return unfinished
        await asyncio.sleep(0)


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["extensions"]["pocketorg"]["transport"]
    return transport


class Bounded:
    """Refuses a request that is larger than the pocket org takes, before it is in memory."""

    def __init__(self, app: ASGIApp, most: int = LARGEST_REQUEST) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(int(Headers(scope=scope).get("content-length") or 0))
            await self._app(scope, self._counted(receive), send)
        except _TooLargeError:
            await Response(status_code=413, headers={"Connection": "close"})(scope, receive, send)

    def _check(self, size: int) -> None:
        if size > self._most:
            raise _TooLargeError

    def _counted(self, receive: Receive) -> Receive:
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            self._check(size)
            return message

        return counted


class _TooLargeError(Exception):
    """More than we take."""
