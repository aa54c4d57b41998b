"""Risk before there is a model: the user's own rhythm, shrunk towards the population's.

The MBG/NBD model of repeat behaviour (Batislam, Denizel, Filiztekin 2007, "Empirical validation and
comparison of models for customer base analysis", Int. J. of Research in Marketing 24; after Fader, Hardie, Lee
2005): while with us, a user opens sessions at a rate of their own, drawn from a gamma distribution over users;
after each session the user leaves for good with a probability of their own, drawn from a beta distribution. With
x gaps seen, the last session t days and now T days after the first one,

    P(still with us) = 1 / (1 + a / (b + x) · ((α + T) / (α + t)) ^ (r + x))
    P(no session within h | still with us) = ((α + T) / (α + T + h)) ^ (r + x)
    risk = 1 − P(still with us) · (1 − P(no session within h | still with us))

α is r times the population's mean gap, so that a user of few sessions is expected to behave like the others.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.compiled import compiled
from domain.state import States

NAME: Final = "own-rhythm"
VERSION: Final = 1

# How much the population counts against the user's own gaps, and how readily a user leaves. Chosen for AUC on
# the retailer's replay and the simulator (`docs/decisions/0002-own-rhythm-baseline.md`); flat around here.
RATE_SHAPE: Final = 0.5
LEAVE_A: Final = 0.3
LEAVE_B: Final = 3.0

_PRIOR_GAPS: Final = 10
_PRIOR_GAP_DAYS: Final = 3.0
_DAY_MS: Final = 86_400_000.0


class Population(NamedTuple):
    """Gaps between sessions that the partition's users have ended, and their sum in seconds."""

    gaps: int = 0
    seconds: int = 0

    def mean_gap_days(self) -> float:
        """Mean gap; ten gaps of three days stand in until some are seen."""
        days = self.seconds / 86_400 + _PRIOR_GAPS * _PRIOR_GAP_DAYS
        return max(days / (self.gaps + _PRIOR_GAPS), 0.01)


@compiled
def risk_of(gaps, last, span, mean_gap, horizon):  # type: ignore[no-untyped-def]
    """The formula above.

    Args:
        gaps: x, number of gaps seen.
        last: t, days from the first session to the last one.
        span: T, days from the first session to now.
        mean_gap: the population's, days.
        horizon: h, days.
    """
    alpha = RATE_SHAPE * mean_gap
    shape = RATE_SHAPE + gaps
    # in logarithms: a daily user's powers overflow
    left = math.log(LEAVE_A / (LEAVE_B + gaps)) + shape * (math.log(alpha + span) - math.log(alpha + last))
    with_us = 1.0 / (1.0 + math.exp(min(left, 700.0)))
    none = math.exp(shape * (math.log(alpha + span) - math.log(alpha + span + horizon)))
    return 1.0 - with_us * (1.0 - none)


@compiled
def _risks(states, slots, nows, mean_gap, horizon, out):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        u = states[slots[i]]
        if u.sessions == 0:
            out[i] = math.nan
            continue
        now = max(nows[i], u.last_active_ms)
        last = (u.last_active_ms - u.first_session_ms) / _DAY_MS
        span = (now - u.first_session_ms) / _DAY_MS
        out[i] = risk_of(np.float64(u.sessions - 1), last, span, mean_gap, horizon)


def risks(
    states: States,
    slots: npt.NDArray[np.int64],
    nows: npt.NDArray[np.int64],
    population: Population,
    horizon_ms: int,
) -> npt.NDArray[np.float64]:
    """Risk of ``states[slots]`` at their nows (ms), shape (len(slots),); NaN for users without a session."""
    out = np.empty(len(slots), np.float64)
    _risks(states, slots, nows, population.mean_gap_days(), horizon_ms / _DAY_MS, out)
    return out
