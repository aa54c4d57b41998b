"""Names of the keys that the projection of `control` keeps in Redis (`docs/redis-layout.md`)."""

from typing import Final

from feature_store.keys import PREFIX

BASE: Final = f"{PREFIX}:{{control}}"
"""With a hash tag: its scripts change several keys at once, which a Redis Cluster allows within one slot only."""

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


WEBHOOKS: Final = f"{BASE}:webhooks"
"""Hash: id of a webhook to its record. What is being delivered to it: `control.webhooks.queue`."""


def of_user(user: str) -> str:
    """Hash: ``<kind>/<id>`` to the record, of all that people have said of one user."""
    return f"{BASE}:user:{user}"


ALERTS: Final = f"{BASE}:alerts"
"""Hash: id of an alert to `domain.alert_life.AlertState` as JSON."""

WAITING: Final = f"{BASE}:waiting"
"""Sorted set: alerts that wait for the budget, by rank (`domain.triage`)."""

LAPSING: Final = f"{BASE}:lapsing"
"""Sorted set: alerts that lapse at their score, ms."""

SNOOZED: Final = f"{BASE}:snoozed"
"""Sorted set: snoozed alerts, by the ms at which they return."""

SPENT: Final = f"{BASE}:spent"
"""Hash: day since 1970 (UTC) to the alerts released on it."""

CHANGES: Final = f"{BASE}:changes"
"""Sorted set: user, by the offset in `control` of the user's last change of tier that raised or resolved an alert."""

CHANGED: Final = f"{BASE}:changed"
"""Hash: user to `domain.changes.Change` as JSON, of that change."""

DONE: Final = f"{BASE}:done"
"""Hash: id to `domain.control.Done` as JSON."""

ALERTS_READ: Final = f"{BASE}:alerts-read"
"""String, JSON of `control.projection.Reached`: how far `risk-alerts` has been decided on."""
