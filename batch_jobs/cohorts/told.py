"""Result rows from counts by (row, period), and the other way round."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from batch_jobs.cohorts import schema
from batch_jobs.cohorts.counting import Counts
from batch_jobs.cohorts.days import keys, starts
from batch_jobs.cohorts.grid import Cells
from batch_jobs.cohorts.money import Money
from batch_jobs.cohorts.sizes import Sizes
from batch_jobs.cohorts.slices import Slice

_APART: Final = "\x1f"
Bools = npt.NDArray[np.bool_]


def slice_columns(slices: Sequence[Slice], numbers: Counts) -> dict[str, pa.Array]:
    """Columns that name a slice, of slices by number."""
    return {
        name: pa.array([getattr(piece, name) for piece in slices], pa.string()).take(pa.array(numbers))
        for name in Slice._fields
    }


def dates(days: Counts) -> pa.Array:
    """Of numbers of days."""
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _table(layout: pa.Schema, columns: Mapping[str, object], length: int) -> pa.Table:
    full = {
        name: pa.repeat(column, length) if isinstance(column, str) else column
        for name, column in columns.items()
    }
    return pa.table([full[name] for name in layout.names], schema=layout)


def cohorts(sizes: Sizes, slices: Sequence[Slice]) -> pa.Table:
    """`schema.COHORTS` of one grain."""
    return _table(
        schema.COHORTS,
        {
            "grain": sizes.grain,
            **slice_columns(slices, sizes.slices),
            "cohort": dates(starts(sizes.grain, sizes.cohorts)),
            "newest": dates(sizes.newest),
            "size": sizes.sizes,
        },
        len(sizes.cohorts),
    )


def retention(sizes: Sizes, slices: Sequence[Slice], kind: str, cells: Cells, retained: Counts) -> pa.Table:
    """`schema.RETENTION` of one grain and kind.

    Args:
        retained: by cell.
    """
    size = sizes.sizes[cells.rows]
    return _table(
        schema.RETENTION,
        {
            "grain": sizes.grain,
            "kind": kind,
            **slice_columns(slices, sizes.slices[cells.rows]),
            "cohort": dates(starts(sizes.grain, sizes.cohorts[cells.rows])),
            "period": cells.periods,
            "size": size,
            "retained": retained,
            "ratio": retained / size,
        },
        len(cells.rows),
    )


def curve(sizes: Sizes, slices: Sequence[Slice], kind: str, cells: Cells, retained: Counts) -> pa.Table:
    """`schema.RETENTION_CURVE` of the same."""
    at, numbers, periods = _by_period(sizes, cells)
    size = _summed(at, sizes.sizes[cells.rows])
    kept = _summed(at, retained)
    return _table(
        schema.RETENTION_CURVE,
        {
            "grain": sizes.grain,
            "kind": kind,
            **slice_columns(slices, numbers),
            "period": periods,
            "cohorts": _summed(at, np.ones_like(at)),
            "size": size,
            "retained": kept,
            "ratio": kept / size,
        },
        len(periods),
    )


def money(sizes: Sizes, slices: Sequence[Slice], cells: Cells, found: Money) -> pa.Table:
    """`schema.MONEY` of one grain; all by cell, and of payers only.

    Args:
        found: by cell.
    """
    return _table(
        schema.MONEY,
        {
            "grain": sizes.grain,
            **slice_columns(slices, sizes.slices[cells.rows]),
            "cohort": dates(starts(sizes.grain, sizes.cohorts[cells.rows])),
            "period": cells.periods,
            **found._asdict(),
            "net": found.revenue / found.base,
            "gross": found.kept / found.base,
        },
        len(cells.rows),
    )


def money_curve(sizes: Sizes, slices: Sequence[Slice], cells: Cells, found: Money) -> pa.Table:
    """`schema.MONEY_CURVE` of the same."""
    at, numbers, periods = _by_period(sizes, cells)
    sums = Money(*(_summed(at, column) for column in found))
    return _table(
        schema.MONEY_CURVE,
        {
            "grain": sizes.grain,
            **slice_columns(slices, numbers),
            "period": periods,
            "cohorts": _summed(at, np.ones_like(at)),
            **sums._asdict(),
            "net": sums.revenue / sums.base,
            "gross": sums.kept / sums.base,
        },
        len(periods),
    )


def recalled(
    table: pa.Table, sizes: Sizes, slices: Sequence[Slice], names: Sequence[str]
) -> tuple[Bools, dict[str, Counts]]:
    """Which cells a former table of this grain (and kind) knows, and what it says; by (row, period)."""
    cohorts, numbers = _named(table, sizes, slices)
    where = cohorts, numbers, table["period"].to_numpy()
    known = sizes.dense(*where, np.ones(table.num_rows, np.int64)).astype(bool)
    return known, {name: sizes.dense(*where, table[name].to_numpy()) for name in names}


def unchanged(table: pa.Table, sizes: Sizes, slices: Sequence[Slice]) -> Bools:
    """Whether a former `cohorts` has the same members in every slice of a cohort, by row.

    Members leave a closed cohort when a signup follows their first event, or when they are erased; none can join, so
    the same number means the same members.
    """
    cohorts, numbers = _named(table, sizes, slices)
    rows = sizes.rows(cohorts, numbers)
    there = rows >= 0
    same = np.zeros(len(sizes.cohorts), bool)
    size, newest = table["size"].to_numpy()[there], _days(table["newest"])[there]
    at = rows[there]
    same[at] = (sizes.sizes[at] == size) & (sizes.newest[at] == newest)
    gone = np.concatenate([cohorts[~there], sizes.cohorts[~same]])
    return ~np.isin(sizes.cohorts, gone)


def _named(table: pa.Table, sizes: Sizes, slices: Sequence[Slice]) -> tuple[Counts, Counts]:
    """Numbers of the cohort and of the slice of each row; −1 for slices that are no longer."""
    joined = pc.binary_join_element_wise(*(table[name] for name in Slice._fields), _APART)
    names = pa.array([_APART.join(piece) for piece in slices], pa.string())
    numbers = pc.index_in(joined, value_set=names).fill_null(-1)
    return keys(sizes.grain, _days(table["cohort"])), numbers.to_numpy().astype(np.int64)


def _days(column: pa.ChunkedArray) -> Counts:
    found: Counts = column.cast(pa.int32()).to_numpy().astype(np.int64)
    return found


def _by_period(sizes: Sizes, cells: Cells) -> tuple[Counts, Counts, Counts]:
    """Of each cell its place among the (slice, period) that occur; those slices; those periods."""
    wide = sizes.limits.periods + 1
    codes, at = np.unique(sizes.slices[cells.rows] * wide + cells.periods, return_inverse=True)
    return at.reshape(-1), codes // wide, codes % wide


def _summed(at: Counts, values: Counts) -> Counts:
    found = np.zeros(int(at.max(initial=-1)) + 1, np.int64)
    np.add.at(found, at, values)
    return found
