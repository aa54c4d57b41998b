"""How many users something holds for on each day, from where it begins and ends for each: exact, and linear.

An activity on day d keeps its user within a trailing window of T days on the days d to d + T − 1, or until the next
activity takes over. So one user-day adds one at its beginning and takes one away at its end, whatever T is, and the
running sum counts distinct users without holding any.
"""

import numpy as np

from batch_jobs.cohorts.counting import Counts


def covering(begins: Counts, ends: Counts, counts: Counts, first: int, last: int) -> Counts:
    """How many cover each day from `first` to `last`.

    Args:
        begins: first days covered.
        ends: days after the last ones covered; no later than the beginning covers nothing.
    """
    steps = np.zeros(max(last - first + 1, 0) + 1, np.int64)
    end = len(steps) - 1
    begin_at = np.clip(begins - first, 0, end)
    end_at = np.clip(np.maximum(ends, begins) - first, 0, end)
    np.add.at(steps, begin_at, counts)
    np.subtract.at(steps, end_at, counts)
    return steps.cumsum()[:-1]


def trailing(days: Counts, gaps: Counts, counts: Counts, width: int, first: int, last: int) -> Counts:
    """Distinct users of the `width` days that end with each day.

    Args:
        gaps: days until the user's next activity.
    """
    return covering(days, days + np.minimum(gaps, width), counts, first, last)


def summed(days: Counts, values: Counts, first: int, last: int) -> Counts:
    """Sums by day from `first` to `last`."""
    found = np.zeros(max(last - first + 1, 0), np.int64)
    held = (days >= first) & (days <= last)
    np.add.at(found, days[held] - first, values[held])
    return found
