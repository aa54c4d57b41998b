"""Result rows: columns by slice, put into one table in the order of time and then of slices."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from batch_jobs.cohorts.counting import Counts
from batch_jobs.cohorts.slices import Slice
from batch_jobs.cohorts.told import dates, slice_columns

Values = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]


def stacked(
    layout: pa.Schema,
    time: str,
    starts: Counts,
    parts: Mapping[Slice, tuple[Bools, Mapping[str, Values]]],
    fixed: Mapping[str, str] | None = None,
) -> pa.Table:
    """One table of all slices.

    Args:
        time: name of the column of dates.
        starts: the dates, as numbers of days.
        parts: by slice, in order: which dates are told, and the other columns by date. A masked value is null.
        fixed: columns that are the same everywhere.
    """
    slices = list(parts)
    told = np.array([told for told, _ in parts.values()], bool).reshape(len(slices), len(starts)).T
    at, piece = np.nonzero(told)
    columns: dict[str, Any] = {time: dates(starts[at]), **slice_columns(slices, piece)}
    columns |= {name: pa.repeat(value, len(at)) for name, value in (fixed or {}).items()}
    for name in layout.names:
        if name not in columns:
            values = np.ma.stack([np.ma.asarray(of[name]) for _, of in parts.values()]).T[told]
            columns[name] = pa.array(values.data, mask=np.ma.getmaskarray(values))
    return pa.table([columns[name] for name in layout.names], schema=layout)


def share(part: Values, whole: Values) -> Values:
    """Part of the whole; masked where the whole is nothing or masked."""
    bottom = np.ma.masked_equal(whole, 0)
    return np.ma.asarray(part).astype(np.float64) / bottom


def later(values: Values, days: Counts, since: int) -> Values:
    """The values, masked on days before."""
    return np.ma.masked_array(values, mask=days < since)


def table_of(layout: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Of few rows."""
    columns = list(zip(*rows, strict=True)) or [()] * len(layout)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, layout, strict=True)], schema=layout)
