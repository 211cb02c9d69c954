"""A request to the data API and its answer, whether it came over HTTP or inside a composite request."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.routing import compile_path

from sfsync.pocketorg.errors import ApiError

log = logging.getLogger("sfsync.pocketorg")

Params = Mapping[str, str]

VERSIONS = range(31, 67)
_DATA = re.compile(r"/services/data/v([0-9]{2})\.0(/.*|)")
#: the older APIs: Bulk API at /services/async/59.0/job, SOAP at /services/Soap/m/59.0 (metadata) and /u/ (partner)
_OLDER = re.compile(r"/services/(async)/(\d\d)\.0(/.*|)|/services/(Soap/[a-z])/(\d\d)\.0(?:/.*|)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request below /services/data/vXX.0."""

    method: str
    path: str  #: below the version, still percent-encoded, no slash at its end; the older APIs' begin with their name
    version: str  #: "59.0"
    user_id: str
    query: Params = field(default_factory=dict)
    headers: Params = field(default_factory=dict)  #: by lower-case name
    body: Any = None  #: parsed JSON
    parts: Mapping[str, bytes] = field(default_factory=dict)  #: binary parts of a multipart body
    raw: bytes = b""  #: the body as it came, where it is not JSON: CSV, XML
    nested: bool = False  #: whether it came inside a composite request

    @property
    def root(self) -> str:
        return f"/services/data/v{self.version}"

    def inside(self, *, method: str, url: str, body: Any, headers: Params) -> "Call":
        """The subrequest with this URL, on behalf of the same user. Raises NOT_FOUND for a URL that is no data URL."""
        version, path, query = split_url(url)
        names = {name.lower(): value for name, value in headers.items()}
        return replace(
            self,
            method=method,
            path=path,
            version=version,
            query=query,
            body=body,
            headers=names,
            parts={},
            raw=b"",
            nested=True,
        )

    def record(self) -> dict[str, Any]:
        """The body as a JSON object."""
        if not isinstance(self.body, dict):
            raise ApiError(
                400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body."
            )
        return self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `raw` is a body of bytes, of the content type in `headers`."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


def refused(error: ApiError) -> Answer:
    """The answer that an error makes."""
    return Answer(error.status, error.body())


def split_url(url: str) -> tuple[str, str, dict[str, str]]:
    """Take a data URL apart: version, path below it, query parameters."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist") from None
    found = _DATA.fullmatch(parts.path)
    if not found or int(found[1]) not in VERSIONS:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return f"{found[1]}.0", found[2].rstrip("/"), dict(parse_qsl(parts.query, keep_blank_values=True))


def split_older_url(url: str) -> tuple[str, str]:
    """Take a URL of the Bulk API or of a SOAP API apart: version, and name of the API with the path below it."""
    found = _OLDER.fullmatch(urlsplit(url).path)
    if not found or int(found[2] or found[5]) not in VERSIONS:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return (f"{found[2]}.0", f"async{found[3].rstrip('/')}") if found[1] else (f"{found[5]}.0", found[4])


Org = TypeVar("Org")


class Route(Generic[Org]):
    """A path of the data API with its methods. `{name}` in the path stands for one segment."""

    def __init__(self, path: str, **methods: Callable[[Org, Call, Params], Answer]) -> None:
        self.path = path
        self.methods = methods
        self._pattern, _, _ = compile_path(path)

    def match(self, path: str) -> Params | None:
        found = self._pattern.match(path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


def dispatch(routes: Iterable[Route[Org]], org: Org, call: Call) -> Answer:
    """Find the resource and let it answer. What the pocket org does not speak is refused loudly."""
    for route in routes:
        params = route.match(call.path)
        if params is None:
            continue
        handler = route.methods.get(call.method)
        if handler is None:
            allowed = ",".join(route.methods)
            text = f"HTTP Method '{call.method}' not allowed. Allowed are {allowed}"
            raise ApiError(405, "METHOD_NOT_ALLOWED", text)
        return handler(org, call, params)
    log.warning("The pocket org does not speak %s %s%s", call.method, call.root, call.path)
    raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
