"""What lies between the workers and the org: a proxy that breaks one call in so many, as networks do."""

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from simulation.calls import kind

_HEAD_END = b"\r\n\r\n"
_MAINTENANCE = b"<html><body><h1>We are down for maintenance. Canary Page</h1></body></html>"


class Fault(StrEnum):
    """How a call may end."""

    RESET_BEFORE = "connection reset before the call arrived"
    RESET_AFTER = "connection reset after the commit"
    HALF = "half an answer"
    CUT_JSON = "truncated JSON in a whole answer"
    STALL = "answer after 2 to 9 seconds"
    HTML_503 = "503 with HTML"
    BUSY_429 = "429"
    TWICE = "call delivered twice"
    LATE = "call lands after its connection was reset"


@dataclass(frozen=True, slots=True)
class _Message:
    head: bytes
    body: bytes

    @property
    def first_line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    def __bytes__(self) -> bytes:
        return self.head + self.body


class Proxy:
    """Listens on loopback in a thread of its own. `rate` is the share of calls that go wrong; `closed` is an outage."""

    def __init__(self, upstream: int, rng: random.Random) -> None:
        self.upstream, self._rng = upstream, rng
        self.rate, self.closed = 0.0, False
        self.faults: Counter[str] = Counter()
        #: those that met an open door, by what they were for
        self.calls: Counter[str] = Counter()
        #: those that met a closed one
        self.in_vain = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listener))
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.2))
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while call := await _read(reader):
                self.in_vain += self.closed
                if self.closed or not await self._handle(call, writer):
                    break
        except (OSError, asyncio.IncompleteReadError):
            _reset(writer)
        except asyncio.CancelledError:
            pass  # the campaign is over
        finally:
            _reset(writer) if self.closed else writer.close()

    async def _handle(self, call: _Message, writer: asyncio.StreamWriter) -> bool:
        """Answer one call. False ends the connection."""
        self.calls[kind(call.first_line, call.body)] += 1
        if self._rng.random() >= self.rate:
            return await self._pass(writer, await self._forward(call))
        fault = self._rng.choice(list(Fault))
        self.faults[fault] += 1
        return await self._break(fault, call, writer)

    async def _break(self, fault: Fault, call: _Message, writer: asyncio.StreamWriter) -> bool:  # noqa: PLR0911
        match fault:
            case Fault.RESET_BEFORE:
                return _reset(writer)
            case Fault.LATE:
                asyncio.get_running_loop().call_later(self._rng.uniform(0.2, 6), self._deliver, call)
                return _reset(writer)
            case Fault.HTML_503 | Fault.BUSY_429:
                status = "503 Service Unavailable" if fault is Fault.HTML_503 else "429 Too Many Requests"
                return await self._pass(writer, _answer(status, _MAINTENANCE))
            case Fault.STALL:
                await asyncio.sleep(self._rng.uniform(2, 9))
                return await self._pass(writer, await self._forward(call))
        answer = await self._forward(call)
        match fault:
            case Fault.RESET_AFTER:
                return _reset(writer)
            case Fault.HALF:
                writer.write(answer.head + answer.body[: len(answer.body) // 2])
                await writer.drain()
                return False
            case Fault.CUT_JSON:
                return await self._pass(
                    writer, _answer("200 OK", answer.body[: len(answer.body) // 2], "application/json")
                )
        return await self._pass(writer, await self._forward(call))  # TWICE

    def _deliver(self, call: _Message) -> None:
        task = asyncio.ensure_future(self._forward(call))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _forward(self, call: _Message) -> _Message:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(bytes(call))
            await writer.drain()
            answer = await _read(reader)
            if answer is None:
                raise ConnectionResetError
            return answer
        finally:
            writer.close()

    async def _pass(self, writer: asyncio.StreamWriter, answer: _Message) -> bool:
        writer.write(bytes(self._addressed(answer)))
        await writer.drain()
        return True

    def _addressed(self, answer: _Message) -> _Message:
        """The org names its own address at a login; workers shall come back through here."""
        own = f"http://127.0.0.1:{self.upstream}".encode()
        if own not in answer.body or b"access_token" not in answer.body:
            return answer
        return _answer("200 OK", answer.body.replace(own, self.url.encode()), "application/json")


async def _read(reader: asyncio.StreamReader) -> _Message | None:
    try:
        head = await reader.readuntil(_HEAD_END)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0)
    return _Message(head, await reader.readexactly(length))


def _answer(status: str, body: bytes, kind: str = "text/html") -> _Message:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return _Message(head.encode(), body)


def _reset(writer: asyncio.StreamWriter) -> bool:
    """End with RST, as a router does that has forgotten us."""
    sock = writer.get_extra_info("socket")
    with suppress(OSError):  # gone already
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False
