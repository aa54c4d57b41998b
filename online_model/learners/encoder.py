"""From raw features to the columns that dense learners see.

Counts, amounts, durations and heavy tails pass through a signed log1p, ratios stay. Every column is standardised by
mean and standard deviation so far (Welford 1962), which learning alone moves, row by row, before the row is used.
What is unknown stands at the mean (0), and a column beside it says so. Categories are hashed into a few one-hot
columns. A column that never varied is 0, and none leaves ±`CLIP`: a first outlier must not carry a learner away.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.admitted import admitted
from online_model.learners.compiled import compiled

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]

CLIP: Final = 5.0
"""Standard deviations."""
CODE_BUCKETS: Final = 8
MONTH_BUCKETS: Final = 12
HEAVY_RATIOS: Final = frozenset({"silence_over_gap"})
"""Ratios without an upper end."""

LARGEST_RATIO: Final = 1e6
"""Ratios beyond it are cut, so that their squares sum up."""

IGNORED: Final = 0
PLAIN: Final = 1
LOGARITHM: Final = 2
CODE: Final = 3
MONTH: Final = 4


class Plan(NamedTuple):
    """How each feature is encoded; int64, shape (features,)."""

    way: npt.NDArray[np.int64]
    """`IGNORED`, `PLAIN`, `LOGARITHM`, `CODE` or `MONTH`."""
    first: npt.NDArray[np.int64]
    """First of its columns: value and missing-ness, or one for each bucket."""
    columns: int


class Moments(NamedTuple):
    """Of the columns so far, each of shape (columns,)."""

    known: Vector
    """How many values were known."""
    mean: Vector
    squares: Vector
    """Sum of squares around the mean."""
    inverse: Vector
    """1 / standard deviation; 0 for what never varied."""


def plan_of(
    features: Sequence[Feature] = CATALOGUE, wanted: Callable[[Feature], bool] = lambda _: True
) -> Plan:
    """The columns of these features; those not admitted or not wanted get none."""
    way, first, columns = [], [], 0
    for feature, enters in zip(features, admitted(features), strict=True):
        kind = _way(feature) if enters and wanted(feature) else IGNORED
        way.append(kind)
        first.append(columns)
        columns += {IGNORED: 0, CODE: CODE_BUCKETS, MONTH: MONTH_BUCKETS}.get(kind, 2)
    return Plan(np.array(way, np.int64), np.array(first, np.int64), columns)


def _way(feature: Feature) -> int:
    if feature.kind == "category":
        return MONTH if feature.unit == "month" else CODE
    return PLAIN if feature.kind == "ratio" and feature.name not in HEAVY_RATIOS else LOGARITHM


def no_moments(columns: int) -> Moments:
    """Before the first row."""
    return Moments(np.zeros(columns), np.zeros(columns), np.zeros(columns), np.zeros(columns))


@compiled
def bucket_of(value, way):  # type: ignore[no-untyped-def]
    """Bucket of a category's code, or −1 for what is none."""
    if not abs(value) < 2.0**53:
        return -1
    code = np.int64(value)
    if way == MONTH:
        return (code - 1) % MONTH_BUCKETS
    mixed = np.uint64(code) * np.uint64(
        0x9E3779B97F4A7C15
    )  # Fibonacci hashing: the upper bits are well mixed
    return np.int64(mixed >> np.uint64(61))


@compiled
def transformed(value, way):  # type: ignore[no-untyped-def]
    """A number before standardisation; NaN for unknown and infinite."""
    if not abs(value) < math.inf:
        return math.nan
    if way == PLAIN:
        return min(max(value, -LARGEST_RATIO), LARGEST_RATIO)
    if value == 0.0:
        return 0.0
    return math.log1p(value) if value > 0.0 else -math.log1p(-value)


@compiled
def spread(row, way, first, out):  # type: ignore[no-untyped-def]
    """Columns of a row before standardisation, into `out`; NaN where unknown."""
    for j in range(way.shape[0]):
        kind, k = way[j], first[j]
        if kind == IGNORED:
            continue
        if kind in (CODE, MONTH):
            bucket = bucket_of(row[j], kind)
            for b in range(CODE_BUCKETS if kind == CODE else MONTH_BUCKETS):
                out[k + b] = 1.0 if b == bucket else 0.0
        else:
            value = transformed(row[j], kind)
            out[k] = value
            out[k + 1] = 1.0 if math.isnan(value) else 0.0


@compiled
def standardise(mean, inverse, out):  # type: ignore[no-untyped-def]
    """Turn columns into standardised ones, in place."""
    for k in range(out.shape[0]):
        z = (out[k] - mean[k]) * inverse[k]
        # a NaN fails all comparisons, and so becomes 0
        out[k] = CLIP if z > CLIP else -CLIP if z < -CLIP else z if z == z else 0.0


@compiled
def observe(known, mean, squares, inverse, out):  # type: ignore[no-untyped-def]
    """Take the columns of one row into the moments."""
    for k in range(out.shape[0]):
        value = out[k]
        if value != value:
            continue
        known[k] += 1.0
        change = value - mean[k]
        if change != 0.0:
            mean[k] += change / known[k]
            squares[k] += change * (value - mean[k])
        if squares[k] > 0.0:
            inverse[k] = math.sqrt(known[k] / squares[k])


@compiled
def learn_row(row, way, first, moments, out):  # type: ignore[no-untyped-def]
    """Let one row move the moments, then standardise it into `out`, shape (columns,)."""
    spread(row, way, first, out)
    observe(moments.known, moments.mean, moments.squares, moments.inverse, out)
    standardise(moments.mean, moments.inverse, out)


@compiled
def _encode(x, way, first, moments, out):  # type: ignore[no-untyped-def]
    for i in range(x.shape[0]):
        spread(x[i], way, first, out[i])
        standardise(moments.mean, moments.inverse, out[i])


def encode(x: Matrix, plan: Plan, moments: Moments) -> Matrix:
    """Standardised columns, shape (n, plan.columns); moves nothing."""
    out = np.empty((len(x), plan.columns))
    _encode(x, plan.way, plan.first, moments, out)
    return out


def copied(arrays: Any) -> Any:
    """A named tuple of arrays with arrays of its own."""
    return type(arrays)(*(a.copy() if isinstance(a, np.ndarray) else a for a in arrays))
