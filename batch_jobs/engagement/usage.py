"""Tables `activity`, `lifecycle` and `conversion` from counts by slice and day."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from batch_jobs.cohorts.counting import Counts
from batch_jobs.cohorts.days import GrainName, key, keys, starts
from batch_jobs.cohorts.slices import EVERYBODY, Slice
from batch_jobs.engagement import schema
from batch_jobs.engagement.rows import later, share, stacked
from batch_jobs.engagement.spans import covering, summed, trailing

MS_PER_MINUTE = 60_000
Columns = Mapping[str, Counts]


class Span(NamedTuple):
    """Days that are told; numbers of days."""

    begins: int
    """The log's first day."""
    since: int
    """No earlier day is told anew."""
    sliced: int
    """No earlier day is told by dimension."""
    as_of: int
    """Exclusive."""

    @property
    def days(self) -> Counts:
        """Of which rows are made."""
        return np.arange(max(self.begins, self.since), self.as_of)

    def periods(self, grain: GrainName) -> Counts:
        """Numbers of periods that are over, end after `since`, and were observed from their first day."""
        first = key(grain, self.begins)
        if int(starts(grain, np.array([first]))[0]) < self.begins:
            first += 1
        over = np.arange(first, key(grain, self.as_of))
        return over[starts(grain, over + 1) > self.since]


def first_start(grain: GrainName, periods: Counts) -> int:
    """First day of the first period."""
    return int(starts(grain, periods[:1])[0])


def activity(sums: Mapping[Slice, Columns], gaps: Mapping[Slice, Columns], span: Span) -> pa.Table:
    """`schema.ACTIVITY`.

    Args:
        sums: by slice, columns by `day`.
        gaps: by slice, `users` by `day` and `gap`.
    """
    days = span.days
    bounds = (int(days[0]), int(days[-1])) if len(days) else (0, -1)
    parts = {}
    for piece, of in sums.items():
        here = gaps[piece]
        dau, sessions, milliseconds, pages, converted = (
            summed(of["day"], of[name], *bounds)
            for name in ("users", "sessions", "session_ms", "pages", "converted")
        )
        wau, mau = (trailing(here["day"], here["gap"], here["users"], width, *bounds) for width in (7, 30))
        told = (mau > 0) & (days >= span.sliced) if piece.kind else np.ones(len(days), bool)
        full = later(mau, days, span.begins + 29)
        parts[piece] = (
            told,
            {
                "dau": dau,
                "wau": later(wau, days, span.begins + 6),
                "mau": full,
                "stickiness": share(dau, full),
                "sessions": sessions,
                "session_ms": milliseconds,
                "pages": pages,
                "converted": converted,
                "sessions_per_user": share(sessions, dau),
                "minutes_per_user": share(milliseconds / MS_PER_MINUTE, dau),
                "conversion": share(converted, dau),
            },
        )
    return stacked(schema.ACTIVITY, "day", days, parts)


def lifecycle(
    grain: GrainName, sums: Mapping[Slice, Columns], gaps: Mapping[Slice, Columns], span: Span
) -> pa.Table:
    """`schema.LIFECYCLE` of one grain: of periods before which a whole one was observed."""
    periods = span.periods(grain)
    first = key(grain, span.begins)
    partly = int(starts(grain, np.array([first]))[0]) < span.begins
    periods = periods[periods > first + partly]
    bounds = (int(periods[0]), int(periods[-1])) if len(periods) else (0, -1)
    begins = starts(grain, periods)
    parts = {}
    for piece, of in sums.items():
        at = keys(grain, of["day"])
        active, fresh, kept = (
            summed(at, of[name], *bounds) for name in (f"first_in_{grain}", "fresh", f"kept_in_{grain}")
        )
        here = gaps[piece]
        last = keys(grain, here["day"])
        back = keys(grain, here["day"] + here["gap"])
        gone = back > last + 1
        dormant = summed(last[gone] + 1, here["users"][gone], *bounds)
        told = (active + dormant > 0) & (begins >= span.sliced) if piece.kind else np.ones(len(periods), bool)
        parts[piece] = (
            told,
            {
                "active": active,
                "new": fresh,
                "kept": kept,
                "resurrected": active - fresh - kept,
                "dormant": dormant,
                "quick_ratio": share(active - kept, dormant),
            },
        )
    return stacked(schema.LIFECYCLE, "start", begins, parts, {"grain": grain})


def active_in(grain: GrainName, sums: Mapping[Slice, Columns], periods: Counts) -> Counts:
    """Users active in each period."""
    of = sums[EVERYBODY]
    bounds = (int(periods[0]), int(periods[-1])) if len(periods) else (0, -1)
    return summed(keys(grain, of["day"]), of[f"first_in_{grain}"], *bounds)


def churned(gaps: Columns, inactivity: int, moments: Counts) -> tuple[Counts, Counts]:
    """Users active in the `inactivity` days before (at − `inactivity`), and those of them without activity since.

    Args:
        gaps: `users` by `day` and `gap`.
        moments: numbers of days.
    """
    if not len(moments):
        return moments, moments
    bounds = int(moments.min()), int(moments.max())
    day, gap, users = gaps["day"], gaps["gap"], gaps["users"]
    begins = day + inactivity + 1  # the first moment for which this is the last day of the earlier window
    active = covering(begins, begins + np.minimum(gap, inactivity), users, *bounds)
    lost = covering(begins, np.minimum(day + 2 * inactivity, day + gap) + 1, users, *bounds)
    return active[moments - bounds[0]], lost[moments - bounds[0]]
