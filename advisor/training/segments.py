"""Whether the model errs more on some customers than on others: by channel, plan, platform and geography."""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from advisor.training.replayed import Replayed
from domain.catalogue import INDEX
from online_model.quality.metrics import metrics
from online_model.quality.scored import Vector, Whole

LABELS: Final = ("channel", "plan", "platform", "geography")
MOST: Final = 8
"""Values of a label that are told apart, those with the most snapshots; the others are one."""
LEAST: Final = 30
"""Fewer snapshots say nothing of their own."""
OTHER: Final = "other"


class SegmentError(msgspec.Struct, frozen=True, kw_only=True):
    """Of snapshots of the second half of the time span that the model had predicted, with one value of a label; of a
    sample of them where there are very many (`advisor.training.replayed.MOST_FEATURES`)."""

    label: str
    value: str
    snapshots: int
    lost: float
    """Share of them."""
    predicted: float
    """Mean probability: the nearer to `lost` the better."""
    roc_auc: float | None
    """None where all were lost, or none."""
    log_loss: float | None


def segments(past: Replayed, contestant: str, words: Mapping[int, str]) -> list[SegmentError]:
    """By label, the most snapshots first; nothing of labels of which the file has fewer than two values.

    Args:
        words: of codes (`advisor.training.words`).
    """
    examples = past.watched.examples
    said = examples.scored.predictions.get(contestant)
    if said is None:
        return []
    counts = (examples.times >= past.middle_ms) & np.isfinite(said) & (examples.weights > 0)
    known = np.flatnonzero(counts[examples.sampled])
    found = []
    for label in LABELS:
        codes = examples.features[known, INDEX[label]]
        parts = _parts(codes, words)
        if len(parts) < 2:
            continue
        for value, members in parts.items():
            at = examples.sampled[known[members]]
            judged = metrics(examples.scored.lost[at], said[at], examples.weights[at])
            if judged.base_rate is None or judged.mean_prediction is None:
                continue
            found.append(
                SegmentError(
                    label=label,
                    value=value,
                    snapshots=judged.examples,
                    lost=judged.base_rate,
                    predicted=judged.mean_prediction,
                    roc_auc=judged.roc_auc,
                    log_loss=judged.log_loss,
                )
            )
    return found


def _parts(codes: Vector, words: Mapping[int, str]) -> dict[str, Whole]:
    """Places of each value: those with enough snapshots, then all others together."""
    values, counts = np.unique(codes[~np.isnan(codes)], return_counts=True)
    order = np.lexsort((values, -counts))
    told = [n for n in order.tolist() if counts[n] >= LEAST][:MOST]
    parts = {words.get(int(values[n]), f"#{values[n]:.0f}"): np.flatnonzero(codes == values[n]) for n in told}
    rest = np.flatnonzero(~np.isin(codes, values[told]))
    if len(rest) >= LEAST:
        parts[OTHER] = rest
    return parts
