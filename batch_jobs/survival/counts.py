"""Lives rolled up in the engine to weighted counts: all that the estimates are made of.

One row a day, outcome and group, with how many users share it; fitted with these as weights, the estimates are
those of one row a user.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import ibis
import pandas as pd
from ibis.expr.types import Table, Value

from batch_jobs.star.star import Star
from batch_jobs.survival.lives import INCLUDED

OTHER: Final = "other"
ALL: Final = "all"
OUTCOME: Final = ("entry", "duration", "event")


def frequent(star: Star, table: Table, name: str, most: int) -> tuple[str, ...]:
    """The most frequent values of a column, most users first, equals by name."""
    counted = table.group_by(value=table[name]).agg(users=table.count())
    ordered = counted.order_by([counted.users.desc(), counted.value]).limit(most)
    return tuple(star.engine.to_pyarrow(ordered)["value"].to_pylist())


def among(value: Value, kept: Sequence[str]) -> Value:
    """Values that are kept, and `other` for the rest."""
    return ibis.ifelse(value.isin(list(kept)), value, OTHER) if kept else ibis.literal(OTHER)


def count(star: Star, table: Table, groups: Mapping[str, Value] | None = None) -> pd.DataFrame:
    """Users by outcome and by groups.

    Args:
        table: one row a user, with the columns of `OUTCOME`.
        groups: columns to count by.

    Returns:
        Columns of `groups`, `entry`, `duration`, `event` (0 or 1) and `users`, in their order.
    """
    groups = groups or {}
    keys = {**groups, **{name: table[name] for name in OUTCOME}}
    counted = table.group_by(**keys).agg(users=table.count())
    frame: pd.DataFrame = star.engine.to_pyarrow(counted).to_pandas()
    for name in (*OUTCOME, "users"):
        frame[name] = frame[name].astype("int64")
    return frame.sort_values([*groups, *OUTCOME], ignore_index=True)


def rolled_up(cells: pd.DataFrame, groups: Sequence[str] = ()) -> pd.DataFrame:
    """Counts by outcome and by fewer groups."""
    return cells.groupby([*groups, *OUTCOME], as_index=False, sort=True).agg({"users": "sum"})


def statuses(star: Star, table: Table) -> dict[str, int]:
    """How many users are in a view, and how many are not for which reason."""
    counted = star.engine.to_pyarrow(table.group_by(table.status).agg(users=table.count())).to_pylist()
    return {row["status"]: row["users"] for row in counted}


def included(table: Table) -> Table:
    """Those who are in the view."""
    return table.filter(table.status == INCLUDED)
