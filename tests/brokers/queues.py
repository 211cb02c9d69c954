"""What lies in a queue of sfsync's, and what a stranger puts there."""

import json

import dramatiq
import pika
import redis
from dramatiq.encoder import JSONEncoder

WORK, CLOCK = "sfsync.here.work", "sfsync.here.clock"


def length(url: str, queue: str = WORK) -> int:
    """How many messages wait in it; none where there is no such queue yet."""
    if url.startswith("redis"):
        with redis.Redis.from_url(url) as client:
            return client.llen(f"sfsync:{queue}")
    try:
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            return connection.channel().queue_declare(queue, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        return 0


def put(url: str, data: bytes, queue: str = WORK, number: str = "7") -> None:
    """As a stranger with the password does."""
    if url.startswith("redis"):
        with redis.Redis.from_url(url) as client:
            client.hset(f"sfsync:{queue}.msgs", number, data)
            client.rpush(f"sfsync:{queue}", number)
        return
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        connection.channel().basic_publish("", queue, data)


def aside(url: str, queue: str = WORK) -> int:
    """How many were set aside."""
    if url.startswith("redis"):
        with redis.Redis.from_url(url) as client:
            return client.zcard(f"sfsync:{queue}.XQ")
    return length(url, f"{queue}.XQ")


def strangers(queue: str) -> list[bytes]:
    """Messages that none of ours wrote, each in its own way."""

    def message(actor: str = "serve", to: str = queue, args: tuple = ("CANARY", {"id": "CANARY"}), **options) -> bytes:
        written = dramatiq.Message(queue_name=to, actor_name=actor, args=args, kwargs={}, options=options)
        return JSONEncoder().encode(written.asdict())

    return [
        b"\xff\x00 CANARY",
        b"CANARY",
        json.dumps({"actor_name": "CANARY"}).encode(),
        message(actor="CANARY"),
        message(to="CANARY"),
        message(),
        message(redis_message_id="CANARY"),
        message(redis_message_id=7),
        message(args=("CANARY",), redis_message_id="7"),
        message(eta=10**18, redis_message_id="7"),
    ]
