"""Feature rows of many kinds, and learners of every kind, for the tests of this folder."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.catalogue import CATALOGUE, INDEX
from online_model.learners.learner import Bools, Learner, Matrix, Vector
from online_model.learners.line_up import make

DAY_MS = 86_400_000
HORIZON_MS = 30 * DAY_MS


class Examples(NamedTuple):
    """As a learner takes them."""

    x: Matrix
    lost: Bools
    weights: Vector


def examples(count: int, seed: int = 1) -> Examples:
    """Examples whose loss depends on silence, on sessions and on the plan; a fifth of the values is unknown."""
    rng = np.random.default_rng(seed)
    x = np.empty((count, len(CATALOGUE)))
    for j, feature in enumerate(CATALOGUE):
        if feature.kind == "category":
            x[:, j] = rng.integers(1, 13 if feature.unit == "month" else 2**32, count)
        elif feature.kind == "ratio":
            x[:, j] = rng.uniform(-1, 1, count)
        elif feature.kind == "count":
            x[:, j] = rng.poisson(3, count)
        else:
            x[:, j] = rng.exponential(20, count)
    codes = rng.integers(1, 2**32, 4)
    x[:, INDEX["plan"]] = rng.choice(codes, count)
    x[:, INDEX["sessions_total"]] += 1
    x[:, INDEX["trials"]] = 2.0  # never varies
    x[:, INDEX["days_since_trial"]] = np.nan
    unknown = rng.random(x.shape) < 0.2
    unknown[:, [INDEX[n] for n in ("sessions_total", "days_since_last_session", "plan", "trials")]] = False
    x[unknown] = np.nan
    log_odds = (
        2.0 * np.log1p(x[:, INDEX["days_since_last_session"]])
        - 3.0 * np.log1p(x[:, INDEX["sessions_total"]])
        + 2.0 * (x[:, INDEX["plan"]] == codes[0])
        - 1.5
    )
    lost = rng.random(count) < 1 / (1 + np.exp(-log_odds))
    return Examples(x, lost, rng.choice([0.0, 0.5, 1.0, 3.0], count, p=[0.1, 0.1, 0.7, 0.1]))


def taught(kind: str, count: int = 400, seed: int = 1) -> Learner:
    """A learner that has learned `examples(count)`."""
    learner = make(kind, seed, HORIZON_MS)
    learner.learn_many(*examples(count))
    return learner


def hostile(count: int = 60) -> Matrix:
    """Rows with NaN, infinities, huge, tiny and negative values in every place."""
    rng = np.random.default_rng(5)
    values = [
        np.nan,
        np.inf,
        -np.inf,
        1e308,
        -1e308,
        1e-308,
        0.0,
        -0.0,
        -1.0,
        2.0**53,
        2.0**63,
        1e18,
        -5.5,
        12.5,
    ]
    x: npt.NDArray[Any] = rng.choice(values, (count, len(CATALOGUE)))
    x[0], x[1], x[2], x[3] = np.nan, np.inf, -1e308, 1e308
    return x
