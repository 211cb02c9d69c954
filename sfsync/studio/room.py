"""The page over HTTP, on loopback, for one browser.

Other pages that are open in it cannot get in: the Host header must name loopback (a foreign name that resolves to it is
DNS rebinding), a foreign Origin is refused, and whatever says something needs the key of the page's address.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from importlib.resources import files
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sfsync.errors import SfsyncError
from sfsync.studio.desk import Desk

Endpoint = Callable[[Request], Awaitable[Response]]

KEY_HEADER = "x-studio-key"
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_OWN = frozenset({"same-origin", "none"})
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
#: seconds between two looks at the files, and how many there are before a browser asks again
_LOOK_EVERY, _LOOKS = 0.1, 200
#: pixels for each point of the page: sharp on a dense screen
_SCALE = 2.0


class Room:
    """The paths of the page."""

    def __init__(self, desk: Desk, key: str) -> None:
        self._desk, self._key = desk, key
        #: whether whoever waits is sent away
        self.stopping: Callable[[], bool] = lambda: False

    def app(self) -> Starlette:
        """Everything that the browser may ask for."""
        asked = {
            "/state": self._state, "/deals": self._deals, "/fields": self._fields, "/form": self._form,
            "/form.pdf": self._pdf, "/form/{page:int}.png": self._picture,
        }  # fmt: skip
        return Starlette(
            routes=[
                Route("/", self._local(_index)),
                Route("/page/{name}", self._local(_asset)),
                *(Route(path, self._local(self._known(endpoint))) for path, endpoint in asked.items()),
            ]
        )

    def _local(self, endpoint: Endpoint) -> Endpoint:
        """Refuse whoever is not a browser on a page of this server."""

        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            host = request.headers.get("host", "")
            site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
            if urlsplit(f"//{host}").hostname not in _LOOPBACK:
                return _refusal(421, "The studio answers only to its own address.")
            if origin not in {None, f"http://{host}"} or (site and site not in _OWN and request.url.path != "/"):
                return _refusal(403, "The studio answers only to its own page.")
            response = await endpoint(request)
            response.headers.update(_HEADERS)
            return response

        return guarded

    def _known(self, endpoint: Endpoint) -> Endpoint:
        """Refuse whoever does not have the key; say an error of ours as JSON."""

        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            if not secrets.compare_digest(request.headers.get(KEY_HEADER, "").encode(), self._key.encode()):
                return _refusal(403, "Open the address that sfsync studio has printed: its key is missing here.")
            try:
                return await endpoint(request)
            except SfsyncError as error:
                return JSONResponse({"error": str(error)}, 502)

        return guarded

    async def _state(self, request: Request) -> Response:
        """The files and their mistakes, as soon as they are others than those at `since`."""
        since = request.query_params.get("since", "")
        for _ in range(_LOOKS):
            if self._desk.stamp() != since:
                return JSONResponse(await run_in_threadpool(self._desk.state))
            if self.stopping():
                break
            await asyncio.sleep(_LOOK_EVERY)
        return JSONResponse({"stamp": since})

    async def _deals(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._desk.deals, request.query_params.get("q", "")))

    async def _fields(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._desk.fields, request.query_params.get("q", "")))

    async def _form(self, request: Request) -> Response:
        asked = request.query_params
        made = await run_in_threadpool(self._desk.look, asked.get("deal", ""), asked.get("form", ""))
        return JSONResponse({"number": made.number, **made.said})

    async def _pdf(self, _: Request) -> Response:
        pdf = self._desk.made.pdf
        return Response(pdf.content, media_type="application/pdf") if pdf else _refusal(404, "There is no form yet.")

    async def _picture(self, request: Request) -> Response:
        """One page of the form; of this form and no other."""
        made, page = self._desk.made, request.path_params["page"]
        if made.pdf is None or str(made.number) != request.query_params.get("number") or page > made.pdf.pages:
            return _refusal(404, "There is no such page.")
        return Response(await run_in_threadpool(_png, made.pdf.content, page), media_type="image/png")


def _png(content: bytes, page: int) -> bytes:
    out = BytesIO()
    document = pypdfium2.PdfDocument(content)
    document[page - 1].render(scale=_SCALE).to_pil().save(out, "PNG", compress_level=1)
    document.close()
    return out.getvalue()


async def _index(_: Request) -> Response:
    return _file("index.html")


async def _asset(request: Request) -> Response:
    return _file(request.path_params["name"])


def _file(name: str) -> Response:
    kind: Any = _KINDS.get(name.rpartition(".")[2])
    found = files("sfsync.studio") / "page" / name
    if kind is None or "/" in name or "\\" in name or not found.is_file():
        return _refusal(404, "There is no such page.")
    return Response(found.read_bytes(), media_type=kind)


def _refusal(status: int, text: str) -> Response:
    return Response(text, status, _HEADERS, media_type="text/plain")
