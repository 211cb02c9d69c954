"""What is shared by all who serve one org: its lane for uploads, and its API budget. By Dramatiq's rate limiters."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from math import inf

from dramatiq.rate_limits import BucketRateLimiter, ConcurrentRateLimiter, RateLimiter, RateLimiterBackend
from dramatiq.rate_limits.backends import StubBackend

from sfsync.errors import SetupError, TryAgainLater

log = logging.getLogger(__name__)

#: milliseconds after which the lane of somebody who died is free. Whoever lives says so every few seconds
_LANE, _LIVES = 6_000, 2.0
#: seconds: longer than an upload may take
_PATIENCE = 90.0
#: seconds in which nobody asks a Redis that was away
_BREATH = 5.0
#: seconds between two looks whether the lane is free
_LOOK = 0.1
_DAY = 86_400_000


class Limits:
    """For one installation, across all its processes where REDIS_URL is set, else within this one.

    They save calls and quarrels over locks; nothing depends on them. So where Redis is away, work goes on without.
    """

    def __init__(
        self, backend: RateLimiterBackend, prefix: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._backend, self._prefix, self._clock = backend, prefix, clock
        self._here: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._away, self._not_before = False, -inf

    @contextmanager
    def lane(self, org: str) -> Iterator[None]:
        """One upload at a time per org. Raises TryAgainLater where another one holds it for too long."""
        with self._guard:
            here = self._here.setdefault(org, threading.Lock())
        with here:
            key = f"{self._prefix}.lane.{org}"
            limiter = ConcurrentRateLimiter(self._backend, key, limit=1, ttl=_LANE)  # type: ignore[no-untyped-call]
            until = self._clock() + _PATIENCE
            while True:
                with self._acquired(limiter) as free:
                    if free:
                        with self._kept(limiter):
                            yield
                        return
                if self._clock() > until:
                    raise TryAgainLater("Another worker uploads to this org.")
                time.sleep(_LOOK)

    def allowance(self, org: str, calls_a_day: int) -> Callable[[], bool]:
        """Whether one more call to this org is allowed today; each time it is asked, one is used up."""
        key = f"{self._prefix}.calls.{org}"
        limiter = BucketRateLimiter(self._backend, key, limit=calls_a_day, bucket=_DAY)  # type: ignore[no-untyped-call]

        def one_more() -> bool:
            with self._acquired(limiter) as free:
                return free

        return one_more

    @contextmanager
    def _kept(self, limiter: ConcurrentRateLimiter) -> Iterator[None]:
        """Say every few seconds that its holder lives."""
        done = threading.Event()

        def live() -> None:
            while not done.wait(_LIVES):
                with self._perhaps_away():
                    limiter.backend.incr(limiter.key, 0, maximum=1, ttl=_LANE)

        threading.Thread(target=live, daemon=True).start()
        try:
            yield
        finally:
            done.set()

    @contextmanager
    def _acquired(self, limiter: RateLimiter) -> Iterator[bool]:
        """Whether it is free; also where nobody can say so."""
        with ExitStack() as held:
            free = True
            if self._clock() >= self._not_before:
                with self._perhaps_away():
                    free = held.enter_context(limiter.acquire(raise_on_failure=False))
                    self._away = False
            try:
                yield free
            finally:
                with self._perhaps_away():
                    held.close()

    @contextmanager
    def _perhaps_away(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 (Redis' errors, which may not be installed)
            if not self._away:
                log.warning("the limits across machines are off while Redis is away (%s)", type(error).__name__)
            self._away, self._not_before = True, self._clock() + _BREATH


def connect(environ: Mapping[str, str], prefix: str) -> Limits:
    """By BROKER_URL where that is Redis, else by REDIS_URL, else within this process. Raises SetupError."""
    # a platform's REDIS_URL may lack what our own address says, such as ssl_cert_reqs=none
    urls = [environ.get("BROKER_URL", ""), environ.get("REDIS_URL", "")]
    url = next((u for u in urls if u.startswith(("redis://", "rediss://", "unix://"))), "")
    if not environ.get("BROKER_URL") or not url:
        return Limits(StubBackend(), prefix)  # type: ignore[no-untyped-call]
    try:
        from dramatiq.rate_limits.backends import RedisBackend  # noqa: PLC0415 (an extra)

        from sfsync.cluster.onredis import client  # noqa: PLC0415 (the same)

        return Limits(RedisBackend(client=client(url)), prefix)
    except (ImportError, AttributeError):
        raise SetupError(
            "The packages for Redis are not installed.", where="REDIS_URL", remedy="pip install 'sfsync[brokers]'"
        ) from None
    except ValueError:
        raise SetupError("It is not an address of Redis.", where="REDIS_URL", remedy="Copy it again.") from None
