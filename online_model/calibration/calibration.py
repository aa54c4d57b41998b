"""Calibrates a contestant only while that is proven to help.

Both the raw and the calibrated prediction are made at snapshot time and kept. When outcomes are settled, their log
losses on chosen snapshots are compared, due day by due day, by a test that may be looked at every day
(`online_model.tournament.duel`). Once calibrating is proven better it is served, if it was better horizon after
horizon, too (`online_model.calibration.periods`): a season that one learner has not followed makes a line that is
right for that season and wrong for the next. From then on the test by days asks for the opposite, and so on. A test
against calibrating starts anew after `RENEWED_DAYS` without proof, or how well it did
once would outweigh how badly it does now; one for it need not: while predictions are right, both are much the same.

The n-th test for calibrating may err with probability ``alpha / (n (n + 1))``, which sums to alpha: with probability
1 − alpha calibrating is never taken up for nothing, however long it runs. A test against it has alpha for itself: a
wrong one only costs what calibrating gains until it is proven again.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from online_model.calibration.periods import Periods
from online_model.calibration.recalibrator import Recalibrator
from online_model.quality.scored import Scored, Vector
from online_model.tournament.duel import Duel

ALPHA: Final = 0.05
CLIP: Final = 0.01
"""Predictions are taken as within [clip, 1 − clip] in the test, so that no single example decides."""
RENEWED_DAYS: Final = 60
_SUFFIX: Final = "+calibrated"
_NOBODY: Final = np.empty((0, 4))


class CalibrationState(msgspec.Struct, frozen=True, kw_only=True):
    """For people and for JSON."""

    contestant: str
    served: bool
    slope: float
    intercept: float
    learned: int
    days: int
    """Due days that the running test has seen."""
    horizons: int
    """And of their horizons, those that are over."""
    gain: float
    """Log loss without minus with calibration in them, nats an example."""


def calibrated_name(contestant: str) -> str:
    """Under which its calibrated predictions stand among those of a `Scored`."""
    return contestant + _SUFFIX


class Calibration:
    """Of one contestant; can be pickled, and is the same however examples are cut into runs."""

    def __init__(self, contestant: str, period_days: int, alpha: float = ALPHA) -> None:
        """Begin with serving predictions as they are.

        Args:
            period_days: from a snapshot to its outcome.
            alpha: see above.
        """
        self.contestant: Final = contestant
        self.served = False
        self._alpha = alpha
        self._period_days = period_days
        self._tests = 0
        """For calibrating, so far."""
        self._line = Recalibrator()
        self._day: int | None = None
        """The due day that is not over yet,"""
        self._of_day = _NOBODY
        """and its chosen examples: lost, weight, raw and calibrated prediction, shape (n, 4)."""
        self._periods: Periods
        self._test = self._next_test()

    def calibrated(self, predictions: Vector) -> Vector:
        """What calibrating would give now, to be kept under `calibrated_name`, shape (n,)."""
        return self._line.predict_many(predictions)

    def predict_many(self, predictions: Vector) -> Vector:
        """What is to be served, shape (n,): calibrated if that is proven to help, else as it is."""
        return self.calibrated(predictions) if self.served else predictions

    @property
    def line(self) -> tuple[float, float]:
        """Slope and intercept on log-odds of what is served; (1, 0) is as it is."""
        return (self._line.slope, self._line.intercept) if self.served else (1.0, 0.0)

    def add(self, scored: Scored, weights: Vector) -> None:
        """Settled examples: first they test, when their due day is over, and then they teach.

        Args:
            weights: what each counts, shape (n,); 0 for the treated (`online_model.quality.untreated`).
        """
        nothing = np.full(scored.examples, np.nan)
        raw = scored.predictions.get(self.contestant, nothing)
        calibrated = scored.predictions.get(calibrated_name(self.contestant), nothing)
        rows = np.flatnonzero(scored.chosen & (weights > 0))
        pairs = np.column_stack([scored.lost[rows], weights[rows], raw[rows], calibrated[rows]])
        days = scored.due_day[rows]
        for day in sorted(set(scored.due_day.tolist())):
            self._add_day(day, pairs[days == day])
        self._line.learn_many(raw, scored.lost, weights)

    def state(self) -> CalibrationState:
        """Where it stands."""
        return CalibrationState(
            contestant=self.contestant,
            served=self.served,
            slope=self._line.slope,
            intercept=self._line.intercept,
            learned=self._line.learned,
            days=self._test.days,
            horizons=self._periods.observations,
            gain=-self._test.gain if self.served else self._test.gain,
        )

    def _add_day(self, day: int, chosen: npt.NDArray[np.float64]) -> None:
        if self._day is not None and day != self._day:
            self._end_day()
        self._day = day
        if len(chosen):
            self._of_day = np.concatenate([self._of_day, chosen])

    def _end_day(self) -> None:
        day, (lost, weights, raw, calibrated) = self._day or 0, self._of_day.T
        self._of_day = _NOBODY
        ours, theirs = (calibrated, raw) if self.served else (raw, calibrated)
        before = self._test.gains
        self._test.add_day(lost > 0, weights, ours, theirs)
        self._periods.add_day(day, self._test.gains - before)
        if self._test.proven and (self.served or self._periods.proven):
            self.served = not self.served
            self._test = self._next_test()
        elif self.served and self._test.days >= RENEWED_DAYS:
            self._test = self._next_test()

    def _next_test(self) -> Duel:
        raw, calibrated = self.contestant, calibrated_name(self.contestant)
        if self.served:
            self._periods = Periods(self._alpha, self._period_days)
            return Duel(calibrated, raw, alpha=self._alpha, least=0.0, clip=CLIP)
        self._tests += 1
        alpha = self._alpha / (self._tests * (self._tests + 1))
        self._periods = Periods(alpha, self._period_days)
        return Duel(raw, calibrated, alpha=alpha, least=0.0, clip=CLIP)
