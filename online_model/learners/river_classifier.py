"""Our learners as River classifiers, over features of any names."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from river import base

from domain.catalogue import CATALOGUE
from online_model.learners.admitted import SPARES
from online_model.learners.learner import Matrix
from online_model.learners.line_up import make

_DAY_MS: Final = 86_400_000


class RiverClassifier(base.Classifier):
    """For binary targets. Features of the catalogue go to their columns, the first 32 others to spare ones.

    Args:
        kind: of `line_up.KINDS`.
        seed: for kinds that need chance.
        horizon_days: for the own rhythm.
    """

    def __init__(self, kind: str = "logistic", seed: int = 1, horizon_days: int = 30) -> None:
        self.kind = kind
        self.seed = seed
        self.horizon_days = horizon_days
        features = (*CATALOGUE, *SPARES)
        self._learner = make(kind, seed, horizon_days * _DAY_MS, features)
        self._place: dict[base.typing.FeatureName, int] = {f.name: i for i, f in enumerate(CATALOGUE)}
        self._width = len(features)

    def learn_one(
        self, x: dict[base.typing.FeatureName, Any], y: base.typing.ClfTarget, w: float = 1.0
    ) -> None:
        """Learn one example of weight `w`."""
        for name in sorted(x.keys() - self._place.keys(), key=str):  # whatever order the features come in
            if len(self._place) < self._width:
                self._place[name] = len(self._place)
        self._learner.learn_many(self._row(x), np.array([bool(y)]), np.array([w]))

    def predict_proba_one(
        self,
        x: dict[base.typing.FeatureName, Any],
        **kwargs: Any,  # noqa: ARG002 River's
    ) -> dict[base.typing.ClfTarget, float]:
        """Probability of False and True."""
        p = float(self._learner.predict_many(self._row(x))[0])
        return {False: 1.0 - p, True: p}

    def _row(self, x: dict[base.typing.FeatureName, Any]) -> Matrix:
        row = np.full((1, self._width), np.nan)
        for name, value in x.items():
            place = self._place.get(name)
            if place is not None:
                row[0, place] = value
        return row

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"kind": "logistic"}
