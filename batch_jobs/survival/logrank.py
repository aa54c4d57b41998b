"""Whether groups are lost at different speeds: the log-rank test, of all groups at once and of pairs.

Mantel (1966, Cancer Chemother. Rep. 50); several groups as in Klein & Moeschberger (2003), Survival Analysis, 7.3.
From the same tables of days as the curves: lifelines' test takes late entrants for users who were there from the
beginning. Where nobody enters late they are equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from batch_jobs.survival.counts import ALL
from batch_jobs.survival.curve import DayTable


class Comparison(NamedTuple):
    """Statistic and p are None where no loss tells anything."""

    group_a: str
    group_b: str
    statistic: float | None
    degrees: int
    p: float | None
    p_holm: float | None


def comparisons(groups: Mapping[str, DayTable]) -> Iterator[Comparison]:
    """The test of all groups first, then pair by pair; nothing for fewer than two groups.

    `p_holm` is corrected over the pairs.
    """
    if len(groups) < 2:
        return
    yield Comparison(ALL, ALL, *compare(list(groups.values())), None)
    pairs = [(a, b, *compare([groups[a], groups[b]])) for a, b in combinations(groups, 2)]
    corrected = holm([p for *_, p in pairs])
    for (a, b, statistic, degrees, p), adjusted in zip(pairs, corrected, strict=True):
        yield Comparison(a, b, statistic, degrees, p, adjusted)


def compare(tables: list[DayTable]) -> tuple[float | None, int, float | None]:
    """Statistic, degrees of freedom and p of the hypothesis that all groups have one hazard.

    Groups of which nobody was at risk on any day with losses tell nothing and take no degree of freedom.
    """
    size = max(len(table.at_risk) for table in tables)
    at_risk, events = (
        np.array([np.pad(column, (0, size - len(column))) for column in columns], dtype=np.float64)
        for columns in ([table.at_risk for table in tables], [table.events for table in tables])
    )
    days = events.sum(axis=0) > 0
    at_risk, events = at_risk[:, days], events[:, days]
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk / n
    surplus = (events - share * d).sum(axis=1)
    spread = d * (n - d) / np.maximum(n - 1, 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    told = np.diag(covariance) > 1e-12
    if told.sum() < 2:
        return None, 0, None
    degrees = int(told.sum()) - 1
    known = np.flatnonzero(told)[:degrees]  # they add up to 0: one follows from the others
    statistic = float(surplus[known] @ np.linalg.pinv(covariance[np.ix_(known, known)]) @ surplus[known])
    return statistic, degrees, float(chi2.sf(statistic, degrees))


def holm(found: Sequence[float | None]) -> list[float | None]:
    """p corrected for their number, in their order, where None stays (Holm 1979, Scand. J. Stat. 6)."""
    corrected: list[float | None] = [None] * len(found)
    told = sorted((p, place) for place, p in enumerate(found) if p is not None)
    largest = 0.0
    for rank, (p, place) in enumerate(told):
        corrected[place] = largest = max(largest, min(1.0, p * (len(told) - rank)))
    return corrected
