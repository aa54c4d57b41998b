"""Counts by cohort, slice and period."""

from collections.abc import Callable, Collection, Mapping

import numpy as np
import numpy.typing as npt
from ibis.expr.types import IntegerScalar, Table

from batch_jobs.cohorts.days import GrainName, key
from batch_jobs.cohorts.limits import GrainLimits
from batch_jobs.cohorts.slices import Combinations

Counts = npt.NDArray[np.int64]


def by_slice(
    rows: Table,
    measures: Mapping[str, Callable[[Table], IntegerScalar]],
    greatest: Collection[str],
    found: Combinations,
    grain: GrainName,
    limits: GrainLimits,
    as_of: int,
) -> dict[str, Counts]:
    """Columns `cohort`, `slice`, `period`, `kind` and the measures: of everybody, and of the slices that are told.

    Args:
        rows: with `cohort`, `combination` and `period`; read twice.
        measures: by name, over rows.
        greatest: measures of which the greatest counts; the others are summed.
        as_of: number of the day.
    """
    last = key(grain, as_of - 1)
    recent = rows.filter(rows.cohort > last - limits.cohorts)
    everybody = columns(recent.group_by("cohort", "period").agg(**measures))
    none = np.zeros(len(everybody["cohort"]), np.int64)
    everybody |= {"slice": none, "kind": none}
    sliced = rows.filter(rows.cohort > last - min(limits.sliced, limits.cohorts))
    small = sliced.group_by("cohort", "combination", "period").agg(**measures)
    joined = small.join(found.membership, "combination")
    told = joined.period.isin(list(limits.marked))
    joined = joined.filter((joined.kind <= limits.whole) | (told & (joined.kind <= limits.some)))
    parts = columns(
        joined.group_by("cohort", "slice", "period", "kind").agg(
            **{name: joined[name].max() if name in greatest else joined[name].sum() for name in measures}
        )
    )
    return {name: np.concatenate([everybody[name], parts[name]]) for name in parts}


def columns(table: Table) -> dict[str, Counts]:
    """Whole numbers by the name of the column, without null."""
    found = table.to_pyarrow()
    return {name: found[name].to_numpy().astype(np.int64) for name in found.column_names}
