"""What stays and what goes."""

from collections.abc import Callable

import numpy as np
import pytest

from online_model.registry.errors import UnknownVersionError
from online_model.registry.manifest import SCORER, Training
from online_model.registry.registry import MANIFEST, Registry
from online_model.registry.retention import protect, protections, prune, release

Trained = Callable[..., Training]


def publish(registry: Registry, training: Training) -> str:
    return registry.publish(training, {"weights": np.zeros(2)}, None).version


def test_the_last_of_each_contestant_stay(registry: Registry, training: Trained) -> None:
    logistic = [publish(registry, training(days)) for days in range(1, 6)]
    forest = publish(registry, training(1, name="forest"))
    other = publish(registry, training(1, lineage="f" * 16))
    assert prune(registry, keep=2, announced=[]).removed == logistic[2::-1]
    assert set(registry.versions()) == {*logistic[3:], forest, other}
    assert prune(registry, keep=2, announced=[]).removed == []


def test_who_was_champion_is_pinned_or_announced_stays(registry: Registry, training: Trained) -> None:
    ids = [publish(registry, training(days)) for days in range(1, 6)]
    protect(registry, ids[0], "champion")
    protect(registry, ids[1], "pinned")
    protect(registry, ids[1], "pinned")
    assert protections(registry, ids[1]) == ["pinned"]
    assert prune(registry, keep=1, announced=[ids[2]]).removed == [ids[3]]
    release(registry, ids[1])
    release(registry, ids[0])
    assert prune(registry, keep=1, announced=[]).removed == [ids[2], ids[1]]
    assert registry.versions() == [ids[4], ids[0]]
    assert registry.load(ids[0]).arrays().keys() == {"weights"}


def test_a_bad_one_is_left_for_somebody_to_look_at(registry: Registry, training: Trained) -> None:
    ids = [publish(registry, training(days)) for days in range(1, 4)]
    registry.storage.write(f"{ids[0]}/{MANIFEST}", b"{")
    assert prune(registry, keep=1, announced=[]) == ([ids[1]], [ids[0]])
    assert registry.versions() == [ids[2], ids[0]]


def test_what_was_never_finished_goes(registry: Registry, training: Trained) -> None:
    good = publish(registry, training())
    registry.storage.write(f"1700000000000-0123456789ab/{SCORER}", b"half")
    prune(registry, keep=1, announced=[])
    assert registry.versions() == [good]


def test_what_is_not_there_cannot_be_protected(registry: Registry) -> None:
    with pytest.raises(UnknownVersionError):
        protect(registry, "1700000000000-0123456789ab", "pinned")


def test_at_least_one_stays(registry: Registry) -> None:
    with pytest.raises(ValueError, match="at least one"):
        prune(registry, keep=0, announced=[])
