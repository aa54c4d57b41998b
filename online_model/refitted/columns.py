"""Raw features as the columns that a refitted model takes."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from online_model.learners.learner import Arrays, Matrix, Vector
from online_model.refitted.compiled import compiled

Places = npt.NDArray[np.int64]


class Columns(NamedTuple):
    """Columns: the numbers; for `dense` models also which of them are unknown; a column for each frequent category.

    Trees get the numbers as they are, NaN included. Dense models get them on the scale of signed logarithms with
    mean 0 and deviation 1, and the median where they are unknown.
    """

    dense: bool
    numbers: Places
    """Indices of the raw features that are numbers, shape (k,)."""
    median: Vector
    """Shape (k,), like mean and deviation of the signed logarithms."""
    mean: Vector
    deviation: Vector
    unknown: Places
    """Among `numbers`, those that were unknown of somebody."""
    categories: Places
    """Index of the raw feature behind each column of a category,"""
    values: Vector
    """and the value that the column stands for."""

    def __call__(self, x: Matrix) -> Matrix:
        """Columns, shape (n, columns), of raw features of shape (n, features)."""
        z = np.empty((len(x), self.width))
        filler = (signed_log(self.median) - self.mean) / self.deviation
        _encode(
            np.ascontiguousarray(x, np.float64), self.dense, self.numbers, self.mean, self.deviation, filler,
            self.unknown, self.categories, self.values, z,
        )  # fmt: skip
        return z

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.sources)

    @property
    def sources(self) -> Places:
        """Index of the raw feature behind each column."""
        unknown = self.numbers[self.unknown] if self.dense else self.unknown[:0]
        return np.concatenate([self.numbers, unknown, self.categories])

    def to_arrays(self) -> Arrays:
        """Inverse of `columns_of`."""
        return {name: np.asarray(getattr(self, name)) for name in self._fields}


def columns_of(arrays: Arrays) -> Columns:
    """From `Columns.to_arrays`.

    Raises:
        KeyError: an array is missing.
    """
    found = {name: arrays[name] for name in Columns._fields if name != "dense"}
    return Columns(dense=bool(arrays["dense"]), **found)


def signed_log(values: Vector) -> Vector:
    """sign(x) · log(1 + |x|)."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


@compiled
def _encode(x, dense, numbers, mean, deviation, filler, unknown, categories, values, z):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        at = numbers.shape[0]
        for k in range(at):
            v = x[i, numbers[k]]
            if not dense:
                z[i, k] = v
            elif v != v:
                z[i, k] = filler[k]
            else:
                z[i, k] = (math.copysign(math.log1p(abs(v)), v) - mean[k]) / deviation[k]
        if dense:
            for k in range(unknown.shape[0]):
                v = x[i, numbers[unknown[k]]]
                z[i, at + k] = 1.0 if v != v else 0.0
            at += unknown.shape[0]
        for k in range(values.shape[0]):
            z[i, at + k] = 1.0 if x[i, categories[k]] == values[k] else 0.0
