"""Settled examples beside what every contestant had said about them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rows = Whole | Bools | slice


class Scored(NamedTuple):
    """A run of settled examples, in the order of (due, user); every array has shape (n,)."""

    due_day: Whole
    """Days since 1970 at which the outcomes were due."""
    lost: Bools
    weights: Vector
    """What each counts, before treatment is looked at (`online_model.quality.untreated`)."""
    chosen: Bools
    """The one snapshot per user and horizon that promotion looks at: windows that overlap are not independent."""
    predictions: dict[str, Vector]
    """By contestant: P(lost) as said at snapshot time; NaN where it said nothing."""
    silence_days: Vector
    """Since the last session, at the snapshot; NaN is unknown."""
    tenure_days: Vector
    plan: Whole
    """Code of the plan; negative is unknown."""
    month: Whole
    """Of the snapshot: year · 12 + month − 1."""
    treated: Bools
    """Somebody tried to keep the user, so the outcome does not say what would have happened by itself."""
    holdout: Bools
    """Kept from treatment by lot."""

    @property
    def examples(self) -> int:
        """How many there are; ``len`` counts the columns."""
        return len(self.lost)

    def take(self, rows: Rows) -> "Scored":
        """Some of the examples."""
        columns: dict[str, Any] = {f: getattr(self, f)[rows] for f in self._fields if f != "predictions"}
        return Scored(**columns, predictions={name: p[rows] for name, p in self.predictions.items()})


def joined(runs: Sequence[Scored]) -> Scored:
    """One run after the other; a contestant that is missing in a run has said nothing there.

    Raises:
        ValueError: there is no run.
    """
    if not runs:
        raise ValueError("nothing to join: no run of scored examples")
    names = sorted({name for run in runs for name in run.predictions})
    columns: dict[str, Any] = {
        field: np.concatenate([getattr(run, field) for run in runs])
        for field in Scored._fields
        if field != "predictions"
    }
    predictions = {
        name: np.concatenate([run.predictions.get(name, np.full(len(run.lost), np.nan)) for run in runs])
        for name in names
    }
    return Scored(**columns, predictions=predictions)
