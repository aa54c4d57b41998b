"""Cells of users by group and outcome, from the tallies: all that the estimates are made of.

One row a day, outcome and group, with how many users share it; fitted with these as weights, the estimates are
those of one row a user.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from batch_jobs.cohorts.days import number
from batch_jobs.star.star import Star
from batch_jobs.survival.lives import INCLUDED, last_known_day, reasons
from batch_jobs.survival.options import Prevalent
from batch_jobs.survival.tallies import USERS

ALL: Final = "all"
OTHER: Final = "other"
OUTCOME: Final = ("entry", "duration", "event")
_STATES: Final = {"passage": ("event", "since"), "onset": ("silent", "silent_since")}

Values = Mapping[str, tuple[str, ...]]
"""Values of each dimension that are groups of their own, most users first."""


def frequent(cells: pd.DataFrame, names: Sequence[str], most: int) -> Values:
    """The most frequent values of each dimension, equals by name."""
    found = {}
    for name in names:
        users = cells.groupby(name)[USERS].sum()
        ordered = sorted(zip(users.tolist(), users.index, strict=True), key=lambda pair: (-pair[0], pair[1]))
        found[name] = tuple(str(value) for _, value in ordered[:most])
    return found


def coded(cells: pd.DataFrame, values: Values) -> pd.DataFrame:
    """With each dimension as the position among its values, and their number for all others."""
    codes = {
        name: cells[name].map({value: code for code, value in enumerate(known)}).fillna(len(known))
        for name, known in values.items()
    }
    return cells.assign(**codes).astype(dict.fromkeys(values, "int64"))


def followed(star: Star, cells: pd.DataFrame, view: str, prevalent: Prevalent) -> pd.DataFrame:
    """With `duration`, `event` and `status` of a view at the as-of, as `batch_jobs.survival.lives.lives` has them.

    Args:
        cells: with `entry`, `before`, and what is known of the loss (`batch_jobs.survival.states`).
    """
    event, since = (cells[name].to_numpy() for name in _STATES[view])
    duration = np.where(event, since, number(last_known_day(star, view)) - since)
    why = reasons(cells["before"].to_numpy(), cells["entry"].to_numpy(), duration, prevalent)
    status = np.select([given for given, _ in why], [name for _, name in why], INCLUDED)
    return cells.assign(duration=duration, event=event.astype(np.int64), status=status)


def included(cells: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Cells of those in the view by `names` and outcome."""
    return rolled_up(cells[cells["status"] == INCLUDED], names)


def statuses(cells: pd.DataFrame) -> dict[str, int]:
    """How many users are in a view, and how many are not for which reason, by name."""
    return {str(status): int(users) for status, users in cells.groupby("status")[USERS].sum().items()}


def rolled_up(cells: pd.DataFrame, names: Sequence[str] = ()) -> pd.DataFrame:
    """Counts by outcome and by some of the groups."""
    return cells.groupby([*names, *OUTCOME], as_index=False, sort=True).agg({USERS: "sum"})


def by_group(cells: pd.DataFrame, values: Values) -> dict[tuple[str, str], pd.DataFrame]:
    """Cells by kind and name of the group: all first, then each kind, its values in their order, then the others.

    Args:
        cells: columns of `values` (codes), `entry`, `duration`, `event`, `users`.
    """
    found = {(ALL, ALL): cells} if len(cells) else {}
    for kind, known in values.items():
        counts = rolled_up(cells, (kind,))
        for code, own in counts.groupby(kind):
            name = (*known, OTHER)[int(str(code))]
            # a value may itself be called `other`
            parts = [held for held in (found.get((kind, name)),) if held is not None]
            found[kind, name] = pd.concat([*parts, own]) if parts else own
    return found
