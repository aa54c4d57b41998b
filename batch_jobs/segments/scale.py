"""From natural units to those in which users are compared, and back."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from ibis.expr.types import NumericValue, Table

from batch_jobs.segments.features import FEATURES

Matrix = npt.NDArray[np.float64]
_SKEWED: Final = np.array([feature.skewed for feature in FEATURES])
_LEAST_DEVIATION: Final = 1e-9


class Scale(NamedTuple):
    """z = (t − mean) / deviation, where t is ln(1 + x) of skewed features, else x; shapes (features,)."""

    mean: Matrix
    deviation: Matrix
    """Infinite where all users are alike, so that the column is 0."""

    def scaled(self, logs: Matrix) -> Matrix:
        """Rows of t, shape (n, features), as z."""
        return np.asarray((logs - self.mean) / self.deviation)

    def unscaled(self, z: Matrix) -> Matrix:
        """Rows of z as t; a column in which all users are alike as its mean."""
        return np.asarray(z * np.where(np.isfinite(self.deviation), self.deviation, 0.0) + self.mean)


def logs_of(natural: Matrix) -> Matrix:
    """Rows of t, shape (n, features)."""
    return np.where(_SKEWED, np.log1p(np.where(_SKEWED, natural, 0.0)), natural)


def natural_of(logs: Matrix) -> Matrix:
    """Back from t; of a mean of t that is nearly a geometric mean, which a few rich users hardly move."""
    return np.where(_SKEWED, np.maximum(np.expm1(np.where(_SKEWED, logs, 0.0)), 0.0), logs)


def scale_of(logs: Matrix) -> Scale:
    """Of a sample of t, at least one row."""
    deviation = logs.std(axis=0)
    return Scale(logs.mean(axis=0), np.where(deviation > _LEAST_DEVIATION, deviation, np.inf))


def scaled_columns(table: Table, scale: Scale) -> dict[str, NumericValue]:
    """The same in the engine: columns `z0`, `z1`, … in the order of the features; 0 where all are alike."""
    columns = {}
    for place, feature in enumerate(FEATURES):
        x = table[feature.name]
        t = (x + 1.0).ln() if feature.skewed else x
        alike = not np.isfinite(scale.deviation[place])
        columns[f"z{place}"] = (
            t * 0.0 if alike else (t - float(scale.mean[place])) / float(scale.deviation[place])
        )
    return columns
