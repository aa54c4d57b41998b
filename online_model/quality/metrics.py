"""All that is said about the predictions of one contestant on one set of examples."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from online_model.quality.decided import Decided, decided
from online_model.quality.ranking import Ranked, Top, pr_auc, ranked, roc_auc, tops
from online_model.quality.recalibration import recalibration
from online_model.quality.reliability import BINS, Bin, bins_of, expected_calibration_error
from online_model.quality.scored import Bools, Vector
from online_model.thresholds import Contact

COUNTS: Final = (50.0, 100.0, 500.0)
"""Users that a team may contact by hand."""
SHARES: Final = (0.01, 0.05, 0.1, 0.2, 0.5)
CONTACT: Final = Contact()
_CLIP: Final = 1e-12


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """Weighted throughout; None where a figure is not defined (nobody, one class only, one prediction only)."""

    examples: int
    weight: float
    """Of them."""
    base_rate: float | None
    """Share of the lost."""
    mean_prediction: float | None
    roc_auc: float | None
    pr_auc: float | None
    """Average precision."""
    log_loss: float | None
    """Mean, natural logarithm; predictions are cut at 1e-12."""
    brier: float | None
    """Mean squared error."""
    ece: float | None
    """Calibration error over 15 bins of equal weight."""
    slope: float | None
    """Of calibration (`online_model.quality.recalibration`)."""
    intercept: float | None
    observed_over_expected: float | None
    decided: Decided | None
    """At the threshold of the contact rule."""
    tops: list[Top]
    curve: list[Bin]
    """Reliability curve, from the lowest prediction up; empty where it was not asked for."""


def metrics(
    lost: Bools,
    predictions: Vector,
    weights: Vector | None = None,
    contact: Contact = CONTACT,
    counts: Sequence[float] = COUNTS,
    shares: Sequence[float] = SHARES,
) -> Metrics:
    """Judge predictions; those that are not finite were not made, and weights of 0 do not count.

    Args:
        lost: shape (n,).
        predictions: P(lost), shape (n,).
        weights: shape (n,); 1 each if left out.
        contact: gives the threshold, and what its mistakes cost.
        counts: precision and recall among the first so many,
        shares: and among the first such shares.

    Raises:
        ValueError: shapes differ, or a prediction lies outside [0, 1].
    """
    if not lost.shape == predictions.shape == (lost if weights is None else weights).shape:
        raise ValueError(
            f"outcomes {lost.shape}, predictions {predictions.shape} and weights must have the same shape"
        )
    wrong = predictions[np.isfinite(predictions) & ((predictions < 0) | (predictions > 1))]
    if len(wrong):
        raise ValueError(f"a prediction of {wrong[0]} is no probability")
    return judged(ranked(predictions, lost, weights), contact, counts, shares)


def judged(
    r: Ranked,
    contact: Contact = CONTACT,
    counts: Sequence[float] = COUNTS,
    shares: Sequence[float] = SHARES,
    *,
    curve: bool = True,
) -> Metrics:
    """The same of predictions that are sorted already."""
    bins = bins_of(r, BINS)
    fit = recalibration(r)
    expected = float((r.weights * r.predictions).sum())
    total = r.total
    return Metrics(
        examples=len(r.lost),
        weight=total,
        base_rate=r.positives / total if total > 0 else None,
        mean_prediction=expected / total if total > 0 else None,
        roc_auc=roc_auc(r),
        pr_auc=pr_auc(r),
        log_loss=float((r.weights * log_losses(r.lost, r.predictions)).sum()) / total if total > 0 else None,
        brier=float((r.weights * (r.predictions - r.lost) ** 2).sum()) / total if total > 0 else None,
        ece=expected_calibration_error(bins),
        slope=fit.slope if fit else None,
        intercept=fit.intercept if fit else None,
        observed_over_expected=r.positives / expected if expected > 0 else None,
        decided=decided(r, contact),
        tops=tops(r, counts, shares),
        curve=bins if curve else [],
    )


def log_losses(lost: Bools | Vector, predictions: Vector, clip: float = _CLIP) -> Vector:
    """Log loss of each example, shape (n,); NaN where nothing was predicted.

    Args:
        clip: predictions are cut at this distance from 0 and 1, so that one loss is at most ``-log(clip)``.
    """
    said = np.where(lost, predictions, 1 - predictions)
    return np.asarray(-np.log(np.clip(said, clip, 1 - clip)))
