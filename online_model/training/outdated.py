"""Which refitted models make room for a newer one."""

from collections.abc import Collection, Mapping
from typing import Final

from domain.calendar import DAY_MS
from online_model.refitted.frozen import Frozen

COMPARED_DAYS: Final = 56
"""With outcomes, that a refitted model is given to prove itself before a newer one of its kind takes its place. Four
times what the rules ask for at least: models are refitted every 28 days, and whoever replaced the last one each time
would promote none, since the first outcomes are due a horizon after the entry."""
MOST: Final = 6
"""Waiting at a time, so that what they cost has an end."""


def outdated(
    entered: Mapping[str, Frozen], newest: Frozen, needed: Collection[str], at_ms: int, delay_days: int
) -> list[str]:
    """Names of those that are left out from now on.

    Args:
        entered: refitted models in the order of their entry, with the newest.
        needed: by name, who must go on being scored.
        at_ms: event time, of the newest one's entry.
        delay_days: from a snapshot to its outcome.
    """
    waiting = [name for name in entered if name not in needed and name != newest.training.name]
    had_its_time = at_ms - (delay_days + COMPARED_DAYS) * DAY_MS
    gone = [
        name
        for name in waiting
        if entered[name].kind == newest.kind and entered[name].entered_ms <= had_its_time
    ]
    left = [name for name in waiting if name not in gone]
    return gone + left[: max(0, len(left) - (MOST - 1))]
