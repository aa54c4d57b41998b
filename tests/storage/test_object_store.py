"""Files in an object store, as on a disk: whole or not there, and one of two who create wins."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from online_model.registry.registry import Registry
from storage.errors import StorageError
from storage.files import Storage
from storage.object_store import opened
from tests.object_store import BUCKET, Server, object_store


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with object_store(monkeypatch) as running:
        yield running


def test_what_is_written_is_there_until_it_is_removed(server: Server) -> None:
    assert server.poll() is None
    storage = Storage(f"s3://{BUCKET}/files", "models")
    assert storage.folder is None
    assert storage.names() == []
    for name in ("a/one", "a/two", "b"):
        storage.write(name, name.encode())
    storage.write("b", b"again")
    assert (storage.names(), storage.names("a"), storage.names("c")) == (["a", "b"], ["one", "two"], [])
    assert (storage.read("a/one"), storage.read("b")) == (b"a/one", b"again")
    storage.remove("a")
    storage.remove("c")
    assert storage.names() == ["b"]
    assert (storage.exists("b"), storage.exists("a/one")) == (True, False)
    with pytest.raises(FileNotFoundError):
        storage.read("a/one")


def test_of_many_who_create_a_file_one_does(server: Server) -> None:
    assert server.poll() is None
    storages = [Storage(f"s3://{BUCKET}/files", "models") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda at: storages[at].create("lease", b"%d" % at), range(8)))
    assert sum(won) == 1
    assert storages[0].read("lease") == b"%d" % won.index(True)


def test_models_are_kept_there(server: Server) -> None:
    assert server.poll() is None
    registry = Registry(f"s3://{BUCKET}/models", b"k" * 32)
    registry.prepare()
    assert registry.versions() == []


def test_a_store_that_is_away_is_said(server: Server) -> None:
    storage = Storage(f"s3://{BUCKET}/files", "models")
    server.kill()
    server.wait()
    with pytest.raises(StorageError) as refused:
        storage.read("b")
    said = str(refused.value)
    assert said.startswith(f"models s3://{BUCKET}/files: cannot read b: ")
    assert said.endswith("HTTP error: error sending request")


@pytest.mark.parametrize("address", ["/a/folder", "memory://models", "s3://", "file:///a/folder"])
def test_other_addresses_are_none_of_an_object_store(address: str) -> None:
    assert opened(address) is None
