"""How sure a share is that was counted on few."""

import math
from typing import Final

Z95: Final = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


def wilson(hits: float, count: float, z: float = Z95) -> tuple[float, float]:
    """Score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22): holds near 0 and 1 and for few too.

    Args:
        hits: how many were counted, not more than `count`; a fraction where examples carry weights.
        count: of how many; nothing is known of a share of none, so that gives (0, 1).
        z: quantile of the normal distribution; the default gives 95 %.
    """
    if count <= 0:
        return 0.0, 1.0
    share, extra = hits / count, z * z / count
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * math.sqrt(max(share * (1 - share) / count + extra / count / 4, 0.0))
    return max(middle - half, 0.0), min(middle + half, 1.0)
