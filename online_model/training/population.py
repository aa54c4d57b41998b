"""What a version takes along of the recent population: a background for reasons, and what matters to all."""

from typing import Final

import numpy as np

from online_model.explain.explain import BACKGROUND, explain
from online_model.explain.importance import theme_importance
from online_model.learners.learner import Matrix, NotAdditiveError, Scorer

_EXPLAINED: Final = 16
"""Users, where each takes many scores: enough to see which themes matter, in a tenth of a second."""
_COMPARED: Final = 8
"""Users with whom each of those is compared."""


def background(population: Matrix) -> Matrix:
    """At most `BACKGROUND` users, evenly from all of the sample; shape (m, features)."""
    return _evenly(population, BACKGROUND)


def importance(scorer: Scorer, population: Matrix, seed: int) -> dict[str, float]:
    """Mean size, in log-odds, of what each theme adds; nothing where there is no population.

    Of all of it where the scorer says its parts, else sampled, of a few users.
    """
    if len(population) < 2:
        return {}
    rng = np.random.default_rng(seed)
    try:
        scorer.contributions(population[:1])
    except NotAdditiveError:
        users, others = _evenly(population, _EXPLAINED), _evenly(population, _COMPARED)
        found = explain(scorer, users, others, rng)
    else:
        found = explain(scorer, population, population[:0], rng)
    return {theme.name: theme.weight for theme in theme_importance(found)}


def _evenly(population: Matrix, rows: int) -> Matrix:
    if len(population) <= rows:
        return population.copy()
    return population[np.arange(rows) * len(population) // rows]
