"""Names of the keys that the projection of `control` keeps in Redis (`docs/redis-layout.md`)."""

from typing import Final

from feature_store.keys import PREFIX

BASE: Final = f"{PREFIX}:control"

POSITION: Final = f"{BASE}:position"
"""String, JSON of `control.projection.Reached`: how far the topic has been read."""

KEYS: Final = f"{BASE}:keys"
"""Hash: id of an API key to its record."""

ERASED: Final = f"{BASE}:erased"
"""Hash: XXH3 of a user, hex, to the ms at which the user was erased."""

TO_FORGET: Final = f"{BASE}:to-forget"
"""Hash: XXH3 of a user, hex, to the ms of event time up to which the ledger has yet to let go of the user's rows."""

FEED: Final = f"{BASE}:feed"
"""Sorted set: `domain.control.FeedEntry` as JSON, by its number."""


def of_user(user: str) -> str:
    """Hash: ``<kind>/<id>`` to the record, of all that people have said of one user."""
    return f"{BASE}:user:{user}"
