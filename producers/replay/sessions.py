"""Session ids for files that have none: a user's pause longer than the gap begins a new session."""

from collections.abc import Container
from typing import Final

import msgspec

from domain.events import EVENT_TYPES, Event

OPENING: Final = frozenset(kind for kind, (opens, _) in EVENT_TYPES.items() if opens)


class GapSessions:
    """Hands out session ids to the events of each user; they must come in order of time.

    An id is the time of the session's first event, so sending the file again gives the same ids.
    """

    def __init__(self, gap_ms: int, opening: Container[str] = OPENING) -> None:
        """Args:
        gap_ms: a pause longer than this ends the session.
        opening: types that open or continue a session; `session_end` only continues one.
        """
        self._gap = gap_ms
        self._opening = opening
        self._open: dict[str, tuple[int, str]] = {}
        self._decode = msgspec.json.Decoder(Event).decode

    def __call__(self, time: int, value: bytes) -> bytes:
        """The encoded event with its session id; as it was, where it belongs to no session.

        Args:
            time: of the event, milliseconds since 1970-01-01 UTC.
        """
        event = self._decode(value)
        opens = event.type in self._opening
        if not opens and event.type != "session_end":
            return value
        last, session = self._open.get(event.user_id, (None, ""))
        if last is None or time - last > self._gap or event.type == "session_start":
            if not opens:
                return value
            session = str(time)
        if event.type == "session_end":
            del self._open[event.user_id]
        else:
            self._open[event.user_id] = (time, session)
        event.session_id = session
        return msgspec.json.encode(event)
