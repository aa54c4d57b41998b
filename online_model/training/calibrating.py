"""Calibration of all contestants: tested on what was said at the snapshots, served where it is proven to help."""

from collections.abc import Mapping

import numpy as np

from online_model.calibration.calibration import Calibration, calibrated_name
from online_model.calibration.scorer import AS_IT_IS, Line
from online_model.quality.scored import Scored, Vector


class Calibrating:
    """One `Calibration` for each contestant. Picklable."""

    def __init__(self, period_days: int) -> None:
        """
        Args:
            period_days: from a snapshot to its outcome.
        """
        self._period_days = period_days
        self._calibrations: dict[str, Calibration] = {}

    def said(self, said: Mapping[str, Vector]) -> dict[str, Vector]:
        """What the contestants say, with what calibrating it would give now under `calibrated_name`.

        Contestants that say nothing any more are forgotten.
        """
        former = self._calibrations
        self._calibrations = {name: former.get(name) or Calibration(name, self._period_days) for name in said}
        return dict(said) | {
            calibrated_name(name): np.asarray(calibration.calibrated(said[name]))
            for name, calibration in self._calibrations.items()
        }

    def add(self, scored: Scored, weights: Vector) -> None:
        """Settled examples, with the calibrated predictions among the others.

        Args:
            weights: what each counts, shape (n,); 0 for the treated.
        """
        for calibration in self._calibrations.values():
            calibration.add(scored, weights)

    def line(self, contestant: str) -> Line:
        """By which what a contestant says is to be served."""
        found = self._calibrations.get(contestant)
        return AS_IT_IS if found is None else Line(*found.line)


def contestants_only(said: Mapping[str, Vector]) -> dict[str, Vector]:
    """Predictions without the calibrated ones, which are no contestants."""
    return {name: vector for name, vector in said.items() if not is_calibrated(name)}


def is_calibrated(name: str) -> bool:
    """Whether predictions of that name are the calibrated ones of a contestant."""
    return name.endswith(calibrated_name(""))
