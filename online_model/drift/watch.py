"""Decides when drift is an alarm."""

from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.labels import Matrix, Times
from online_model.drift.comparison import Comparison
from online_model.drift.errors import ErrorRise, ErrorWatch
from online_model.drift.features import PSI, FeatureWatch, start_of

COOLDOWN_WEEKS: Final = 4
"""After an alarm: one change shows in many features and, when outcomes are due, in the error."""
_HORIZON_MS: Final = 30 * 86_400_000
_NAMED: Final = 3


class DriftFinding(NamedTuple):
    """An alarm, with its evidence."""

    week: int
    """Weeks since the Monday before 1970; the one whose end brought it."""
    at_ms: int
    """The end of that week; for errors the moment of the example that showed it."""
    cause: Literal["features", "error"]
    features: tuple[Comparison, ...]
    """Those above in this week and the one before, farthest first."""
    error: ErrorRise | None
    text: str


class DriftWatch:
    """Told of snapshots and of settled predictions in order of time. Can be pickled; a few megabytes.

    A week without alarm and its figures: `compared`. Any split of the input into calls gives the same findings.
    """

    def __init__(self, horizon_ms: int = _HORIZON_MS) -> None:
        """
        Args:
            horizon_ms: of the outcomes.
        """
        self._features = FeatureWatch()
        self._errors = ErrorWatch(horizon_ms)
        self._quiet_before = -(1 << 62)

    def add_features(self, times: Times, x: Matrix) -> None:
        """Snapshots: their times and raw features, shapes (n,) and (n, features of the catalogue).

        Raises:
            ValueError: weeks were not ended; nothing was counted.
        """
        self._features.add(times, x)

    def add_errors(
        self, times: Times, champion: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
    ) -> None:
        """Log losses in nats of served predictions and of a steady reference's, shapes (n,); see `ErrorWatch.add`."""
        self._errors.add(times, champion, other)

    def end_of_week(self, week: int) -> list[DriftFinding]:
        """Close a week; its alarms, none within four weeks after the last.

        Args:
            week: since the Monday before 1970; later calls have later weeks.
        """
        features, rises = self._features.end_of_week(week), self._errors.collect()
        if week < self._quiet_before:
            return []
        end = start_of(week + 1)
        found = []
        if features:
            above = tuple(sorted(features, key=lambda c: (-c.psi, c.feature)))
            found.append(DriftFinding(week, end, "features", above, None, _said_of_features(above)))
        if rises:
            found.append(
                DriftFinding(week, rises[-1].at_ms, "error", (), rises[-1], _said_of_error(rises[-1]))
            )
        if found:
            self._quiet_before = week + 1 + COOLDOWN_WEEKS
            self._features.begin_anew(end)
            self._errors.begin_anew()
        return found

    @property
    def compared(self) -> list[Comparison]:
        """The figures of the week that ended last, by feature; features without a reference yet are left out."""
        return self._features.compared

    @property
    def error_difference(self) -> float:
        """Champion's log loss less the reference's, mean of the present window in nats; NaN before there is one."""
        return self._errors.difference

    @property
    def late(self) -> int:
        """Snapshots that came after the end of their week, and were left out."""
        return self._features.late


def _said_of_features(above: tuple[Comparison, ...]) -> str:
    named = ", ".join(
        f"{c.feature} (PSI {c.psi:.2f}, mean {c.mean_before:.3g} before, {c.mean_now:.3g} now)"
        for c in above[:_NAMED]
    )
    more = f" and {len(above) - _NAMED} more" if len(above) > _NAMED else ""
    return f"users changed in two consecutive weeks (PSI above {PSI}): {named}{more}"


def _said_of_error(rise: ErrorRise) -> str:
    return (
        f"the champion's log loss, less that of the reference, rose from {rise.before:+.4f} to {rise.now:+.4f} nats "
        f"over the last {rise.examples:,} independent examples"
    )
