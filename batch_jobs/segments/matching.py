"""Which group of this run is which of the last: ids persist, names change only by their rules.

Groups are paired so that the sum of the distances of their centres is least (Kuhn 1955, "The Hungarian method for the
assignment problem"), measured in this run's scale; a pair that is too far apart is none.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from batch_jobs.segments.scale import Matrix

FARTHEST: Final = 2.0
"""Standard deviations, over all features together, that a centre may have moved."""


def matched(centres: Matrix, last: Mapping[int, Matrix], next_id: int) -> tuple[list[int], int]:
    """Ids of groups, in their order, and the next id that nobody has had.

    Args:
        centres: scaled, shape (k, features).
        last: id to centre of the last run, in the same scale; in whatever order.
        next_id: the least id that no group has had so far.
    """
    known = sorted(last)
    ids: list[int | None] = [None] * len(centres)
    if known:
        before = np.array([last[group] for group in known])
        distances = np.sqrt(((centres[:, None, :] - before) ** 2).sum(axis=2))
        for here, there in zip(*linear_sum_assignment(distances), strict=True):
            if distances[here, there] <= FARTHEST:
                ids[here] = known[there]
    found = []
    for group in ids:
        found.append(next_id if group is None else group)
        next_id += group is None
    return found, next_id
