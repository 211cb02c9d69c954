"""The pocket org without sockets: its own ASGI application, called in place."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from sfsync.pocketorg.server import PocketOrg

Message = MutableMapping[str, Any]


@dataclass(slots=True)
class Reply:
    """What came back over the wire, as far as it came."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    #: whether the connection was cut before anything came
    reset: bool = False


class _Line:
    """The connection as a fault sees it, which can cut it."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def abort(self) -> None:
        self._reply.reset = True

    def close(self) -> None:
        """Half an answer stays half."""


class Server:
    """Answers requests one by one, each at the moment at which it is handed over."""

    def __init__(self, org: PocketOrg) -> None:
        self.org = org
        self._app = org.app()
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self.org.stop()

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Let the org answer; a fault that was planned for it happens on the way."""
        reply = Reply()
        self._loop.run_until_complete(self._call(_scope(method, url, headers, reply), body, reply))
        return reply

    @contextmanager
    def after_next_query(self, act: Callable[[], None]) -> Iterator[None]:
        """Do something within the call that is now handed over, as soon as its first query is answered."""
        org, query = self.org.org, self.org.org.query
        todo = [act]

        def interrupted(*args: Any, **more: Any) -> Any:
            result = query(*args, **more)
            while todo:
                todo.pop()()
            return result

        org.query = interrupted  # type: ignore[method-assign]  # for the length of one call
        try:
            yield
        finally:
            org.query = query  # type: ignore[method-assign]

    async def _call(self, scope: Message, body: bytes, reply: Reply) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]]
            else:
                reply.body += message.get("body", b"")

        await self._app(scope, receive, send)


def _scope(method: str, url: str, headers: Mapping[str, str], reply: Reply) -> Message:
    parts = urlsplit(url)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "server": (parts.hostname, 443),
        "client": ("127.0.0.1", 50000),
        "root_path": "",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()],
        "extensions": {"pocketorg": {"transport": _Line(reply)}},
    }
