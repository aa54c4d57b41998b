"""When something is to be done: decided from what is known, whenever somebody looks.

So nothing is missed by a process that was down, and nothing is done twice after it.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from batch_jobs.results.run import Attempt, Run

_FIRST_PAUSE_MS: Final = 60_000
_LONGEST_PAUSE_MS: Final = 3_600_000
_WEEK: Final = timedelta(days=7)


class Known(NamedTuple):
    """Of one job."""

    current: Run | None
    attempt: Attempt | None


def due(as_of: date | None, known: Mapping[str, Known], now: int) -> Collection[str]:
    """Jobs that are to be run.

    Args:
        as_of: that the archive allows; None while it allows none.
        now: wall clock, ms.
    """
    if as_of is None:
        return []
    return [
        name
        for name, of in known.items()
        if (of.current is None or of.current.basis.as_of < as_of) and not _pausing(of.attempt, as_of, now)
    ]


def _pausing(attempt: Attempt | None, as_of: date, now: int) -> bool:
    """What has failed, or has taken its process along, is tried again, less and less often, but each hour."""
    if attempt is None or attempt.as_of != as_of or attempt.good:
        return False
    pause = min(_FIRST_PAUSE_MS << min(attempt.tries - 1, 20), _LONGEST_PAUSE_MS)
    return now < (attempt.ended or attempt.begun) + pause


def report_due(finished: date | None, weekday: int, told: date | None, today: date) -> date | None:
    """The as-of of the weekly report that is to be sent now, None if there is none.

    Missed ones are not made up for but for the last, and history that is replayed sends none.

    Args:
        finished: as-of of the results.
        weekday: on which weeks end, 0 for the midnight with which Monday begins.
        told: as-of of the last report.
        today: by the wall clock.
    """
    if finished is None:
        return None
    last = finished - timedelta(days=(finished.weekday() - weekday) % 7)
    if (told is not None and told >= last) or today - last >= _WEEK:
        return None
    return last
