"""Versions of models in a registry, for tests of what serves."""

from typing import Final

import numpy as np

from domain.labels import FEATURES
from domain.settings import FactSettings
from online_model.learners.line_up import make
from online_model.registry.announcement import Announcement, Share, share_of
from online_model.registry.manifest import Training
from online_model.registry.registry import Registry

LINEAGE: Final = "00112233445566aa"
KEY: Final = b"a key of the tests, long enough"
FACTS: Final = FactSettings()


def publish(registry: Registry, name: str = "logistic", seed: int = 1, lineage: str = LINEAGE) -> str:
    """A learner of 300 made-up examples as a version; its id."""
    learner = make(name, 0, FACTS.horizon_ms)
    rng = np.random.default_rng(seed)
    x = rng.exponential(5.0, (300, FEATURES))
    learner.learn_many(x, x[:, 0] < rng.exponential(3.0, 300), np.ones(300))
    scorer = learner.scorer()
    assert scorer is not None
    training = Training(
        name=name, kind=learner.kind, lineage=lineage, facts=FACTS, seed=0, first_snapshot_ms=1,
        last_snapshot_ms=seed, last_due_ms=1_600_000_000_000 + seed, examples=300,
    )  # fmt: skip
    arrays = scorer.to_arrays() | {"scorer_kind": np.array(scorer.kind), "background": x[:8]}
    return registry.publish(training, arrays, learner).version


def announced(registry: Registry, *versions: tuple[str, float], lineage: str = LINEAGE) -> Announcement:
    """Versions with their shares."""
    shares: list[Share] = [share_of(registry.manifest(version), share) for version, share in versions]
    return Announcement(
        role="champion", lineage=lineage, address="", shares=tuple(shares), decided_ms=0, reason="tests"
    )
