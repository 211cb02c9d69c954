"""Just enough of both protocols to know that a server lets us in."""

import socket
import struct
from urllib.parse import urlsplit


def answers(url: str) -> bool:
    """Whether the server lets us in: a real PING, or AMQP's whole way to an open virtual host."""
    parts = urlsplit(url)
    greet = redis_answers if parts.scheme == "redis" else rabbitmq_answers
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as sock:
            return greet(sock, parts.username or "", parts.password or "", parts.path[1:])
    except (OSError, EOFError):
        return False


def redis_answers(sock: socket.socket, _user: str, password: str, database: str) -> bool:
    return redis_says(sock, f"AUTH {password}", f"SELECT {database or 0}", "PING")[-2:] == ["+OK", "+PONG"]


def ask_redis(url: str, command: str) -> str:
    """What Redis says to a command of plain words, in the database of the URL."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5) as sock:
        return redis_says(sock, f"AUTH {parts.password}", f"SELECT {parts.path[1:]}", command)[-1]


def redis_says(sock: socket.socket, *commands: str) -> list[str]:
    """The lines of all answers. It is told to hang up after the last one."""
    sock.sendall("\r\n".join([*commands, "QUIT", ""]).encode())
    with sock.makefile() as answers:
        return answers.read().splitlines()[:-1]


def rabbitmq_answers(sock: socket.socket, user: str, password: str, vhost: str) -> bool:
    """AMQP 0-9-1: Start, Start-Ok, Tune, Tune-Ok, Open, Open-Ok, Close, Close-Ok."""

    def short(text: str) -> bytes:
        return bytes([len(text)]) + text.encode()

    login = f"\0{user}\0{password}".encode()
    sock.sendall(b"AMQP\0\0\x09\x01")
    hear(sock, 10)
    say(sock, 11, struct.pack(">I", 0) + short("PLAIN") + struct.pack(">I", len(login)) + login + short("en_US"))
    tune = hear(sock, 30)
    say(sock, 31, tune)
    say(sock, 40, short(vhost) + short("") + b"\0")
    hear(sock, 41)
    say(sock, 50, struct.pack(">H", 200) + short("") + struct.pack(">HH", 0, 0))
    hear(sock, 51)
    return True


def say(sock: socket.socket, method: int, arguments: bytes) -> None:
    """Send a method of AMQP's class 10, connection."""
    payload = struct.pack(">HH", 10, method) + arguments
    sock.sendall(struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce")


def hear(sock: socket.socket, method: int) -> bytes:
    """The arguments of the connection's next method, which must be this one."""
    _, _, length = struct.unpack(">BHI", exactly(sock, 7))
    payload = exactly(sock, length + 1)
    if payload[:4] != struct.pack(">HH", 10, method):
        raise ConnectionRefusedError
    return payload[4:-1]


def exactly(sock: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = sock.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data
