"""Columns of the ledger."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from domain.catalogue import NAMES
from domain.labels import CAUSES, Matrix, Times

TIERS: Final = ("low", "medium", "high")

_TIME: Final = pa.timestamp("ms", tz="UTC")
_REASON: Final = pa.struct([pa.field("feature", pa.string()), pa.field("contribution", pa.float64())])

KNOWN: Final = (
    pa.field("user", pa.string(), nullable=False),
    pa.field("time", _TIME, nullable=False),
    pa.field("due", _TIME, nullable=False),
    pa.field("lost", pa.bool_(), nullable=False),
    pa.field("cause", pa.string(), nullable=False),
    pa.field("returned_at", _TIME),
    pa.field("cancelled_at", _TIME),
    pa.field("treated_at", _TIME),
    pa.field("treated_before", _TIME),
    pa.field("holdout", pa.bool_(), nullable=False),
    pa.field("weight", pa.float64(), nullable=False),
    pa.field("champion", pa.string(), nullable=False),
    pa.field("version", pa.string()),
    pa.field("served", pa.float64(), nullable=False),
    pa.field("tier", pa.string(), nullable=False),
    pa.field("reasons", pa.list_(_REASON), nullable=False),
    pa.field("predictions", pa.map_(pa.string(), pa.float64()), nullable=False),
)
"""What stands beside the features. `treated_at`: first treatment within the horizon; `treated_before`: last one
before the snapshot; `version`: null while the baseline served; `predictions`: by contestant, where it made one."""

SCHEMA: Final = pa.schema([*KNOWN, *(pa.field(name, pa.float64(), nullable=False) for name in NAMES)])


class Settled(NamedTuple):
    """Snapshots whose outcome is known, in any order; all of shape (items,) unless said otherwise."""

    users: list[str]
    times: Times
    """Of the snapshots."""
    dues: Times
    features: Matrix
    lost: npt.NDArray[np.bool_]
    causes: npt.NDArray[np.uint8]
    """As in `domain.labels`."""
    returned: npt.NDArray[np.int64]
    """Seconds after the snapshot, 0 for never; so `cancelled` and `treated`."""
    cancelled: npt.NDArray[np.int64]
    treated: npt.NDArray[np.int64]
    treated_before: Times
    """ms, 0 for never."""
    holdout: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float64]
    """What the example counts in quality and promotion; 0 for treated users, 1 / share for the holdout."""
    champions: list[str]
    """Contestant that served."""
    versions: list[str | None]
    """Version that served; None for the baseline."""
    served: npt.NDArray[np.float64]
    """Probability that was served."""
    tiers: npt.NDArray[np.int8]
    """Indices into `TIERS`, as served."""
    reasons: list[list[tuple[str, float]]]
    """Feature and its contribution in log-odds, heaviest first."""
    predictions: dict[str, npt.NDArray[np.float64]]
    """By contestant, as made at the snapshot; NaN where it made none."""


def to_table(settled: Settled) -> pa.Table:
    """Rows of the ledger, in the order given.

    Raises:
        pyarrow.ArrowInvalid: the columns differ in length.
    """
    times = settled.times
    columns = {
        "user": pa.array(settled.users, pa.string()),
        "time": _instants(times),
        "due": _instants(settled.dues),
        "lost": pa.array(settled.lost),
        "cause": _words(settled.causes, CAUSES),
        "returned_at": _after(times, settled.returned),
        "cancelled_at": _after(times, settled.cancelled),
        "treated_at": _after(times, settled.treated),
        "treated_before": _instants(settled.treated_before, absent=settled.treated_before == 0),
        "holdout": pa.array(settled.holdout),
        "weight": pa.array(settled.weights),
        "champion": pa.array(settled.champions, pa.string()),
        "version": pa.array(settled.versions, pa.string()),
        "served": pa.array(settled.served),
        "tier": _words(settled.tiers, TIERS),
        "reasons": pa.array(
            [[{"feature": f, "contribution": c} for f, c in row] for row in settled.reasons],
            pa.list_(_REASON),
        ),
        "predictions": _by_contestant(settled.predictions, len(times)),
    }
    features = [pa.array(np.ascontiguousarray(column)) for column in settled.features.T]
    return pa.Table.from_arrays([*(columns[field.name] for field in KNOWN), *features], schema=SCHEMA)


def predictions_of(column: pa.ChunkedArray) -> dict[str, npt.NDArray[np.float64]]:
    """Predictions by contestant, each of shape (rows,), NaN where it made none: inverse of how they are stored."""
    maps = column.combine_chunks()
    offsets = maps.offsets.to_numpy()
    rows = np.repeat(np.arange(len(maps)), np.diff(offsets))
    inside = slice(int(offsets[0]), int(offsets[-1]))
    names = maps.keys[inside].dictionary_encode()
    codes, values = names.indices.to_numpy(), maps.items[inside].to_numpy(zero_copy_only=False)
    found = {}
    for code, name in enumerate(names.dictionary.to_pylist()):
        made = codes == code
        found[name] = np.full(len(maps), np.nan)
        found[name][rows[made]] = values[made]
    return dict(sorted(found.items()))


def _by_contestant(predictions: dict[str, npt.NDArray[np.float64]], count: int) -> pa.MapArray:
    names = sorted(predictions)
    values = np.column_stack([predictions[n] for n in names]) if names else np.empty((count, 0))
    made = ~np.isnan(values)
    offsets = np.concatenate([[0], np.cumsum(made.sum(axis=1))]).astype(np.int32)
    which = np.broadcast_to(np.arange(len(names)), values.shape)[made]
    keys = pa.DictionaryArray.from_arrays(which.astype(np.int32), pa.array(names, pa.string()))
    return pa.MapArray.from_arrays(pa.array(offsets), keys.cast(pa.string()), pa.array(values[made]))


def _instants(times: Times, absent: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(times.astype(np.int64, copy=False), pa.int64(), mask=absent).cast(_TIME)


def _after(times: Times, seconds: npt.NDArray[np.int64]) -> pa.Array:
    return _instants(times + seconds * 1000, absent=seconds == 0)


def _words(codes: npt.NDArray[np.integer], words: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(words, pa.string())).cast(pa.string())
