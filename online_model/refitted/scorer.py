"""A refitted model as what can serve: encoding, margin and calibration, all of them arrays."""

from typing import ClassVar, Final

import numpy as np

from domain.labels import FEATURES
from online_model.learners.learner import Arrays, Matrix, NotAdditiveError, Vector
from online_model.refitted.columns import Columns, columns_of
from online_model.refitted.margins import Landmarks, Layers, Linear, Margins
from online_model.refitted.probabilities import Calibration, Platt, calibration_of
from online_model.refitted.trees import Trees

_FORMS: Final = {form.form: form for form in (Linear, Landmarks, Layers, Trees)}
_FORM: Final = "form"


class RefittedScorer:
    """Implements `online_model.learners.learner.Scorer`."""

    kind: ClassVar[str] = "refitted"

    def __init__(self, arrays: Arrays) -> None:
        """
        Args:
            arrays: as of `to_arrays`: `form`, and those of `columns/`, `margins/` and `calibration/`.

        Raises:
            KeyError: one is missing.
            ValueError: there is no such form.
        """
        form = str(arrays[_FORM])
        if form not in _FORMS:
            raise ValueError(f"no refitted model of form {form!r}; known are {', '.join(_FORMS)}")
        self._arrays = arrays
        self.columns: Final[Columns] = columns_of(_of("columns", arrays))
        self.margins: Final[Margins] = _FORMS[form](_of("margins", arrays))
        self.calibration: Final[Calibration] = calibration_of(_of("calibration", arrays))

    def __reduce__(self) -> tuple[type["RefittedScorer"], tuple[Arrays]]:
        return RefittedScorer, (self._arrays,)

    def score(self, x: Matrix) -> Vector:
        """See `Scorer.score`."""
        return self.calibration(self.margins(self.columns(x)))

    def contributions(self, x: Matrix) -> tuple[Matrix, Vector]:
        """See `Scorer.contributions`; columns of one feature are summed.

        Raises:
            NotAdditiveError: for all but a logistic regression that is calibrated by a line.
        """
        if not (isinstance(self.margins, Linear) and isinstance(self.calibration, Platt)):
            raise NotAdditiveError("the log-odds of this refitted model are no sum over features")
        slope, intercept = self.calibration.slope, self.calibration.intercept
        parts = np.zeros((FEATURES, len(x)))
        np.add.at(parts, self.columns.sources, (self.columns(x) * (slope * self.margins.weights)).T)
        base = np.full(len(x), intercept + slope * self.margins.intercept)
        return np.ascontiguousarray(parts.T), base

    def to_arrays(self) -> Arrays:
        """See `Scorer.to_arrays`."""
        return self._arrays


def refitted(columns: Columns, margins: Margins, calibration: Calibration) -> RefittedScorer:
    """Put together from what was fitted."""
    arrays: Arrays = {_FORM: np.array(margins.form)}
    for part, of in (("columns", columns), ("margins", margins), ("calibration", calibration)):
        arrays |= {f"{part}/{name}": array for name, array in of.to_arrays().items()}
    return RefittedScorer(arrays)


def _of(part: str, arrays: Arrays) -> Arrays:
    prefix = f"{part}/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
