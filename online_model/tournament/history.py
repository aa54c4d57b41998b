"""How well the champion ranks now, against how well it once did."""

import numpy as np
import numpy.typing as npt

from online_model.quality.ranking import ranked, roc_auc
from online_model.tournament.rules import Rules

Vector = npt.NDArray[np.float64]


class History:
    """The champion's AUC within each due day, averaged over days with weights that halve every `fading_days`.

    Within a day, so that a seasonal change of the base rate is not taken for a change of the ranking.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._day = 0
        self._weight = 0.0
        self._sum = 0.0
        self.best: float | None = None
        """Highest fading AUC since there is a history."""

    def add_day(self, day: int, lost: npt.NDArray[np.bool_], weights: Vector, predictions: Vector) -> None:
        """Take all examples of one due day; days come in order."""
        told = np.isfinite(predictions) & (weights > 0)
        auc = roc_auc(ranked(predictions[told], lost[told], weights[told]))
        if auc is None:  # nobody, or all alike
            return
        mass = float(np.sum(weights[told]))
        kept = 0.5 ** ((day - self._day) / self._rules.fading_days) if self._weight else 0.0
        self._day = day
        self._weight = self._weight * kept + mass
        self._sum = self._sum * kept + mass * auc
        if self._known:
            self.best = max(self.best or 0.0, self.fading or 0.0)

    @property
    def fading(self) -> float | None:
        """None before the first day that has both lost and kept users."""
        return self._sum / self._weight if self._weight else None

    @property
    def _known(self) -> bool:
        return self._weight >= self._rules.history_examples

    @property
    def declined(self) -> bool:
        """Whether the fading AUC is below the share of its best that the rules name."""
        if self.best is None or self.fading is None or not self._known:
            return False
        return self.fading < self._rules.decline * self.best
