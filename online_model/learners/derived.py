"""Columns beside the catalogue's: where silence, the user's own rhythm and newness bend, and work on each other.

A sum over single features cannot say that ten silent days mean little for who comes monthly and much for who comes
daily. The formula of the own rhythm (`online_model.own_rhythm`: MBG/NBD) can. In log-odds, what it makes of the odds
of having left adds to what other features say of them, as the odds of Bayes' rule do. Hinges let that evidence count
differently where it is weak and where it is strong; products let silence, tenure and the user's pace change its
weight. Silence counts as it fades, too, since a logarithm hardly tells twenty days from thirty. Each column counts
among a feature of the catalogue, so that reasons name one.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.catalogue import Feature
from domain.compiled import compiler
from online_model.learners.learner import Matrix
from online_model.own_rhythm import LEAVE_A, LEAVE_B, RATE_SHAPE

# the cache must notice a changed constant of the formula too, which lies in the folder above
_compiled = compiler(Path(__file__).parent.parent, error_model="numpy")

_NEEDED: Final = (
    "sessions_total", "gap_mean_days", "days_since_last_session", "silence_over_gap", "tenure_days", "features_used",
)  # fmt: skip
_SILENCE, _RATIO, _TENURE, _USED = _NEEDED[2:]

OWNERS: Final = (*[_RATIO] * 7, _SILENCE, _RATIO, _TENURE, _USED)
"""The feature that each column counts among, in the order of the columns."""
COLUMNS: Final = len(OWNERS)

_MEAN_GAP_DAYS: Final = 3.0
"""Of a population; columns are standardised, so it only says how much a user of few sessions is like the others."""
_AHEAD_DAYS: Final = 30.0
_MOST: Final = 8.0
"""Log-odds; beyond it the formula is surer than its assumptions are true."""
_LEAST_QUIET: Final = -12.0
_ENDLESS: Final = 1e9
_FADING_DAYS: Final = 10.0
_MOST_GAPS: Final = 6.0
"""Silence in the user's own mean gaps; more of it says nothing new."""
_NEW_DAYS: Final = 30.0
_FEW_FEATURES: Final = 2.5
_SEEN_SESSIONS: Final = 3.0


@_compiled
def _within(value):  # type: ignore[no-untyped-def]
    return 0.0 <= value < _ENDLESS


@_compiled
def _derive(x, at, out):  # type: ignore[no-untyped-def]
    alpha = RATE_SHAPE * _MEAN_GAP_DAYS
    for i in range(x.shape[0]):
        sessions, gap, silence = x[i, at[0]], x[i, at[1]], x[i, at[2]]
        ratio, tenure, used = x[i, at[3]], x[i, at[4]], x[i, at[5]]
        row = out[i]
        row[:] = math.nan
        if _within(silence):
            row[7] = math.exp(-silence / _FADING_DAYS)
        if _within(ratio):
            row[8] = min(ratio, _MOST_GAPS)
        if _within(tenure):
            row[9] = max(0.0, 1.0 - tenure / _NEW_DAYS)
        if _within(used):
            row[10] = 1.0 if used < _FEW_FEATURES and sessions >= _SEEN_SESSIONS else 0.0
        if not (1.0 <= sessions < _ENDLESS and _within(silence)):
            continue
        gaps = sessions - 1.0
        last = gaps * gap if _within(gap) else 0.0
        span, shape = last + silence, RATE_SHAPE + gaps
        left = math.log(LEAVE_A / (LEAVE_B + gaps)) + shape * math.log((alpha + span) / (alpha + last))
        left = min(max(left, -_MOST), _MOST)
        quiet = max(shape * math.log((alpha + span) / (alpha + span + _AHEAD_DAYS)), _LEAST_QUIET)
        row[0] = left
        row[1] = quiet
        row[2] = max(left, 0.0)
        row[3] = max(left - 2.0, 0.0)
        row[4] = left * quiet
        row[5] = left * math.log1p(silence)
        row[6] = left * math.log1p(tenure) if _within(tenure) else math.nan


def places_of(features: Sequence[Feature]) -> npt.NDArray[np.int64]:
    """Where the needed features stand, and after them each column's owner.

    Raises:
        ValueError: one is missing.
    """
    names = [f.name for f in features]
    return np.array([names.index(name) for name in (*_NEEDED, *OWNERS)], np.int64)


def widened(x: Matrix, places: npt.NDArray[np.int64]) -> Matrix:
    """Raw features with the columns behind them, shape (n, features + COLUMNS); NaN where they cannot be known.

    Args:
        places: of `places_of`.
    """
    out = np.empty((len(x), x.shape[1] + COLUMNS))
    out[:, : x.shape[1]] = x
    _derive(x, places, out[:, x.shape[1] :])
    return out


def with_owners(parts: Matrix, places: npt.NDArray[np.int64]) -> Matrix:
    """What features and columns add, by feature alone, shape (n, features)."""
    features = parts.shape[1] - COLUMNS
    found = parts[:, :features].copy()
    for column, owner in enumerate(places[-COLUMNS:].tolist()):
        found[:, owner] += parts[:, features + column]
    return found
