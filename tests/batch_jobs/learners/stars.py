"""A star of nothing but its as-of: the learners read the ledger."""

from datetime import UTC, datetime

import ibis

from batch_jobs.star.star import Star
from domain.settings import FactSettings


def star_at(ms: int, facts: FactSettings | None = None) -> Star:
    """As of a time, ms."""
    engine = ibis.duckdb.connect()
    nothing = ibis.memtable({"user": [""]})
    as_of = datetime.fromtimestamp(ms / 1000, UTC)
    return Star(engine, nothing, nothing, nothing, nothing, nothing, as_of, None, facts or FactSettings())
