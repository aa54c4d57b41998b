"""Sparkify: the request log of a music service, one JSON object a page request.

A song is a use of the feature ``NextSong``, its artist the category. Other pages are page views that name
the page as feature, save those that say more (`_TYPES`). The state is the first one of the location.
`registration` becomes one `signup` for each user.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

from domain.events import Event
from producers.replay.rows import RejectedRowError, Row
from producers.replay.values import exact, text

_TYPES: Final = {
    "NextSong": "feature_use",
    "Thumbs Up": "positive_feedback",
    "Thumbs Down": "negative_feedback",
    "Add Friend": "social_action",
    "Add to Playlist": "collection_action",
    "Submit Upgrade": "subscription_change",
    "Submit Downgrade": "subscription_change",
    "Cancel": "cancellation_started",
    "Cancellation Confirmation": "cancellation",
    "Submit Registration": "signup",
    "Logout": "session_end",
}
_CHANGES: Final[dict[str, Literal["upgrade", "downgrade"]]] = {
    "Submit Upgrade": "upgrade",
    "Submit Downgrade": "downgrade",
}
_PLATFORMS: Final = (
    # in this order: tablets and phones also name the system that they are like
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Android", "android"),
    ("Windows", "windows"),
    ("Macintosh", "mac"),
    ("Linux", "linux"),
)
_LABEL_LENGTH: Final = 128


class Sparkify:
    """Implements `producers.replay.layout.Layout`."""

    columns: Final = frozenset(("ts", "userId", "page", "sessionId"))

    def __init__(self, times: Callable[[object], int]) -> None:
        self._times = times

    def event(self, row: Row, event_id: str) -> Event:
        """See `producers.replay.layout.Layout.event`."""
        user = text(row.get("userId"))
        if user is None:
            raise RejectedRowError("no_user")
        page = text(row.get("page"))
        if page is None:
            raise RejectedRowError("no_page")
        kind = _TYPES.get(page, "page_view")
        return Event(
            event_id=event_id,
            user_id=user,
            type=kind,
            time=self._times(row.get("ts")),
            session_id=text(row.get("sessionId")),
            platform=_platform(text(row.get("userAgent"))),
            plan=text(row.get("level")),
            geography=_state(text(row.get("location"))),
            change=_CHANGES.get(page),
            **_content(row, page, kind),
        )

    def signup(self, row: Row, event: Event) -> Event | None:
        """See `producers.replay.layout.Layout.signup`; None where it would follow what the user did."""
        if row.get("registration") is None:
            return None
        try:
            time = self._times(row["registration"])
        except RejectedRowError:
            return None
        if not isinstance(event.time, int) or time > event.time:
            return None
        return Event(event_id="signup", user_id=event.user_id, type="signup", time=time)


def _content(row: Row, page: str, kind: str) -> dict[str, Any]:
    if kind == "page_view":
        return {"feature": page}
    if kind != "feature_use":
        return {}
    artist = text(row.get("artist"))
    seconds = exact(row.get("length"), "bad_duration")
    return {
        "feature": page,
        "category": None if artist is None else artist[:_LABEL_LENGTH],
        "duration": None if seconds is None else float(seconds),
    }


def _platform(agent: str | None) -> str | None:
    if agent is None:
        return None
    return next((name for sign, name in _PLATFORMS if sign in agent), None)


def _state(location: str | None) -> str | None:
    if location is None:
        return None
    return location.rpartition(",")[2].strip().split("-", maxsplit=1)[0]
