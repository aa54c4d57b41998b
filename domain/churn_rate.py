"""The churn rate of segments of users, and when it is alarming.

Churn rate at an as-of: of the users active in the `I` days before (as-of − I), the share without a session since.

A user's record holds the last activity for ever, sessions by day for 64 days, until the user is gone, and by week for
32 weeks. So *now* is exact to the day for I up to 31, but for users who were gone and have come back: of these only
weeks that lie wholly in the earlier window are known. *By week* both windows are whole weeks, ``round(I / 7)`` of
them each, up to the last full week: that is compared with the eight weeks before.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from domain.alerts import DAY_MS
from domain.buckets import SESSIONS
from domain.state import DAYS, WEEKS, States

LEAST: Final = 200
"""Fewer active users prove nothing."""
HALF: Final = 0.5
RISE: Final = 1.25
"""Times its own mean."""
HISTORY: Final = 8
"""Weeks of that mean."""
MOST_DAYS: Final = 7 * (WEEKS - 1) // 2
"""A longer silence reaches beyond what records hold."""

DIMENSIONS: Final = ("plan", "platform", "channel", "geography")
ALL: Final = ("all", 0)
KIND: Final = "churn_rate"

Segment = tuple[str, int]
"""Dimension, and code of the name."""
Counts = npt.NDArray[np.int64]
"""Shape (2 + HISTORY, 2): now, the last full week, the weeks before it; active, lost."""


class Rate(NamedTuple):
    """What is known of a segment."""

    users: int
    """Active in the earlier window."""
    lost: int
    low: float
    """Lower end of the 95 % interval of now's rate (Wilson)."""
    week_low: float
    """The same of the last full week."""
    mean: float | None
    """Of the eight weeks before that; None if one of them had fewer than `LEAST` active users."""

    @property
    def rate(self) -> float:
        """Now's."""
        return self.lost / self.users if self.users else 0.0

    @property
    def why(self) -> Literal["", "half", "rise"]:
        """Why it is alarming; empty if it is not."""
        if self.users < LEAST:
            return ""
        if self.low > HALF:
            return "half"
        return "rise" if self.mean is not None and self.week_low > RISE * self.mean else ""


def counted(states: States, as_of: int, inactivity_days: int) -> dict[Segment, Counts]:
    """Users of one partition by segment.

    Args:
        as_of: ms, the partition's clock.
        inactivity_days: up to `MOST_DAYS`.
    """
    active, lost = _now(states, as_of, inactivity_days)
    pairs = [(active, lost), *_by_week(states, as_of, inactivity_days)]
    actives, losts = (np.column_stack(column) for column in zip(*pairs, strict=True))
    found = {ALL: np.column_stack([actives.sum(0), losts.sum(0)])}
    for dimension in DIMENSIONS:
        codes = states[dimension]
        for code in np.unique(codes[codes > 0]).tolist():
            here = codes == code
            found[dimension, code] = np.column_stack([actives[here].sum(0), losts[here].sum(0)])
    return found


def rate(counts: Counts, interval: Callable[[float, float], tuple[float, float]]) -> Rate:
    """Of a segment, from the sums over all partitions.

    Args:
        interval: of a share, from hits and number: Wilson's, 95 %.
    """
    (users, lost), (week_users, week_lost) = counts[0].tolist(), counts[1].tolist()
    before = counts[2:]
    enough = bool((before[:, 0] >= LEAST).all())
    mean = float((before[:, 1] / np.maximum(before[:, 0], 1)).mean()) if enough else None
    return Rate(users, lost, interval(lost, users)[0], interval(week_lost, week_users)[0], mean)


def body(segment: tuple[str, str], found: Rate, at: int) -> dict[str, Any]:
    """Body of the step `raised`: what people see.

    Args:
        segment: dimension and name.
        at: ms, wall clock.
    """
    dimension, name = segment
    who = "all users" if dimension == ALL[0] else f"users with {dimension} {name}"
    if found.why == "half":
        why = f"Surely more than half of {who} who were active have left."
    else:
        why = f"Of {who} far more leave than in the eight weeks before."
    return {
        "kind": KIND,
        "dimension": dimension,
        "segment": name,
        "why": why,
        "users": found.users,
        "lost": found.lost,
        "rate": round(found.rate, 4),
        "low": round(found.low, 4),
        "mean": None if found.mean is None else round(found.mean, 4),
        "time": at,
    }


def segment_alert_id(dimension: str, name: str, at: int) -> str:
    """16 hex digits; one a segment and day."""
    return xxhash.xxh3_64_hexdigest(f"{KIND} {dimension} {name} {at // DAY_MS}".encode())


class Episode(msgspec.Struct, frozen=True):
    """An alert about a segment that the stream has not resolved yet."""

    alert: str
    dimension: str
    name: str


def begun_and_over(
    rates: Mapping[tuple[str, str], Rate], episodes: Mapping[tuple[str, str], str]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Segments that become alarming, and those that cease to be: each episode is told once.

    Args:
        episodes: segments whose alert stands, to its id.
    """
    begun = sorted(s for s, found in rates.items() if found.why and s not in episodes)
    over = sorted(s for s in episodes if s not in rates or not rates[s].why)
    return begun, over


def _now(
    states: States, as_of: int, inactivity_days: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Who was active in the earlier window, and who of them is lost, shape (users,)."""
    inside = inactivity_days * DAY_MS
    last = states["last_active_ms"]
    lost = (last >= as_of - 2 * inside) & (last < as_of - inside)
    today = as_of // DAY_MS
    days = np.arange(today - 2 * inactivity_days, today - inactivity_days)
    before = _sessions(states, "day", "days", days, DAYS)
    first_week, past_week = -(-(int(days[0]) + 3) // 7), (int(days[-1]) + 1 + 3) // 7
    before |= _sessions(states, "week", "weeks", np.arange(first_week, past_week), WEEKS)
    here = (last >= as_of - inside) & before
    return lost | here, lost


def _by_week(
    states: States, as_of: int, inactivity_days: int
) -> list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """The same of the last full week and the eight before; nobody where records do not reach back."""
    width = max(round(inactivity_days / 7), 1)
    now = (as_of // DAY_MS + 3) // 7  # not full yet
    nobody = np.zeros(len(states), np.bool_)
    found = []
    for end in range(now, now - 1 - HISTORY, -1):
        if end - 2 * width <= now - WEEKS:
            found.append((nobody, nobody))
            continue
        before = _sessions(states, "week", "weeks", np.arange(end - 2 * width, end - width), WEEKS)
        since = _sessions(states, "week", "weeks", np.arange(end - width, end), WEEKS)
        found.append((before, before & ~since))
    return found


def _sessions(
    states: States, newest: str, ring: str, wanted: npt.NDArray[np.int64], length: int
) -> npt.NDArray[np.bool_]:
    """Who had a session in one of the wanted days or weeks, shape (users,)."""
    if not len(wanted):
        return np.zeros(len(states), np.bool_)
    last = states[newest].astype(np.int64)[:, None]
    held = (wanted <= last) & (wanted > last - length)
    return np.asarray(((states[ring][:, wanted % length, SESSIONS] > 0) & held).any(1))
