"""Compile, or load from the cache, all that an answer needs before the first one is asked for.

The first compilation takes seconds, more than a caller waits for a risk.
"""

import numpy as np

from domain.labels import FEATURES
from domain.packing import pack, unpack
from feature_store.lookup import Facts
from online_model.own_rhythm import Population
from online_model.risk import Risk
from online_model.tiers import Thresholds
from profiles.views import Basis, judged, view

_NOW_MS = 1_704_067_200_000
_DAY_MS = 86_400_000


def warm_up(risk: Risk, horizon_ms: int) -> None:
    """Judge a user who does not exist, by the baseline and by what serves."""
    states = unpack([None])
    for field, value in (
        ("id_count", 1), ("sessions", 3), ("gap_count", 2), ("gap_sum_s", 2 * 86_400),
        ("first_ms", _NOW_MS - 9 * _DAY_MS), ("first_session_ms", _NOW_MS - 9 * _DAY_MS),
        ("last_active_ms", _NOW_MS), ("last_ms", _NOW_MS),
    ):  # fmt: skip
        states[field] = value
    facts = Facts(0, ["warm-up"], unpack(pack(states, np.array([0]))), _NOW_MS + 3 * _DAY_MS)
    for which in (Risk(), risk):
        by = Basis(which, Population(2, 2 * 86_400), horizon_ms, Thresholds())
        view(judged(facts, by), 0, by, {})
    warm_scorers(risk)


def warm_scorers(risk: Risk) -> None:
    """Score once with each version: a scorer is compiled at its first call."""
    for part in risk.parts:
        part.scorer.score(np.full((1, FEATURES), np.nan))
