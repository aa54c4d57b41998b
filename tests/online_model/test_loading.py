"""From an announcement to what serves, and what stands in when it cannot be had."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from online_model.loading import last_good, load
from online_model.registry.errors import DamagedError, MismatchError, StorageError, WrongKeyError
from online_model.registry.manifest import SCORER
from online_model.registry.registry import Registry
from tests.online_model.versions import KEY, LINEAGE, announced, publish


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "registry"


@pytest.fixture
def registry(folder: Path) -> Registry:
    made = Registry(str(folder), KEY)
    made.prepare()
    return made


def test_what_is_announced_is_loaded(registry: Registry) -> None:
    versions = [publish(registry, name) for name in ("recursive", "logistic")]
    risk = load(registry, announced(registry, (versions[0], 0.1), (versions[1], 0.9)), LINEAGE)
    assert [(p.version, p.contestant, p.share) for p in risk.parts] == [
        (versions[0], "recursive", 0.1),
        (versions[1], "logistic", 0.9),
    ]
    assert load(registry, announced(registry), LINEAGE).parts == ()


def test_another_version_under_the_same_id_is_not_taken(registry: Registry) -> None:
    announcement = announced(registry, (publish(registry), 1.0))
    share = msgspec.structs.replace(announcement.shares[0], manifest_sha256="0" * 64)
    with pytest.raises(DamagedError, match="not the one that was announced"):
        load(registry, msgspec.structs.replace(announcement, shares=(share,)), LINEAGE)


def test_another_lineage_is_not_taken(registry: Registry) -> None:
    announcement = announced(registry, (publish(registry), 1.0))
    with pytest.raises(MismatchError, match="are announced, here is"):
        load(registry, announcement, "another")
    foreign = publish(registry, lineage="another lineage!")
    with pytest.raises(MismatchError, match="learned lineage"):
        load(registry, announced(registry, (foreign, 1.0)), LINEAGE)


def test_arrays_that_make_no_scorer_are_damage(registry: Registry, folder: Path) -> None:
    version = publish(registry)
    manifest = registry.manifest(version)
    bare = registry.publish(manifest.training, {"scorer_kind": np.array("linear")}, None)
    with pytest.raises(DamagedError, match="lacks the array"):
        load(registry, announced(registry, (bare.version, 1.0)), LINEAGE)


def test_the_last_good_version_stands_in(registry: Registry, folder: Path) -> None:
    good, damaged = publish(registry, seed=1), publish(registry, seed=2)
    announcement = announced(registry, (damaged, 1.0))
    (folder / damaged / SCORER).write_bytes(b"junk")
    with pytest.raises(DamagedError, match="is not the file that was published"):
        load(registry, announcement, LINEAGE)
    assert last_good(registry, LINEAGE).versions == (good,)
    assert last_good(registry, "another").parts == ()


def test_another_key_and_no_registry_are_errors(registry: Registry, folder: Path, tmp_path: Path) -> None:
    announcement = announced(registry, (publish(registry), 1.0))
    with pytest.raises(WrongKeyError, match="another key"):
        load(Registry(str(folder), b"another key of the tests"), announcement, LINEAGE)
    with pytest.raises(StorageError, match="not there"):
        load(Registry(str(tmp_path / "elsewhere"), KEY), announcement, LINEAGE)
