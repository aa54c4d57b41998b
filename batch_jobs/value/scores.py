"""Probabilities that were served on the day of the as-of, taken from outside: the batch jobs ask no store.

A file a day, `as_of=<day>/scores.parquet`: of who was at risk on the day that begins with the as-of, as early on it
as somebody looked. They count as of the as-of, though they may know what came between it and that moment.
"""

import shutil
import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from batch_jobs.segments.folders import days, folder_on
from batch_jobs.star.star import Star
from batch_jobs.value.risks import RISKS

SCORES: Final = pa.schema([field for field in RISKS if field.name != "time"])
"""One row a user."""
FILE: Final = "scores.parquet"
_WEEK: Final = timedelta(days=7)
_STALE: Final = 2 * _WEEK


def taken(root: Path, as_of: date) -> bool:
    """Whether there are scores of a day."""
    return (folder_on(root, as_of) / FILE).exists()


def write(root: Path, as_of: date, rows: Iterable[pa.RecordBatch]) -> int:
    """Keep the scores of a day, and let go of those that are older than any job asks for; how many users.

    Args:
        rows: of `SCORES`, each user once.

    Raises:
        OSError: they cannot be written; what was there still stands.
    """
    folder = folder_on(root, as_of)
    folder.mkdir(parents=True, exist_ok=True)
    fresh, count = folder / f".{uuid.uuid4().hex}", 0
    try:
        with pq.ParquetWriter(fresh, SCORES, compression="zstd") as writer:
            for batch in rows:
                count += batch.num_rows
                writer.write_batch(batch)
        fresh.replace(folder / FILE)
    finally:
        fresh.unlink(missing_ok=True)
    for day in days(root):
        if day < as_of - _STALE:
            shutil.rmtree(folder_on(root, day))
    return count


def served(root: Path, star: Star) -> Table | None:
    """Rows of `RISKS`: the newest scores up to the as-of, and the newest that are a week older than these.

    Returns:
        None where there are none of the last two weeks.
    """
    last = star.as_of.date()
    recent = [day for day in days(root) if last - _STALE <= day <= last and taken(root, day)]
    if not recent:
        return None
    before = [day for day in recent if day <= recent[-1] - _WEEK]
    parts = [_rows(star, root, day) for day in (*before[-1:], recent[-1])]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _rows(star: Star, root: Path, day: date) -> Table:
    rows = star.engine.read_parquet(folder_on(root, day) / FILE)
    time = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(
        milliseconds=1
    )  # what is known as of a midnight is of before it
    return rows.select(
        "user", time=ibis.literal(time, "timestamp('UTC', 3)"), probability="probability", tier="tier"
    )
