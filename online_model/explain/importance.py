"""What matters over the whole recent population: mean size of contributions, and how risk goes with a feature."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from domain.catalogue import CATALOGUE, INDEX, NAMES
from online_model.explain.attribution import Attribution, checked
from online_model.explain.themes import theme_of
from online_model.learners.learner import Matrix, Scorer, Vector

POINTS: Final = 12


class Importance(NamedTuple):
    """One feature or theme."""

    name: str
    weight: float
    """Mean absolute change of the log-odds."""


class Dependence(NamedTuple):
    """One point of a partial dependence."""

    value: float
    """Of the feature; NaN is unknown."""
    risk: float
    """Mean probability of loss if everybody had it."""
    share: float
    """Of the population that this point stands for."""


def importance(population: Sequence[Attribution]) -> list[Importance]:
    """By feature, heaviest first.

    Args:
        population: attributions of recent users, at least one.
    """
    means = np.mean([np.abs(a.parts - _centre(population)) for a in population], axis=0)
    return _ranked(dict(zip(NAMES, means.tolist(), strict=True)))


def theme_importance(population: Sequence[Attribution]) -> list[Importance]:
    """By theme, heaviest first: its features' parts are summed for each user before their size is taken."""
    parts = np.array([a.parts for a in population]) - _centre(population)
    themes = np.array([theme_of(name) for name in NAMES])
    return _ranked(
        {
            str(theme): float(np.abs(parts[:, themes == theme].sum(axis=1)).mean())
            for theme in np.unique(themes)
        }
    )


def partial_dependence(
    scorer: Scorer, feature: str, population: Matrix, points: int = POINTS
) -> list[Dependence]:
    """Mean risk of the population at values of one feature, all others as they are (Friedman 2001).

    Values are quantiles of what is known, or for codes those that occur most; a last point stands for unknown, where
    that occurs.

    Args:
        feature: of the catalogue.
        population: raw features of recent users, shape (n, features).

    Raises:
        ValueError: there is no such feature, or nobody in the population.
    """
    if feature not in INDEX:
        raise ValueError(f"no feature {feature!r}; `docs/features.md` lists them")
    population = checked(population)
    if not len(population):
        raise ValueError("nobody in the population: partial dependence needs recent snapshots")
    column = INDEX[feature]
    values = population[:, column]
    known = values[~np.isnan(values)]
    grid, share = _grid(known, CATALOGUE[column].kind == "category", points)
    if len(known) < len(values):
        grid, share = np.append(grid, np.nan), np.append(share, len(values) - len(known))
    found = []
    for value, users in zip(grid.tolist(), share.tolist(), strict=True):
        changed = population.copy()
        changed[:, column] = value
        found.append(Dependence(value, float(scorer.score(changed).mean()), users / len(values)))
    return found


def _grid(known: Vector, codes: bool, points: int) -> tuple[Vector, Vector]:
    """Values, and how many users each stands for."""
    if not len(known):
        return known, known
    if codes:
        values, counts = np.unique(known, return_counts=True)
        most = np.sort(np.argsort(-counts, kind="stable")[:points])
        return values[most], counts[most].astype(np.float64)
    levels = (np.arange(points) + 0.5) / points
    values = np.unique(np.quantile(known, levels, method="inverted_cdf"))
    between = (values[:-1] + values[1:]) / 2
    nearest = np.searchsorted(between, known)
    return values, np.bincount(nearest, minlength=len(values)).astype(np.float64)


def _centre(population: Sequence[Attribution]) -> Vector:
    """What a feature adds for everybody alike matters to nobody's rank."""
    mean: Vector = np.mean([a.parts for a in population], axis=0)
    return mean


def _ranked(weights: dict[str, float]) -> list[Importance]:
    return sorted((Importance(n, w) for n, w in weights.items()), key=lambda i: (-i.weight, i.name))
