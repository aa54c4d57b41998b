"""Second-order logistic regression: weights with their full covariance, brought up to date by each example.

One Newton step an example on the log loss with a ridge prior, as in recursive least squares, the weight of an example
in the information being w p (1 − p); the same as an extended Kalman filter for fixed weights (Bishop 2006, "Pattern
recognition and machine learning", 4.4 and 4.5; Hazan, Agarwal, Kale 2007, "Logarithmic regret algorithms for online
convex optimization", for the bound). With covariance P, columns z, k = P z and h = w p (1 − p):

    weights += k w (y − p) / (1 + h zᵀk)
    P       −= k kᵀ h / (1 + h zᵀk)

`TRUST` scales w: weekly snapshots of one user overlap in most of their horizon, so each is worth less than an
independent example. Columns enter the covariance when they first differ from 0; until then they have no covariance
with the others, so leaving them out changes nothing and saves the square of their number.

It sees the derived columns too (`online_model.learners.derived`): few and chosen from what is known of repeat
behaviour, so their weights may be large at first; those of categories and of "unknown" may not, which are many and
say little.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.catalogue import CATALOGUE, Feature
from online_model.learners.compiled import compiled
from online_model.learners.derived import COLUMNS, places_of, widened
from online_model.learners.encoder import (
    CODE,
    CODE_BUCKETS,
    IGNORED,
    MONTH,
    MONTH_BUCKETS,
    PLAIN,
    Plan,
    encode,
    learn_row,
    no_moments,
    plan_of,
)
from online_model.learners.learner import MIN_LEARNED, CountingLearner, Matrix, Vector
from online_model.learners.linear import folded
from online_model.learners.log_odds import sigmoid
from online_model.learners.logistic import predict
from online_model.learners.wide import WideScorer

PRIOR: Final = 0.0025
"""Variance of a number's weight before anything is known."""
UNKNOWN_SHARE: Final = 0.1
"""Of it: the variance for the column that says "unknown"."""
CODE_SHARE: Final = 0.2
"""Likewise for a bucket of a category or a month."""
DERIVED_SHARE: Final = 8.0
"""Likewise for a derived column."""
INTERCEPT_PRIOR: Final = 1.0
TRUST: Final = 0.25
KEPT: Final = 0.99998
"""What an example leaves of the former information: 50,000 later ones outweigh it. 1 forgets nothing."""
AGILE_TRUST: Final = 0.5
AGILE_KEPT: Final = 0.9999
"""10,000 later ones outweigh it."""

_FORGET_EVERY: Final = 32
"""Examples; forgetting costs as much as learning."""


@compiled
def _admit(z, place, column_of, count, covariance, prior):  # type: ignore[no-untyped-def]
    """Give columns a place in the covariance the first time that they differ from 0; without a prior, none."""
    for c in range(z.shape[0]):
        if z[c] != 0.0 and place[c] < 0 and prior[c] > 0.0:
            at = count[0]
            place[c] = at
            column_of[at] = c
            covariance[at, at] = prior[c]
            count[0] += 1


@compiled
def _forget(covariance, n, column_of, prior, intercept_prior, kept):  # type: ignore[no-untyped-def]
    """Let the covariance grow, each weight's variance at most to what it was at first.

    Rows and columns are scaled alike, so that the matrix stays symmetric and positive.
    """
    for a in range(n):
        most = intercept_prior if a == 0 else prior[column_of[a]]
        variance = covariance[a, a]
        grown = min(variance / kept, most)
        if variance > 0.0 and grown > variance:
            factor = np.sqrt(grown / variance)
            for b in range(n):
                covariance[a, b] *= factor
            for b in range(n):
                covariance[b, a] *= factor


@compiled
def _learn(  # type: ignore[no-untyped-def]
    x, y, importance, way, first, moments, place, column_of, count, covariance, weights, z, dense, gain, learned,
    prior, intercept_prior, kept,
):  # fmt: skip
    for i in range(x.shape[0]):
        learn_row(x[i], way, first, moments, z)
        _admit(z, place, column_of, count, covariance, prior)
        n = count[0]
        if kept < 1.0 and (learned + i) % _FORGET_EVERY == 0:
            _forget(covariance, n, column_of, prior, intercept_prior, kept**_FORGET_EVERY)
        dense[0] = 1.0
        for a in range(1, n):
            dense[a] = z[column_of[a]]
        log_odds = 0.0
        for a in range(n):
            gain[a] = 0.0
            log_odds += dense[a] * weights[a]
        for a in range(n):
            value = dense[a]
            if value != 0.0:
                row = covariance[a]
                for b in range(n):
                    gain[b] += value * row[b]
        spread = 0.0
        for a in range(n):
            spread += dense[a] * gain[a]
        p = sigmoid(log_odds)
        information = importance[i] * p * (1.0 - p)
        scale = 1.0 / (1.0 + information * max(spread, 0.0))
        step = importance[i] * (y[i] - p) * scale
        shrink = information * scale
        for a in range(n):
            weights[a] += gain[a] * step
            row = covariance[a]
            for b in range(n):
                row[b] -= shrink * (
                    gain[a] * gain[b]
                )  # in this order, so that the matrix stays symmetric to the bit


class Recursive(CountingLearner):
    """Implements `Learner`; the covariance of all columns, some 600 kB."""

    kind: str = "recursive"

    def __init__(
        self,
        features: Sequence[Feature] = CATALOGUE,
        prior: float = PRIOR,
        trust: float = TRUST,
        kept: float = KEPT,
    ) -> None:
        super().__init__(len(features))
        self._trust, self._kept = trust, kept
        self._places = places_of(features)
        self._plan = wide_plan(features)
        self._prior = prior * shares(self._plan)
        columns = self._plan.columns
        self._moments = no_moments(columns)
        self._place = np.full(columns, -1)
        self._column_of = np.full(columns + 1, -1)
        self._count = np.ones(1, np.int64)  # place 0 is the intercept's
        self._covariance = np.zeros((columns + 1, columns + 1))
        self._covariance[0, 0] = INTERCEPT_PRIOR
        self._weights = np.zeros(columns + 1)

    def scorer(self) -> WideScorer | None:
        """See `Learner.scorer`."""
        if self.learned < MIN_LEARNED:
            return None
        linear = folded(self._plan, self._moments, self._by_column(), float(self._weights[0]))
        return WideScorer(linear.to_arrays() | {"places": self._places})

    def _by_column(self) -> Vector:
        weights = np.zeros(self._plan.columns)
        n = int(self._count[0])
        weights[self._column_of[1:n]] = self._weights[1:n]
        return weights

    def _probabilities(self, x: Matrix) -> Vector:
        out = np.empty(len(x))
        weights = self._by_column()
        predict(encode(widened(x, self._places), self._plan, self._moments), weights, self._weights, out)
        return out

    def _learn(self, x: Matrix, y: Vector, weights: Vector) -> None:
        width = self._plan.columns + 1
        _learn(
            widened(x, self._places), y, weights * self._trust, self._plan.way, self._plan.first, self._moments,
            self._place, self._column_of, self._count, self._covariance, self._weights, np.empty(width - 1),
            np.empty(width), np.empty(width), self.learned, self._prior, INTERCEPT_PRIOR, self._kept,
        )  # fmt: skip


class Agile(Recursive):
    """The same with a shorter memory, which follows a change sooner and knows less of what is rare."""

    kind: str = "agile"

    def __init__(self, features: Sequence[Feature] = CATALOGUE) -> None:
        super().__init__(features, trust=AGILE_TRUST, kept=AGILE_KEPT)


def wide_plan(features: Sequence[Feature]) -> Plan:
    """The encoder's plan with the derived columns behind the features, as ratios."""
    plan = plan_of(features)
    behind = plan.columns + 2 * np.arange(COLUMNS)
    return Plan(
        np.concatenate([plan.way, np.full(COLUMNS, PLAIN)]),
        np.concatenate([plan.first, behind]),
        plan.columns + 2 * COLUMNS,
    )


def shares(plan: Plan) -> Vector:
    """The prior variance of each column's weight, in parts of that of a number's, shape (plan.columns,).

    Derived columns are unknown where the features behind them are, which say so by themselves.
    """
    found = np.empty(plan.columns)
    derived = len(plan.way) - COLUMNS
    for j, (way, k) in enumerate(zip(plan.way.tolist(), plan.first.tolist(), strict=True)):
        if way in (CODE, MONTH):
            found[k : k + (CODE_BUCKETS if way == CODE else MONTH_BUCKETS)] = CODE_SHARE
        elif way != IGNORED:
            found[k : k + 2] = (DERIVED_SHARE, 0.0) if j >= derived else (1.0, UNKNOWN_SHARE)
    return found
