"""Intervals and p-values that hold however often somebody looks.

The asymptotic confidence sequence with a normal mixture (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
"Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52, 2024, theorem 2.2),
for a difference whose variance after n users is V:

    difference ± √( V · (nρ² + 1) / (nρ²) · log( (nρ² + 1) / α² ) )

The p-value is the least α whose interval leaves 0 out, as of the mixture sequential test (Johari, Koomen, Pekelis and
Walsh, "Always valid inference", Operations Research 70, 2022): P(it is ever at most α) ≤ α where there is no effect.
"""

import math

import numpy as np

from batch_jobs.experiments.differences import Difference, Vector


def mixture(planned: int, alpha: float) -> float:
    """ρ² with which the interval is narrowest after `planned` users (ibid., appendix B, approximation)."""
    wide = -2 * math.log(alpha)
    return (wide + math.log(wide + 1)) / planned


def anytime_interval(found: Difference, users: Vector, rho2: float, alpha: float) -> tuple[Vector, Vector]:
    """Bounds, of the shape of the difference.

    Args:
        users: of both variants together.
        rho2: of `mixture`; chosen before anything was seen.
    """
    grown = users * rho2
    half = np.sqrt(found.variance * (grown + 1) / grown * np.log((grown + 1) / alpha**2))
    return found.value - half, found.value + half


def anytime_p(found: Difference, users: Vector, rho2: float) -> Vector:
    """At most 1; 1 where the difference is 0, NaN where it is not known."""
    grown = users * rho2
    with np.errstate(divide="ignore", invalid="ignore"):
        squared = np.where(found.value == 0, 0.0, found.value**2 / found.variance)
    return np.asarray(np.minimum(np.sqrt(grown + 1) * np.exp(-squared / 2 * grown / (grown + 1)), 1.0))
