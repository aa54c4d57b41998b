"""Refitted models that nothing was fitted for."""

import numpy as np

from domain.catalogue import INDEX
from domain.settings import FactSettings
from online_model.refitted.columns import Columns
from online_model.refitted.frozen import name_of
from online_model.refitted.margins import Linear
from online_model.refitted.probabilities import Platt
from online_model.refitted.scorer import RefittedScorer, refitted
from online_model.registry.manifest import Training


def knowing(feature: str, weight: float, intercept: float) -> RefittedScorer:
    """Log-odds that are a line over one feature as it is."""
    place, nought = np.array([INDEX[feature]]), np.zeros(1)
    nowhere = np.zeros(0, np.int64)
    columns = Columns(
        dense=False, numbers=place, median=nought, mean=nought, deviation=np.ones(1), unknown=nowhere,
        categories=nowhere, values=np.zeros(0),
    )  # fmt: skip
    return refitted(
        columns, Linear({"weights": np.array([weight]), "intercept": np.array(intercept)}), Platt(1.0, 0.0)
    )


def record(
    lineage: str, facts: FactSettings, trained_until: int, kind: str = "logistic", examples: int = 900
) -> Training:
    """What such a model says of itself."""
    return Training(
        name=name_of(kind, trained_until), kind=kind, lineage=lineage, facts=facts, seed=0,
        first_snapshot_ms=trained_until - 9_000_000, last_snapshot_ms=trained_until - 1_000_000,
        last_due_ms=trained_until, examples=examples, metrics={"test_log_loss": 0.5},
    )  # fmt: skip
