"""All that is said of one group, as rows of the tables."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from batch_jobs.survival import hazard
from batch_jobs.survival.curve import Curve, fit, median, restricted_mean
from batch_jobs.survival.options import Options

Row = dict[str, Any]

HAZARDS: Final = "passage"
"""The view of which hazards are told."""


class Group(NamedTuple):
    """One group of one view, fitted."""

    view: str
    kind: str
    name: str
    counts: pd.DataFrame
    """Columns `entry`, `duration`, `event`, `users`."""
    curve: Curve
    small: bool

    @property
    def head(self) -> Row:
        """What every row begins with."""
        return {"view": self.view, "group_kind": self.kind, "group": self.name}


def fitted(view: str, kind: str, name: str, counts: pd.DataFrame, days: int, options: Options) -> Group:
    """The group with its curve on the grid from day 0 to `days`."""
    small = int(counts["users"].sum()) < options.least_users
    return Group(view, kind, name, counts, fit(counts, days, options.alpha), small)


def curve_rows(group: Group, days: int) -> dict[str, Any]:
    """Columns of `curves`."""
    curve, size = group.curve, days + 1
    return {
        **{name: [value] * size for name, value in group.head.items()},
        "day": np.arange(size),
        **{name: _nulls(getattr(curve, name)[:size]) for name in ("survival", "lower", "upper")},
        **{name: getattr(curve.table, name)[:size] for name in ("at_risk", "events", "censored")},
        "small": [group.small] * size,
    }


def median_row(group: Group) -> Row:
    """Row of `medians`."""
    users, events = group.counts["users"], (group.counts["users"] * group.counts["event"]).sum()
    return {
        **group.head,
        "users": int(users.sum()),
        "events": int(events),
        "censored": int(users.sum() - events),
        "small": group.small,
        **dict(zip(("median", "lower", "upper"), median(group.curve), strict=True)),
    }


def milestone_rows(group: Group, milestones: tuple[int, ...]) -> Iterator[Row]:
    """Rows of `milestones`."""
    for day in milestones:
        yield {**group.head, "day": day, **at(group.curve, day), "small": group.small}


def at(curve: Curve, day: int) -> Row:
    """Survival, limits and number at risk on a day; null beyond what is followed."""
    known = day < len(curve.survival) and not np.isnan(curve.survival[day])
    return {
        **{
            name: float(getattr(curve, name)[day]) if known else None
            for name in ("survival", "lower", "upper")
        },
        "at_risk": int(curve.table.at_risk[day]) if day < len(curve.survival) else 0,
    }


def mean_rows(group: Group, horizons: tuple[int, ...], z: float) -> Iterator[Row]:
    """Rows of `restricted_mean`."""
    for horizon in horizons:
        days, lower, upper = restricted_mean(group.curve, horizon, z) or (None, None, None)
        yield {
            **group.head, "horizon": horizon, "days": days, "lower": lower, "upper": upper, "small": group.small
        }  # fmt: skip


def hazard_rows(group: Group, alpha: float, z: float) -> Iterator[Row]:
    """Rows of `hazard`."""
    for month in hazard.months(group.curve.table, alpha, z):
        row = month._asdict()
        yield {**group.head, "month": row.pop("number"), **row, "small": group.small}


def _nulls(values: Any) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
