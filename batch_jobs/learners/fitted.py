"""A fitted model: from raw features to a probability. It learns nothing any more."""

from typing import NamedTuple

import numpy as np

from batch_jobs.learners.calibrating import Isotonic, Platt, calibration
from batch_jobs.learners.encoding import Encoding, encoding
from batch_jobs.learners.examples import Examples
from batch_jobs.learners.kinds import DENSE, Chosen, Margin, fit
from domain.labels import Matrix, Times
from online_model.learners.learner import Vector


class Fitted(NamedTuple):
    """Can be pickled."""

    kind: str
    encoding: Encoding
    model: Margin
    calibration: Platt | Isotonic
    trained_until: int
    """Due time of the latest outcome that it knows, ms."""

    def score(self, x: Matrix) -> Vector:
        """P(lost) of raw features of shape (n, FEATURES), shape (n,)."""
        return self.calibration(self.model.margin(self.encoding(x)))


def fitted(
    kind: str, chosen: Chosen, examples: Examples, train: Times, calibrate: Times, seed: int
) -> Fitted:
    """Learn the rows of `train`, then put the probabilities right by those of `calibrate`."""
    x = examples.features[train]
    columns = encoding(x, dense=kind in DENSE)
    model = fit(kind, chosen, columns(x), examples.lost[train], seed)
    margins = model.margin(columns(examples.features[calibrate]))
    line = calibration(margins, examples.lost[calibrate])
    known = int(np.max(examples.dues[np.concatenate([train, calibrate])]))
    return Fitted(kind, columns, model, line, known)
