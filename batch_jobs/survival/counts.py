"""Lives rolled up in the engine to weighted counts: all that the estimates are made of.

One row a day, outcome and group, with how many users share it; fitted with these as weights, the estimates are
those of one row a user. The engine is asked once for the finest cells, and the groups are rolled up from them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import ibis
import pandas as pd
from ibis.expr.types import Table, Value

from batch_jobs.star.star import Star
from batch_jobs.survival.lives import INCLUDED, VIEWS

ALL: Final = "all"
OTHER: Final = "other"
OUTCOME: Final = ("entry", "duration", "event")
USERS: Final = "users"

Values = Mapping[str, tuple[str, ...]]
"""Values of each dimension that are groups of their own, most users first."""


def frequent(star: Star, table: Table, names: Sequence[str], most: int) -> Values:
    """The most frequent values of each dimension among the included, equals by name."""
    inside = table.filter(table.passage_status == INCLUDED)
    found = {}
    for name in names:
        counted = inside.group_by(value=inside[name]).agg(users=inside.count())
        ordered = counted.order_by([counted.users.desc(), counted.value]).limit(most)
        found[name] = tuple(star.engine.to_pyarrow(ordered)["value"].to_pylist())
    return found


def coded(value: Value, values: Sequence[str]) -> Value:
    """Position among the values, and their number for all others: small integers are counted fastest."""
    if not values:
        return ibis.literal(0)
    return ibis.cases(*((value == known, code) for code, known in enumerate(values)), else_=len(values))


def count(star: Star, table: Table, keys: Mapping[str, Value]) -> pd.DataFrame:
    """Users by keys, which are whole numbers, truths or texts; in their order, with `users`."""
    counted = table.group_by(**keys).agg(users=table.count())
    frame: pd.DataFrame = star.engine.to_pyarrow(counted).to_pandas()
    numbers = [name for name in frame if frame[name].dtype != object]
    return frame.astype(dict.fromkeys(numbers, "int64")).sort_values(list(keys), ignore_index=True)


def by_outcome(star: Star, table: Table, values: Values) -> pd.DataFrame:
    """Cells of all users in both views: dimensions as codes, `entry`, and of each view status, duration and
    event.
    """
    keys: dict[str, Value] = {name: coded(table[name], known) for name, known in values.items()}
    for view in VIEWS:
        inside = table[f"{view}_status"] == INCLUDED
        keys[f"{view}_status"] = table[f"{view}_status"]
        keys[f"{view}_duration"] = ibis.ifelse(inside, table[f"{view}_duration"], -1)
        keys[f"{view}_event"] = inside & table[f"{view}_event"]
    return count(star, table, {**keys, "entry": table.entry})


def of_view(cells: pd.DataFrame, view: str, names: Sequence[str]) -> pd.DataFrame:
    """Cells of the included of one view: `names`, `entry`, `duration`, `event`, `users`."""
    own = cells[cells[f"{view}_status"] == INCLUDED]
    outcome = {f"{view}_duration": "duration", f"{view}_event": "event"}
    return rolled_up(own[[*names, "entry", *outcome, USERS]].rename(columns=outcome), names)


def statuses(cells: pd.DataFrame, view: str) -> dict[str, int]:
    """How many users are in a view, and how many are not for which reason, by name."""
    counted = cells.groupby(f"{view}_status")[USERS].sum()
    return {str(status): int(users) for status, users in counted.items()}


def rolled_up(cells: pd.DataFrame, names: Sequence[str] = ()) -> pd.DataFrame:
    """Counts by outcome and by some of the groups."""
    return cells.groupby([*names, *OUTCOME], as_index=False, sort=True).agg({USERS: "sum"})


def by_group(cells: pd.DataFrame, values: Values) -> dict[tuple[str, str], pd.DataFrame]:
    """Counts by kind and name of the group: all first, then each kind, its values in their order, then the others.

    Args:
        cells: columns of `values` (codes), `entry`, `duration`, `event`, `users`.
    """
    found = {(ALL, ALL): rolled_up(cells)} if len(cells) else {}
    for kind, known in values.items():
        counts = rolled_up(cells, (kind,))
        for code, own in counts.groupby(kind):
            name = (*known, OTHER)[int(str(code))]
            # a value may itself be called `other`
            parts = [held for held in (found.get((kind, name)),) if held is not None]
            found[kind, name] = rolled_up(pd.concat([*parts, own]))
    return found
