"""Raw features as columns that refitted models can take."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.catalogue import CATALOGUE
from domain.labels import Matrix
from online_model.learners.admitted import admitted

_VALUES: Final = 8
"""Values of a category with a column of their own."""
_USED: Final = np.flatnonzero(admitted(CATALOGUE))
NUMBERS: Final = np.array([i for i in _USED.tolist() if CATALOGUE[i].kind != "category"])
"""Catalogue index of the numbers, and of the categories, that a learner may see."""
CATEGORIES: Final = np.array([i for i in _USED.tolist() if CATALOGUE[i].kind == "category"])


class Encoding(NamedTuple):
    """Columns: the numbers; for `dense` models also which of them are unknown; a column for each frequent category.

    Trees get the numbers as they are, NaN included. Dense models get them on the scale of signed logarithms with
    mean 0 and deviation 1, and the median where they are unknown.
    """

    dense: bool
    median: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    deviation: npt.NDArray[np.float64]
    unknown: npt.NDArray[np.int64]
    """Among `NUMBERS`, those that were unknown of somebody."""
    values: tuple[npt.NDArray[np.float64], ...]
    """Of each of `CATEGORIES`, most frequent first."""

    def __call__(self, x: Matrix) -> Matrix:
        """Columns, shape (n, columns), of raw features of shape (n, FEATURES)."""
        numbers = x[:, NUMBERS]
        parts = [numbers]
        if self.dense:
            scaled = (_signed_log(numbers) - self.mean) / self.deviation
            filler = (_signed_log(self.median) - self.mean) / self.deviation
            parts = [np.where(np.isnan(scaled), filler, scaled), np.isnan(numbers[:, self.unknown])]
        parts += [x[:, [place]] == known for place, known in zip(CATEGORIES, self.values, strict=True)]
        return np.ascontiguousarray(np.concatenate(parts, axis=1, dtype=np.float64))

    @property
    def sources(self) -> npt.NDArray[np.int64]:
        """Catalogue index of the feature behind each column."""
        parts = [NUMBERS, *([NUMBERS[self.unknown]] if self.dense else [])]
        parts += [np.full(len(v), place) for place, v in zip(CATEGORIES, self.values, strict=True)]
        return np.concatenate(parts).astype(np.int64)


def encoding(x: Matrix, *, dense: bool) -> Encoding:
    """As the examples that are learned suggest; `x` of shape (n, FEATURES), n at least 1."""
    numbers = x[:, NUMBERS]
    known = ~np.isnan(numbers)
    never = ~known.any(axis=0)
    median = np.where(never, 0.0, np.nanmedian(np.where(never, 0.0, numbers), axis=0))
    logs = _signed_log(np.where(known, numbers, median))
    deviation = logs.std(axis=0)
    return Encoding(
        dense=dense,
        median=median,
        mean=logs.mean(axis=0),
        deviation=np.where(deviation > 0, deviation, 1.0),
        unknown=np.flatnonzero(~known.all(axis=0)),
        values=tuple(_frequent(x[:, place]) for place in CATEGORIES),
    )


def _frequent(column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    return np.asarray(values[np.lexsort((values, -counts))][:_VALUES])


def _signed_log(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))
