"""Sampled Shapley values: what each feature adds to a score that is no sum over features.

Features change one after the other from a background user's values to this user's, in a random order; what the
log-odds change at each step is credited to its feature (Castro, Gómez, Tejada 2009, "Polynomial calculation of the
Shapley value based on sampling"). Every order is also gone backwards, which takes out much of the chance (Mitchell
et al. 2022, "Sampling permutations for Shapley value estimation"), and every background user comes equally
often, so that base + values is the user's log-odds exactly, whatever was sampled.
"""

import numpy as np

from online_model.explain.attribution import Attribution, log_odds
from online_model.learners.learner import Matrix, Scorer, Vector


def shapley(
    scorer: Scorer, x: Vector, background: Matrix, rng: np.random.Generator, rounds: int = 1
) -> Attribution:
    """Of one user.

    Args:
        x: raw features, shape (features,).
        background: users of the recent population, shape (m, features), m at least 2. Each takes
            ``2 · rounds · (features + 1)`` scores.
        rounds: orders, with their reverse, for each background user.

    Raises:
        ValueError: fewer than two background users.
    """
    if len(background) < 2:
        raise ValueError(
            f"{len(background)} background users: an error cannot be estimated from fewer than 2"
        )
    features = len(x)
    pairs = np.empty((rounds * len(background), features))
    base = np.empty(len(pairs))
    for number in range(len(pairs)):
        other = background[number % len(background)]
        order = rng.permutation(features)
        forth, base[number] = _walk(scorer, x, other, order)
        back, _ = _walk(scorer, x, other, order[::-1])
        pairs[number] = (forth + back) / 2
    return Attribution(
        parts=pairs.mean(axis=0),
        base=float(base.mean()),
        errors=pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs)),
    )


def _walk(
    scorer: Scorer, x: Vector, other: Vector, order: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[Vector, float]:
    """Change of the log-odds by each feature, and the log-odds at the beginning."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    steps = np.arange(len(order) + 1)[:, None]
    scored = log_odds(scorer.score(np.where(place < steps, x, other)))
    parts = np.empty(len(order))
    parts[order] = np.diff(scored)
    return parts, float(scored[0])
