"""Where refitted models wait to enter the tournament: a registry of their own, beside that of what serves.

So nothing that falls back on the newest good version can meet one that nobody has promoted.
"""

import numpy as np

from online_model.learners.scorers import from_arrays
from online_model.loading import SCORER_KIND
from online_model.refitted.frozen import Frozen, name_of
from online_model.refitted.scorer import RefittedScorer
from online_model.registry.errors import DamagedError, MismatchError
from online_model.registry.manifest import Training
from online_model.registry.registry import Registry
from online_model.registry.version import Version


def candidates(registry: str, key: bytes) -> Registry:
    """The candidates of a deployment.

    Args:
        registry: address of what serves.
        key: that signs versions.

    Raises:
        StorageError: no such kind of address.
    """
    return Registry(f"{registry.rstrip('/')}/candidates", key)


def publish(registry: Registry, training: Training, scorer: RefittedScorer) -> str:
    """Put a model where the trainer finds it; its id.

    Raises:
        StorageError: nothing of it is visible.
    """
    registry.prepare()
    arrays = scorer.to_arrays() | {SCORER_KIND: np.array(scorer.kind)}
    return registry.publish(training, arrays, None).version


def scorer_of(version: Version) -> RefittedScorer:
    """The model, which executes nothing that stands in the files.

    Raises:
        RefusedError: it is none, or damaged.
    """
    arrays = version.arrays()
    kind = arrays.pop(SCORER_KIND, None)
    if kind is None or str(kind) != RefittedScorer.kind:
        raise MismatchError(f"version {version.id}: no refitted model but {kind}")
    try:
        found = from_arrays(RefittedScorer.kind, arrays)
    except ValueError as fault:
        raise DamagedError(f"version {version.id}: {fault}; train it anew") from fault
    assert isinstance(found, RefittedScorer)
    return found


def contestant(version: Version, at_ms: int) -> Frozen:
    """A candidate as it enters the tournament.

    Args:
        at_ms: event time from which on it is scored.

    Raises:
        RefusedError: it is no refitted model, damaged, or knows outcomes of after that time.
    """
    training = version.manifest.training
    if training.name != name_of(training.kind, training.last_due_ms):
        raise MismatchError(f"version {version.id}: {training.name} is no name of a refitted model")
    if training.last_due_ms >= at_ms:
        raise MismatchError(f"version {version.id}: it knows what was due after the time of its entry")
    return Frozen(scorer_of(version), version.id, training, at_ms)
