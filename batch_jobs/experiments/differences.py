"""Differences of means out of sums, adjusted by what was known before, and intervals of them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Z95: Final = 1.959963984540054


class Sums(NamedTuple):
    """Of an outcome y and its covariate x; arrays of the same shape, one item a look or a segment."""

    n: Vector
    y: Vector
    yy: Vector
    x: Vector
    xx: Vector
    xy: Vector


class Difference(NamedTuple):
    """Of two means; of the shape of their sums."""

    value: Vector
    variance: Vector

    def interval(self, z: float = Z95) -> tuple[Vector, Vector]:
        """For a single look: normal, which needs some tens of users in each variant."""
        half = z * np.sqrt(self.variance)
        return self.value - half, self.value + half


def theta(arms: Sequence[Sums]) -> Vector:
    """Slope of y on x within the variants, pooled; 0 where x does not vary.

    It is the coefficient of CUPED (Deng et al. 2013, section 3): x is older than the lot, so that any slope leaves
    the difference unbiased.
    """
    along = sum(a.xy - a.x * a.y / np.maximum(a.n, 1) for a in arms)
    spread = sum(a.xx - a.x * a.x / np.maximum(a.n, 1) for a in arms)
    positive = np.asarray(spread) > 0
    return np.asarray(np.where(positive, along / np.where(positive, spread, 1.0), 0.0))


def difference(variant: Sums, control: Sums, slope: Vector | float = 0.0) -> Difference:
    """Mean of y − slope · x in the variant less that in the control, each with its own variance (Welch).

    NaN where a variant has fewer than two users.
    """
    (a, va), (b, vb) = _mean(variant, slope), _mean(control, slope)
    return Difference(a - b, va + vb)


def _mean(s: Sums, slope: Vector | float) -> tuple[Vector, Vector]:
    """Mean and its variance."""
    n = np.where(s.n >= 2, s.n, np.nan)
    y, x = s.y / n, s.x / n
    inside = (s.yy - n * y * y) - 2 * slope * (s.xy - n * x * y) + slope * slope * (s.xx - n * x * x)
    return np.asarray(y - slope * x), np.asarray(np.maximum(inside, 0.0) / (n - 1) / n)
