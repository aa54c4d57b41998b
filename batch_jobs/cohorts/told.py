"""Result rows from counts by (row, period), and the other way round."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from batch_jobs.cohorts import schema
from batch_jobs.cohorts.days import EPOCH, key, number, starts
from batch_jobs.cohorts.grid import Cells
from batch_jobs.cohorts.money import Money
from batch_jobs.cohorts.sizes import Counts, Sizes
from batch_jobs.cohorts.slices import Slice

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
    former = table.select(["cohort", "period", *Slice._fields, *names]).to_pandas()
    numbered = pd.DataFrame(list(slices), columns=list(Slice._fields)).assign(number=range(len(slices)))
    held = former.merge(numbered, on=list(Slice._fields))
    where = (
        np.array([key(sizes.grain, number(day)) for day in held["cohort"]], np.int64),
        held["number"].to_numpy(np.int64),
        held["period"].to_numpy(np.int64),
    )
    known = sizes.dense(*where, np.ones(len(held), np.int64)).astype(bool)
    return known, {name: sizes.dense(*where, held[name].to_numpy(np.int64)) for name in names}


def unchanged(table: pa.Table, sizes: Sizes, slices: Sequence[Slice]) -> Bools:
    """Whether a former `cohorts` has the same members in every slice of a cohort, by row.

    Members leave a closed cohort when a signup follows their first event, or when they are erased; none can join, so
    the same number means the same members.
    """
    former = table.select(["cohort", "newest", "size", *Slice._fields]).to_pandas()
    numbered = pd.DataFrame(list(slices), columns=list(Slice._fields)).assign(number=range(len(slices)))
    held = former.merge(numbered, on=list(Slice._fields))
    cohorts = np.array([key(sizes.grain, number(day)) for day in held["cohort"]], np.int64)
    rows = sizes.rows(cohorts, held["number"].to_numpy(np.int64))
    there = rows >= 0
    newest = np.array([(day - EPOCH).days for day in held["newest"]], np.int64)
    same = np.zeros(len(sizes.cohorts), bool)
    equal = (sizes.sizes[rows] == held["size"].to_numpy(np.int64)) & (sizes.newest[rows] == newest)
    same[rows[there]] = equal[there]
    gone = np.concatenate([cohorts[~there], sizes.cohorts[~same]])
    return ~np.isin(sizes.cohorts, gone)


def _by_period(sizes: Sizes, cells: Cells) -> tuple[Counts, Counts, Counts]:
    """Of each cell its place among the (slice, period) that occur; those slices; those periods."""
    wide = sizes.limits.periods + 1
    codes, at = np.unique(sizes.slices[cells.rows] * wide + cells.periods, return_inverse=True)
    return at.reshape(-1), codes // wide, codes % wide


def _summed(at: Counts, values: Counts) -> Counts:
    found = np.zeros(int(at.max(initial=-1)) + 1, np.int64)
    np.add.at(found, at, values)
    return found
