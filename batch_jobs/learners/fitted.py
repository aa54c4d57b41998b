"""A fitted model: from raw features to a probability. It learns nothing any more."""

from typing import Any, NamedTuple

import numpy as np

from batch_jobs.learners.calibrating import calibration
from batch_jobs.learners.encoding import encoding
from batch_jobs.learners.examples import Examples
from batch_jobs.learners.kinds import DENSE, Chosen, fit
from domain.labels import Matrix, Times
from online_model.learners.learner import Vector
from online_model.refitted.scorer import RefittedScorer, refitted


class Fitted(NamedTuple):
    """What is judged is what would serve, to the bit: both are the scorer."""

    kind: str
    scorer: RefittedScorer
    library: Any
    """The model as the library made it, before calibration."""
    first_snapshot: int
    """Time of the earliest snapshot that it knows, and of the latest, ms."""
    last_snapshot: int
    trained_until: int
    """Due time of the latest outcome that it knows, ms."""
    examples: int

    def score(self, x: Matrix) -> Vector:
        """P(lost) of raw features of shape (n, FEATURES), shape (n,)."""
        return self.scorer.score(x)


def fitted(
    kind: str, chosen: Chosen, examples: Examples, train: Times, calibrate: Times, seed: int
) -> Fitted:
    """Learn the rows of `train`, then put the probabilities right by those of `calibrate`."""
    x = examples.features[train]
    columns = encoding(x, dense=kind in DENSE)
    model = fit(kind, chosen, columns(x), examples.lost[train], seed)
    margins = model.margins(columns(examples.features[calibrate]))
    line = calibration(margins, examples.lost[calibrate])
    known = np.concatenate([train, calibrate])
    return Fitted(
        kind=kind,
        scorer=refitted(columns, model.margins, line),
        library=model.library,
        first_snapshot=int(examples.times[known].min()),
        last_snapshot=int(examples.times[known].max()),
        trained_until=int(examples.dues[known].max()),
        examples=len(known),
    )
