"""Retention as people read it: a line a cohort, a column a period."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from batch_jobs.cohorts.days import GrainName
from batch_jobs.cohorts.schema import CLASSIC
from batch_jobs.cohorts.slices import EVERYBODY, Slice


def matrix(
    tables: Mapping[str, pa.Table], grain: GrainName, kind: str = CLASSIC, piece: Slice = EVERYBODY
) -> list[dict[str, Any]]:
    """Cohorts with members, by date; JSON can hold it.

    Returns:
        `cohort` (ISO date of its first day), `size`, `retained` and `periods`: members and share of them by period
        from 0 on, None where the cell is not ripe or not told; both as long as the oldest cohort needs.
    """
    sizes = {row["cohort"]: row["size"] for row in _rows(tables["cohorts"], grain, piece)}
    cells = {
        (row["cohort"], row["period"]): row
        for row in _rows(tables["retention"], grain, piece)
        if row["kind"] == kind
    }
    wide = max((period + 1 for _, period in cells), default=0)
    found = []
    for cohort, size in sorted(sizes.items()):
        line = [cells.get((cohort, period)) for period in range(wide)]
        found.append(
            {
                "cohort": cohort.isoformat(),
                "size": size,
                "retained": [None if cell is None else cell["retained"] for cell in line],
                "periods": [None if cell is None else cell["ratio"] for cell in line],
            }
        )
    return found


def _rows(table: pa.Table, grain: GrainName, piece: Slice) -> list[dict[str, Any]]:
    wanted = pc.equal(table["grain"], grain)
    for name, value in piece._asdict().items():
        wanted = pc.and_(wanted, pc.equal(table[name], value))
    rows: list[dict[str, Any]] = table.filter(wanted).to_pylist()
    return rows
