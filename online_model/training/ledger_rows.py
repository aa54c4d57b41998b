"""Settled examples as rows of the ledger."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from domain.catalogue import NAMES
from domain.labels import Matrix
from online_model.ledger import schema
from online_model.quality.scored import Vector
from online_model.tiers import Thresholds
from online_model.training.serving import NO_VERSION
from online_model.training.settle import Settled


def table_of(settled: Settled, weights: Vector, delay_ms: int, thresholds: Thresholds) -> pa.Table:
    """Rows of `online_model.ledger.schema.SCHEMA`.

    Args:
        weights: what each counts in quality, shape (n,).
        delay_ms: from snapshot to due time.
        thresholds: of the tiers, where none were derived when the prediction was made.
    """
    taken, outcomes = settled.snapshots, settled.outcomes
    which = taken.which.tolist()
    tiers = np.searchsorted(list(taken.thresholds or thresholds), taken.served, side="right")
    return schema.to_table(
        schema.Settled(
            users=taken.users,
            times=taken.times,
            dues=taken.times + delay_ms,
            features=taken.features,
            lost=outcomes.lost,
            causes=outcomes.causes,
            returned=outcomes.returned,
            cancelled=outcomes.cancelled,
            treated=outcomes.treated,
            treated_before=taken.treated,
            holdout=taken.holdout,
            weights=weights,
            champions=[taken.serving[part] for part in which],
            versions=[taken.versions[part] if taken.versions[part] != NO_VERSION else None for part in which],
            served=taken.served,
            tiers=tiers.astype(np.int8),
            reasons=_reasons(taken.reason_features, taken.reason_weights),
            predictions=dict(zip(taken.contestants, taken.predictions, strict=True)),
        )
    )


def _reasons(features: npt.NDArray[np.int16], weights: Matrix) -> list[list[tuple[str, float]]]:
    rows = zip(features.tolist(), weights.tolist(), strict=True)
    return [[(NAMES[f], w) for f, w in zip(*row, strict=True) if f >= 0] for row in rows]
