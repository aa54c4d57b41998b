"""The star schema as tables of an engine: what every job starts from."""

from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr.types import Table

from domain.settings import FactSettings


@dataclass(frozen=True)
class Star:
    """Tables of `batch_jobs.star.schema`, cut at the as-of: nothing in them is from then or later.

    They are Ibis expressions of one engine: nothing is computed before a job asks, and it asks for aggregates.
    """

    engine: ibis.BaseBackend
    daily: Table
    usage: Table
    changes: Table
    treatments: Table
    users: Table
    as_of: datetime
    """UTC midnight, exclusive: everything before it is known."""
    begins: datetime | None
    """Time of the first event of all; None where there is none."""
    settings: FactSettings
