"""A confidence sequence for the mean of bounded observations, by betting.

After Waudby-Smith and Ramdas (2024), "Estimating means of bounded random variables by betting", JRSS B 86(1). Against
the claim "the mean is at most m" somebody bets on every observation before it is seen; the wealth

    K(m) = Σ_k w_k · Π_i (1 + λ_ki · (s_i − m · n_i)),    λ_ki = min(bet_k, 0.95 / (m · n_i − low_i))

with s_i the sum of n_i differences, low_i its least possible value and Σ_k w_k = 1, is a supermartingale if the claim
holds; it begins at 1, so it exceeds 1/α **at any time** with probability at most α (Ville 1939). One may look after
every observation and stop when one likes. Ours: the bets are a fixed mixture in natural units instead of estimated
from the past, and `low` may differ from one observation to the next as long as it is known beforehand: a paired
difference of log losses has only two possible values once both predictions are made, much closer than the range of
the log loss.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

# A champion whose log-odds err by noise or bias around a perfect challenger loses ½·v·s² on average, with variance
# v·s² (v = p(1−p)): the best bet on log losses is then ½ whatever s is, and less where both err.
BETS: Final = (0.5, 0.25, 0.125, 0.03125)
_SHARES: Final = (0.4, 0.35, 0.2, 0.05)
_AT_STAKE: Final = 0.95
_POINTS: Final = 150
_CURVE: Final = 9.0


class ConfidenceSequence:
    """Both bounds hold at all times together, each with probability 1 − alpha.

    Memory and time of an observation are constant: claims are tested on a grid of means, which is finest around 0
    and contains 0, and bounds are rounded outwards to it.
    """

    def __init__(self, alpha: float, bound: float) -> None:
        """Before the first observation.

        Args:
            alpha: probability with which one bound may ever be wrong.
            bound: no single difference is larger in size.

        Raises:
            ValueError: alpha is not a probability or the bound is not positive.
        """
        if not (0 < alpha < 1 and 0 < bound < math.inf):
            raise ValueError(
                f"a confidence sequence with alpha {alpha} and bound {bound}: 0 < alpha < 1, 0 < bound"
            )
        self.alpha = alpha
        self.bound = bound
        self.observations = 0
        self.sum = 0.0
        self.weight = 0.0
        self._means = bound * np.sinh(np.linspace(-_CURVE, _CURVE, 2 * _POINTS + 1)) / math.sinh(_CURVE)
        self._means[_POINTS] = 0.0
        self._at_most = np.zeros((len(BETS), len(self._means)))
        """Logarithms of the wealth of each bet against "the mean is at most m"."""
        self._at_least = np.zeros_like(self._at_most)

    def add(
        self, value: float, *, weight: float = 1.0, low: float | None = None, high: float | None = None
    ) -> None:
        """Take one observation.

        Args:
            value: sum of differences; their conditional mean, given all before, is `weight` times the mean asked for.
            weight: how many differences it is, or what they weigh.
            low: least possible value, known before the observation; by default −bound · weight.
            high: largest possible value, likewise.

        Raises:
            ValueError: it lies outside of what was said to be possible; nothing is changed.
        """
        low = -self.bound * weight if low is None else low
        high = self.bound * weight if high is None else high
        slack = 1e-9 * (self.bound * weight + 1.0)
        if not (weight > 0 and low - slack <= value <= high + slack):
            raise ValueError(
                f"observation {self.observations}: {value} with weight {weight} is not within [{low}, {high}]"
            )
        self.observations += 1
        self.sum += value
        self.weight += weight
        self._at_most += _gains(value - self._means * weight, self._means * weight - low)
        self._at_least += _gains(self._means * weight - value, high - self._means * weight)

    @property
    def mean(self) -> float:
        """Of all that was observed; 0 before the first."""
        return self.sum / self.weight if self.weight else 0.0

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the wealth against "the mean is at most 0"; an e-value's."""
        return float(_mixed(self._at_most[:, _POINTS]))

    @property
    def positive(self) -> bool:
        """Whether the mean is proven to lie above 0."""
        return self.log_evidence >= -math.log(self.alpha)

    @property
    def lower(self) -> float:
        """The mean lies above it."""
        refuted = np.flatnonzero(_mixed(self._at_most) >= -math.log(self.alpha))
        return float(self._means[refuted[-1]]) if len(refuted) else -self.bound

    @property
    def upper(self) -> float:
        """The mean lies below it."""
        refuted = np.flatnonzero(_mixed(self._at_least) >= -math.log(self.alpha))
        return float(self._means[refuted[0]]) if len(refuted) else self.bound


def _gains(outcome: Vector, worst: Vector) -> Vector:
    """Growth of the logarithm of wealth, shape (bets, means); at `worst` at most 95 % of the wealth are lost."""
    most = _AT_STAKE / np.maximum(worst, 1e-12)
    stakes = np.minimum(np.array(BETS)[:, None], most[None, :])
    return np.asarray(np.log1p(stakes * outcome[None, :]))


def _mixed(wealth: Vector) -> Vector:
    """Logarithm of the wealth of all bets together, over the first axis."""
    shares = np.log(_SHARES).reshape(-1, *[1] * (wealth.ndim - 1))
    return np.asarray(np.logaddexp.reduce(wealth + shares, axis=0))
