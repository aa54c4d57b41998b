"""What the columns of a refitted model are, as the examples that are learned suggest."""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.catalogue import CATALOGUE
from domain.labels import Matrix
from online_model.learners.admitted import admitted
from online_model.refitted.columns import Columns, signed_log

_VALUES: Final = 8
"""Values of a category with a column of their own."""
_USED: Final = np.flatnonzero(admitted(CATALOGUE))
NUMBERS: Final = np.array([i for i in _USED.tolist() if CATALOGUE[i].kind != "category"])
"""Catalogue index of the numbers, and of the categories, that a learner may see."""
CATEGORIES: Final = np.array([i for i in _USED.tolist() if CATALOGUE[i].kind == "category"])


def encoding(x: Matrix, *, dense: bool) -> Columns:
    """Columns for the examples `x`, of shape (n, FEATURES), n at least 1; categories by what is most frequent."""
    numbers = x[:, NUMBERS]
    known = ~np.isnan(numbers)
    never = ~known.any(axis=0)
    median = np.where(never, 0.0, np.nanmedian(np.where(never, 0.0, numbers), axis=0))
    logs = signed_log(np.where(known, numbers, median))
    deviation = logs.std(axis=0)
    values = [_frequent(x[:, place]) for place in CATEGORIES]
    return Columns(
        dense=dense,
        numbers=NUMBERS,
        median=median,
        mean=logs.mean(axis=0),
        deviation=np.where(deviation > 0, deviation, 1.0),
        unknown=np.flatnonzero(~known.all(axis=0)),
        categories=np.repeat(CATEGORIES, [len(v) for v in values]),
        values=np.concatenate(values),
    )


def _frequent(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    return np.asarray(values[np.lexsort((values, -counts))][:_VALUES])
