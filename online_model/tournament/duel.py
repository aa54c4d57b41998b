"""The champion against one other contestant: log losses on the same snapshots, one observation a due day."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from online_model.tournament.decision import Evidence
from online_model.tournament.sequence import ConfidenceSequence

Vector = npt.NDArray[np.float64]


class Duel:
    """Tests whether the other is better by more than the least improvement.

    With p of the champion and q of the other, both clipped, an example's difference is
    (1 − least) · loss(p) − loss(q), loss the log loss. It is one of two values known before the outcome; their sums
    over a day bound the day's sum. A day without an example is no observation; days need not be equally full, because
    bets are on sums.
    """

    def __init__(self, champion: str, other: str, *, alpha: float, least: float, clip: float) -> None:
        self.champion: Final = champion
        self.other: Final = other
        self._least = least
        self._clip = clip
        self._sequence = ConfidenceSequence(alpha, -math.log(clip))
        self._examples = 0
        self._champion_loss = 0.0
        self._other_loss = 0.0
        self._shift = 0.0

    def add_day(self, lost: npt.NDArray[np.bool_], weights: Vector, champion: Vector, other: Vector) -> None:
        """Take all examples of one due day, shapes (n,); rows that one of the two did not predict do not count."""
        told = np.isfinite(champion) & np.isfinite(other) & (weights > 0)
        if not told.any():
            return
        lost, weights = lost[told], weights[told]
        p, q = (np.clip(x[told], self._clip, 1 - self._clip) for x in (champion, other))
        if_lost = -(1 - self._least) * np.log(p) + np.log(q)
        if_not = -(1 - self._least) * np.log1p(-p) + np.log1p(-q)
        self._sequence.add(
            float(np.sum(weights * np.where(lost, if_lost, if_not))),
            weight=float(np.sum(weights)),
            low=float(np.sum(weights * np.minimum(if_lost, if_not))),
            high=float(np.sum(weights * np.maximum(if_lost, if_not))),
        )
        self._examples += len(lost)
        self._champion_loss += float(np.sum(weights * np.where(lost, -np.log(p), -np.log1p(-p))))
        self._other_loss += float(np.sum(weights * np.where(lost, -np.log(q), -np.log1p(-q))))
        self._shift += float(np.sum(weights * np.abs(champion[told] - other[told])))

    @property
    def days(self) -> int:
        """Due days with examples."""
        return self._sequence.observations

    @property
    def proven(self) -> bool:
        """Whether the other is better by more than the least improvement, at the duel's alpha."""
        return self._sequence.positive

    @property
    def log_evidence(self) -> float:
        """Natural logarithm of the e-value for that."""
        return self._sequence.log_evidence

    @property
    def gains(self) -> float:
        """Sum of the champion's log losses minus the other's so far, nats."""
        return self._champion_loss - self._other_loss

    @property
    def gain(self) -> float:
        """Mean log loss of the champion minus the other's, nats; 0 without examples."""
        return self.gains / (self._sequence.weight or 1.0)

    @property
    def mean_shift(self) -> float | None:
        """Mean size of the difference of the two probabilities; None without examples."""
        return self._shift / self._sequence.weight if self._examples else None

    def evidence(self, ages: Mapping[str, int]) -> Evidence:
        """All of it, for the log."""
        weight = self._sequence.weight or 1.0
        return Evidence(
            champion=self.champion,
            other=self.other,
            examples=self._examples,
            days=self.days,
            champion_log_loss=self._champion_loss / weight,
            other_log_loss=self._other_loss / weight,
            least_improvement=self._least,
            mean=self._sequence.mean,
            lower=self._sequence.lower,
            upper=self._sequence.upper,
            log_evidence=self.log_evidence,
            alpha=self._sequence.alpha,
            mean_shift=self.mean_shift or 0.0,
            ages={name: ages.get(name, 0) for name in (self.champion, self.other)},
        )
