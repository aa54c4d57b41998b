"""What happened to users beside their days: features used, changes of subscription, treatments."""

from typing import Final

import pyarrow as pa
from ibis.expr.types import Table

from batch_jobs.star.events import is_activity
from batch_jobs.star.schema import CHANGES
from domain.settings import FactSettings

CHANGE_TYPES: Final = (
    "signup", "trial_start", "subscription_change", "renewal", "payment_failed", "cancellation",
)  # fmt: skip
TREATMENT_TYPES: Final = ("experiment_assignment", "promotion")

STORED_CHANGES: Final = pa.schema(
    [
        *CHANGES,
        # of a cancellation: the last activity of the day up to it, and the first after it
        pa.field("active_before", pa.timestamp("ms", tz="UTC")),
        pa.field("active_after", pa.timestamp("ms", tz="UTC")),
    ]
)
"""`changes` as it is stored: the public columns, and those that `users` needs."""


def usage(mine: Table, settings: FactSettings) -> Table:
    """Rows of `schema.USAGE` as numbers: activities that name a feature."""
    used = mine.filter(is_activity(mine, settings), mine.feature.notnull())
    return used.group_by("day", "user", "feature").agg(
        category=used.category.argmax(used.key, where=used.category.notnull()), uses=used.count()
    )


def changes(mine: Table, settings: FactSettings) -> Table:
    """Rows of `STORED_CHANGES` as numbers."""
    found = mine.filter(mine.type.isin(CHANGE_TYPES)).select(
        "user", "time", "day", "type", "plan", "change", "amount", "key"
    )
    left = found.filter(found.type == "cancellation").select("user", "day", "key", at=found.time)
    acts = mine.filter(is_activity(mine, settings)).select("user", "day", "time")
    near = left.inner_join(acts, ["user", "day"])
    near = near.group_by("user", "day", "key").agg(
        active_before=near.time.max(where=near.time <= near["at"]),
        active_after=near.time.min(where=near.time > near["at"]),
    )
    return found.left_join(near, ["user", "day", "key"]).select(
        *(found[name] for name in CHANGES.names), near.active_before, near.active_after
    )


def treatments(mine: Table) -> Table:
    """Rows of `schema.TREATMENTS` as numbers."""
    found = mine.filter(mine.type.isin(TREATMENT_TYPES))
    return found.select("user", "time", "day", "type", "experiment", "variant")
