"""Explains any scorer: exactly where its log-odds are a sum over features, by sampling where they are not."""

from typing import Final

import numpy as np

from online_model.explain.attribution import Attribution, checked, exact
from online_model.explain.shapley import shapley
from online_model.learners.learner import Matrix, NotAdditiveError, Scorer

BACKGROUND: Final = 64
"""Most background users for one explanation."""


def explain(
    scorer: Scorer, x: Matrix, background: Matrix, rng: np.random.Generator, rounds: int = 1
) -> list[Attribution]:
    """What the score of each row is made of.

    Args:
        x: raw features, shape (n, features).
        background: the recent population, shape (m, features), as `recent.Recent` keeps it. At most `BACKGROUND`
            of them are drawn; a scorer that says its own parts needs none.
        rounds: see `shapley`.

    Raises:
        ValueError: wrong number of features, or fewer than two background users where they are needed.
    """
    x = checked(x)
    try:
        parts, base = scorer.contributions(x)
    except NotAdditiveError:
        drawn = background
        if len(background) > BACKGROUND:
            drawn = background[rng.choice(len(background), BACKGROUND, replace=False)]
        return [shapley(scorer, row, drawn, rng, rounds) for row in x]
    return [exact(row, float(start)) for row, start in zip(parts, base, strict=True)]
