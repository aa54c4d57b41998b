"""Figures, intervals and goals of the model benchmark: pure functions over predictions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from online_model.quality.metrics import metrics
from online_model.quality.ranking import ranked, roc_auc

Vector = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_FIGURES: Final = (
    "roc_auc", "pr_auc", "log_loss", "brier", "ece", "slope", "observed_over_expected",
)  # fmt: skip


class Bound(msgspec.Struct, frozen=True):
    """A goal: what was found has to lie within."""

    found: float | None
    low: float | None = None
    high: float | None = None

    @property
    def met(self) -> bool:
        """Whether it does; what could not be found does not."""
        if self.found is None or not np.isfinite(self.found):
            return False
        return (self.low is None or self.found >= self.low) and (self.high is None or self.found <= self.high)

    def as_json(self) -> dict[str, Any]:
        """For the results file."""
        return {**msgspec.to_builtins(self), "result": "met" if self.met else "missed"}


def figures(lost: Bools, said: Mapping[str, Vector]) -> dict[str, dict[str, float | None]]:
    """Of each contestant and peer."""
    found = {name: metrics(lost, p) for name, p in said.items()}
    return {name: {figure: getattr(m, figure) for figure in _FIGURES} for name, m in found.items()}


class Difference(msgspec.Struct, frozen=True):
    """Of two AUCs."""

    found: float
    low: float
    high: float
    """95 % interval: quantiles of resamples."""
    deviation: float


def auc_difference(
    users: Sequence[str], lost: Bools, ours: Vector, theirs: Vector, resamples: int, seed: int
) -> Difference:
    """Our AUC less theirs, with a bootstrap over users: a user's snapshots hang together.

    Args:
        users: of the snapshots, shape (n,), as all arrays.
    """
    _, user = np.unique(np.array(users), return_inverse=True)
    count = int(user.max()) + 1
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        weights = np.bincount(rng.integers(0, count, count), minlength=count)[user].astype(np.float64)
        pair = [roc_auc(ranked(p, lost, weights)) for p in (ours, theirs)]
        if pair[0] is not None and pair[1] is not None:
            found.append(pair[0] - pair[1])
    both = [roc_auc(ranked(p, lost)) or np.nan for p in (ours, theirs)]
    low, high = np.quantile(found, [0.025, 0.975])
    return Difference(both[0] - both[1], float(low), float(high), float(np.std(found)))


def examples_until_back(
    times: npt.NDArray[np.int64],
    losses: Vector,
    change_ms: int,
    former: float,
    window: int,
    tolerance: float = 0.05,
) -> tuple[int | None, float]:
    """Examples after a change until the mean loss of the last `window` is back for good.

    Args:
        times: of the examples, ascending, shape (n,).
        losses: of each.
        former: mean loss before the change.
        tolerance: share of `former` that it may stay above it.

    Returns:
        0 if it never left; None if it was not back at the end. And the worst mean of a window.
    """
    after = losses[times >= change_ms]
    if len(after) < window:
        return None, float("nan")
    sums = np.concatenate(([0.0], np.cumsum(after)))
    means = (sums[window:] - sums[:-window]) / window
    bad = np.flatnonzero(means > (1 + tolerance) * former)
    worst = float(means.max())
    if not len(bad):
        return 0, worst
    return (None if bad[-1] == len(means) - 1 else int(bad[-1]) + 1 + window), worst
