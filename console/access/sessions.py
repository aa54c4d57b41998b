"""Who is signed in: a session holds the key on this side; the browser has a random number only."""

import secrets
from typing import Final

COOKIE: Final = "ebbwatch_console"
_MOST: Final = 1000
"""Sessions at once; then the one that was idle longest ends."""


class Session:
    """Of one browser."""

    def __init__(self, key: str, name: str, scopes: frozenset[str], now: float) -> None:
        """
        Args:
            key: of the API, in the clear: it is never written anywhere.
            name: of the key, for people.
            now: seconds of a clock that only goes forward.
        """
        self.key = key
        self.name = name
        self.scopes = scopes
        self.seen = now
        self.dark: bool | None = None
        """Light or dark as the visitor has chosen; None follows the browser."""
        self.over = False

    def may(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return scope in self.scopes


class Sessions:
    """All of this process; they end with it."""

    def __init__(self, idle_s: float) -> None:
        """
        Args:
            idle_s: after so long without a sign of the visitor a session is over.
        """
        self._idle_s = idle_s
        self._all: dict[str, Session] = {}

    def begin(self, session: Session) -> str:
        """Keep a session; the number that names it: 256 random bits."""
        while len(self._all) >= _MOST:
            self.end(min(self._all, key=lambda id_: self._all[id_].seen))
        id_ = secrets.token_urlsafe(32)
        self._all[id_] = session
        return id_

    def find(self, id_: str | None, now: float) -> Session | None:
        """The session of that number, None if there is none or it is over. No sign of the visitor in itself."""
        session = self._all.get(id_ or "")
        if session is None or not self.holds(session, now):
            self.end(id_ or "")
            return None
        return session

    def number(self, now: float) -> int:
        """How many are not over. May be asked by any thread."""
        return sum(self.holds(session, now) for session in list(self._all.values()))

    def holds(self, session: Session, now: float) -> bool:
        """Whether a session is not over."""
        return not session.over and now - session.seen < self._idle_s

    def end(self, id_: str) -> None:
        """Sign out: pages that are open find it over."""
        session = self._all.pop(id_, None)
        if session is not None:
            session.over = True
