"""The star schema as tables of an engine: what every job starts from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

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
    mark: str = ""
    """Which star this is; a job that keeps it can ask a later star what is new."""
    since: "Callable[[str], News | None]" = lambda _mark: None
    """What is new since the star of a mark; None if it cannot be told, or is nearly all: the log says why."""


class News(NamedTuple):
    """Users who may be others than in a former star, and the facts of then. All other users are the same."""

    as_of: datetime
    """Of the former star."""
    begins: datetime | None
    """Likewise."""
    former: Table
    """These users as they were; who is new is not in it."""
    users: Table
    """These users as they are; who was erased is not in it."""
    daily: Table
    """`daily` as it was. Of other users than these it is the same as now."""
