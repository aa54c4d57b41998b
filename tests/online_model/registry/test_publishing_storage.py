"""A registry whose place is missing, full or of another kind: nothing is half there, what was loaded serves on."""

import errno
import os
import resource
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from online_model.registry import errors
from online_model.registry.registry import Registry
from storage.files import Storage
from tests.online_model.registry.published import ARRAYS, KEY, Trained, learner, publish


def test_a_registry_that_was_never_made(address: str, training: Trained) -> None:
    registry = Registry(address, KEY)
    for use in (registry.versions, registry.latest_good, lambda: publish(registry, training())):
        with pytest.raises(errors.StorageError, match="not there"):
            use()


def test_a_folder_that_vanishes_midway(tmp_path: Path, training: Trained) -> None:
    registry = Registry(str(tmp_path / "models"), KEY)
    registry.prepare()
    serving = registry.load(publish(registry, training()))
    shutil.rmtree(tmp_path / "models")
    for use in (
        registry.latest_good,
        lambda: registry.load(serving.id),
        lambda: publish(registry, training(2)),
    ):
        with pytest.raises(errors.StorageError, match="is it mounted"):
            use()
    assert not (tmp_path / "models").exists()
    assert serving.arrays().keys() == ARRAYS.keys()  # what was loaded serves on
    registry.prepare()
    assert publish(registry, training()) == serving.id


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("no folder")
    with pytest.raises(errors.StorageError):
        Registry(str(tmp_path / "models"), KEY).prepare()


def test_an_address_that_nobody_knows() -> None:
    with pytest.raises(errors.StorageError, match="nowhere://models"):
        Registry("nowhere://models", KEY)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The kernel takes no more bytes in a file, as when a disk fills up in the middle of it."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path, training: Trained) -> None:
    registry = Registry(str(tmp_path), KEY)
    registry.prepare()
    good = publish(registry, training(1))
    large = ARRAYS | {"trees": np.arange(200_000)}
    with no_file_longer_than(500_000), pytest.raises(errors.StorageError, match="free some space"):
        registry.publish(training(2), large, learner())
    found = registry.latest_good()
    assert found.version is not None
    assert (found.version.id, found.skipped) == (good, [])
    assert not list(tmp_path.rglob("*.partial"))
    later = registry.publish(training(2), large, learner())
    assert registry.load(later.version).arrays()["trees"].sum() == large["trees"].sum()


class FullStore(MemoryFileSystem):  # type: ignore[misc]
    """A store that takes so many more files, and half of the next."""

    protocol = "fullstore"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    room = 1000

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        type(self).room -= 1
        if self.room < 0:
            super().pipe_file(path, value[: len(value) // 2], mode, **kwargs)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().pipe_file(path, value, mode, **kwargs)


@pytest.mark.parametrize("room", range(4))
def test_a_full_store_never_shows_half_a_version(training: Trained, room: int) -> None:
    fsspec.register_implementation("fullstore", FullStore, clobber=True)
    FullStore.room = 1000
    registry = Registry(f"fullstore://{uuid.uuid4().hex}", KEY)
    registry.prepare()
    good = publish(registry, training(1))
    FullStore.room = room
    if room < 3:  # scorer, learner, manifest
        with pytest.raises(errors.StorageError, match=r"No space left on device; free some space"):
            publish(registry, training(2))
        found = registry.latest_good()
        assert found.version is not None
        assert (found.version.id, found.skipped) == (good, [])
        FullStore.room = 1000
    assert registry.load(publish(registry, training(2))).manifest.training.examples == 2000


def test_a_version_is_withdrawn_while_it_is_put_right(training: Trained) -> None:
    fsspec.register_implementation("fullstore", FullStore, clobber=True)
    FullStore.room = 1000
    address = f"fullstore://{uuid.uuid4().hex}"
    theirs, mine = Registry(address, b"the key that was here before"), Registry(address, KEY)
    theirs.prepare()
    version = publish(theirs, training())
    FullStore.room = 1
    with pytest.raises(errors.StorageError):
        publish(mine, training())
    for registry in (theirs, mine):
        with pytest.raises(errors.UnknownVersionError):
            registry.load(version)


def test_a_store_with_errors_of_its_own() -> None:
    class RefusedByStoreError(Exception):
        """As clients of object stores have them."""

    class Closed(MemoryFileSystem):  # type: ignore[misc]
        protocol = "closed"

        def cat_file(self, path: str, *args: Any, **kwargs: Any) -> bytes:
            raise RefusedByStoreError("no credentials")

    fsspec.register_implementation("closed", Closed, clobber=True)
    with pytest.raises(errors.StorageError, match=r"cannot read registry\.json: no credentials"):
        Registry("closed://models", KEY).prepare()


def test_a_reader_never_sees_a_part_of_a_local_file(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path), "registry")
    storage.write("a/file", b"first")
    with (tmp_path / "a" / "file").open("rb") as before:
        storage.write("a/file", b"second, longer")
        assert before.read() == b"first"
    assert storage.read("a/file") == b"second, longer"
    assert storage.names("a") == ["file"]
