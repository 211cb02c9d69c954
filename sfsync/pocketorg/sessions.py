"""Who is logged in: access tokens and the users behind them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: a session ends after this long without a request: the default of an org
LIFE = timedelta(hours=2)


@dataclass(slots=True)
class _Session:
    user_id: str
    last_used: datetime
    page: bool = False


class Sessions:
    """The tokens that are valid now."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self.life = LIFE
        self._clock = clock
        self._by_token: dict[str, _Session] = {}

    def open(self, org_id: str, user_id: str, *, page: bool = False) -> str:
        """Start a session, of a client or of the page, and give its token: the org's Id, `!`, and a secret."""
        token = f"{org_id[:15]}!AQ{secrets.token_urlsafe(64).replace('-', '.')}"
        self._by_token[token] = _Session(user_id, self._clock(), page)
        return token

    def user_of(self, token: str) -> str | None:
        """The Id of the user whose session this is, or None where it has ended. Using it keeps it alive."""
        session = self._by_token.get(token)
        if session is None:
            return None
        now = self._clock()
        if now - session.last_used > self.life:
            self.close(token)
            return None
        session.last_used = now
        return session.user_id

    def is_page(self, token: str) -> bool:
        """Whether a person works here rather than a client, whose requests count against the limit."""
        session = self._by_token.get(token)
        return session is not None and session.page

    def close(self, token: str) -> bool:
        """End a session; False where there is none."""
        return self._by_token.pop(token, None) is not None

    def close_all(self) -> None:
        self._by_token.clear()


def bearer(authorization: str) -> str:
    """The token in the header, after `Bearer` or, as older clients say, `OAuth`."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""
