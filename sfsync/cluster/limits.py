"""What is shared by all who serve one org: its lane for uploads, and its API budget. By Dramatiq's rate limiters."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from dramatiq.rate_limits import BucketRateLimiter, ConcurrentRateLimiter, RateLimiterBackend
from dramatiq.rate_limits.backends import StubBackend

from sfsync.errors import SetupError, TryAgainLater

log = logging.getLogger(__name__)

#: milliseconds: three times what an upload may take before its batch shrinks. Whoever dies frees the lane after that
_LANE = 30_000
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
        self._away = False

    @contextmanager
    def lane(self, org: str) -> Iterator[None]:
        """One upload at a time per org. Raises TryAgainLater where another one holds it for too long."""
        with self._guard:
            here = self._here.setdefault(org, threading.Lock())
        with here:
            limiter = ConcurrentRateLimiter(self._backend, f"{self._prefix}.lane.{org}", limit=1, ttl=_LANE)
            until = self._clock() + _LANE / 1000
            while True:
                with self._acquired(limiter) as free:
                    if free:
                        yield
                        return
                if self._clock() > until:
                    raise TryAgainLater("Another worker uploads to this org.")
                time.sleep(_LOOK)

    @contextmanager
    def _acquired(self, limiter: ConcurrentRateLimiter) -> Iterator[bool]:
        taken = self._ask(limiter._acquire)  # noqa: SLF001 (acquire() would not tell an error of the backend from one inside)
        try:
            yield taken
        finally:
            if taken:
                self._ask(limiter._release)  # noqa: SLF001

    def allowance(self, org: str, calls_a_day: int) -> Callable[[], bool]:
        """Whether one more call to this org is allowed today."""
        limiter = BucketRateLimiter(self._backend, f"{self._prefix}.calls.{org}", limit=calls_a_day, bucket=_DAY)
        return lambda: self._ask(limiter._acquire)  # noqa: SLF001

    def _ask(self, question: Callable[[], bool]) -> bool:
        try:
            answer = bool(question())
        except Exception as error:  # noqa: BLE001 (Redis' errors, which may not be installed)
            if not self._away:
                log.warning("the limits across machines are off while Redis is away (%s)", type(error).__name__)
            self._away = True
            return True
        self._away = False
        return answer


def connect(environ: Mapping[str, str], prefix: str) -> Limits:
    """By REDIS_URL, or by BROKER_URL where that is Redis, else within this process. Raises SetupError."""
    urls = [environ.get("REDIS_URL", ""), environ.get("BROKER_URL", "")]
    url = next((u for u in urls if u.startswith(("redis://", "rediss://", "unix://"))), "")
    if not environ.get("BROKER_URL") or not url:
        return Limits(StubBackend(), prefix)
    try:
        from dramatiq.rate_limits.backends import RedisBackend  # noqa: PLC0415 (an extra)

        return Limits(RedisBackend(url=url), prefix)
    except (ImportError, AttributeError):
        raise SetupError(
            "The packages for Redis are not installed.", where="REDIS_URL", remedy="pip install 'sfsync[brokers]'"
        ) from None
    except ValueError:
        raise SetupError("It is not an address of Redis.", where="REDIS_URL", remedy="Copy it again.") from None
