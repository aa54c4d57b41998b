"""Watches what the champion's predictions are worth: ADWIN on its log loss less that of a steady reference.

What makes everybody harder to foresee, such as a season, moves both losses; their difference moves when the champion
no longer fits. ADWIN (Bifet, Gavaldà 2007, "Learning from time-changing data with adaptive windowing") supposes
independent values within [0, 1], so

- differences are cut at ±`MOST` and mapped there;
- of each user only every k-th week counts, k weeks being longer than the horizon: the outcomes of nearer weeks
  overlap. Users have their own instant of the week, so taking the hours of the week in turn does that without
  knowing users, and every week brings some of them.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from river.drift import ADWIN

from domain.calendar import WEEK_MS
from domain.labels import Times
from online_model.drift.features import MONDAY_MS, week_of

MOST: Final = 1.0
"""Nats."""
DELTA: Final = 0.0005
"""ADWIN's bound on a false cut; River's default is 0.002."""
MIN_EXAMPLES: Final = 500
LEAST_RISE: Final = 0.005
"""Nats: less is not worth starting anew for."""
_CLOCK: Final = 32
_HOUR_MS: Final = 3_600_000


class ErrorRise(NamedTuple):
    """The champion has become worse, measured against the reference."""

    at_ms: int
    """Of the example at which it was noticed."""
    before: float
    """Mean difference of log losses in nats; negative where the champion is better."""
    now: float
    examples: int
    """Since the change, as far as ADWIN can tell."""


class ErrorWatch:
    """Incremental; of a few kilobytes."""

    def __init__(self, horizon_ms: int) -> None:
        """
        Args:
            horizon_ms: of the outcomes.
        """
        self._stride = horizon_ms // WEEK_MS + 1
        self._adwin = _adwin()
        self.examples = 0
        """That counted."""
        self.rises: list[ErrorRise] = []
        """Not collected yet."""

    def add(self, times: Times, champion: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> None:
        """Settled examples in their order; those where either loss is NaN are left out.

        Args:
            times: ms since 1970, of the snapshots or of the moments at which the outcomes were due.
            champion: log loss of each prediction as it was served, nats.
            other: of the reference.
        """
        difference = np.asarray(champion, np.float64) - np.asarray(other, np.float64)
        hour = (times + MONDAY_MS) % WEEK_MS // _HOUR_MS
        taken = ((week_of(times) + hour) % self._stride == 0) & ~np.isnan(difference)
        scaled = (np.clip(difference[taken], -MOST, MOST) / MOST + 1) / 2
        for time, value in zip(times[taken].tolist(), scaled.tolist(), strict=True):
            self._one(time, value)

    def collect(self) -> list[ErrorRise]:
        """Rises since the last call."""
        found, self.rises = self.rises, []
        return found

    @property
    def difference(self) -> float:
        """Mean difference over ADWIN's window, nats; NaN before there is one."""
        return _nats(self._adwin.estimation) if self._adwin.width else float("nan")

    def begin_anew(self) -> None:
        """Forget the window: another champion, or the same after an alarm."""
        self._adwin = _adwin()

    def _one(self, time: int, value: float) -> None:
        self.examples += 1
        before = self._adwin.estimation
        self._adwin.update(value)
        if self._adwin.drift_detected:
            rise = ErrorRise(time, _nats(before), _nats(self._adwin.estimation), int(self._adwin.width))
            if rise.now - rise.before >= LEAST_RISE:
                self.rises.append(rise)


def _adwin() -> Any:
    detector: Any = ADWIN  # River's detectors carry no types
    return detector(delta=DELTA, clock=_CLOCK, grace_period=MIN_EXAMPLES)


def _nats(scaled: float) -> float:
    return (2 * scaled - 1) * MOST
