"""What is being worked on, for log lines and calls: the org, the call, the request; and spans where OpenTelemetry is.

All of it are names and hashes that say nothing of the data behind them.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from functools import cache
from hashlib import sha256
from typing import Any, ParamSpec, TypeVar

#: short name of the org, such as acme; empty where there is one alone
org: ContextVar[str] = ContextVar("sfsync_org", default="")
#: goes out with calls as `Sforce-Call-Options: client=sfsync/<version>/<call>`, which Event Monitoring shows as
#: CLIENT_NAME; source: Object Reference, "EventLogFile Supported Event Types", API Total Usage
call: ContextVar[str] = ContextVar("sfsync_call", default="")
#: one request: an Opportunity and the token that its form answers
request: ContextVar[str] = ContextVar("sfsync_request", default="")

_DIGITS = 16
P = ParamSpec("P")
T = TypeVar("T")


def short(*parts: str) -> str:
    """16 hexadecimal digits that stand for all of the parts, for log lines and headers.

    >>> short("0065g00000AbCdEAAV", "token")
    'bbbc244eca5309a9'
    """
    return sha256("\n".join(parts).encode()).hexdigest()[:_DIGITS]


def of_call(requests: list[str]) -> str:
    """The name of a call that carries these requests: of one alone its own, else one for all of them."""
    return requests[0] if len(requests) == 1 else short(*requests)


@contextmanager
def about(variable: ContextVar[str], value: str) -> Iterator[None]:
    """What happens within is about this org, call or request."""
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def within(function: Callable[P, T]) -> Callable[P, T]:
    """The function for another thread, where it is about the same as here."""
    here = copy_context()

    def there(*args: P.args, **more: P.kwargs) -> T:
        return here.run(function, *args, **more)

    return there


def span(step: str, **facts: str | float) -> AbstractContextManager[object]:
    """One of the six steps as a span of OpenTelemetry, with Ids and numbers; nothing where that is not installed."""
    return _span(step, facts) if _otel() else nullcontext()


@cache
def _otel() -> Any:
    """OpenTelemetry's API where the extra is installed, loaded by whoever makes spans: render processes make none."""
    try:
        from opentelemetry import trace  # noqa: PLC0415 (as said above)
    except ModuleNotFoundError:
        return None
    return trace


@contextmanager
def _span(step: str, facts: dict[str, str | float]) -> Iterator[object]:
    its = {f"sfsync.{name}": value for name, value in {"org": org.get(), "call": call.get(), **facts}.items() if value}
    # an error's own text may quote data: only its type is told
    begin = _otel().get_tracer("sfsync").start_as_current_span
    with begin(step, attributes=its, record_exception=False, set_status_on_exception=False) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(_otel().StatusCode.ERROR, type(error).__name__)
            raise
