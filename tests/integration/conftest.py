"""Deployments for tests, on the shared Kafka and Redis."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from local_stack.addresses import Addresses
from tests.integration.place import Place

_DATABASES = range(1, 16)
_TAKEN = "taken-by-a-test"


@contextmanager
def _databases(stack: Addresses) -> Iterator[Callable[[], str]]:
    """URLs of empty Redis databases, emptied again afterwards: the store's keys are the same in each."""
    taken: list[str] = []

    def take() -> str:
        for number in _DATABASES:
            url = f"{stack.redis.rsplit('/', 1)[0]}/{number}"
            with Redis.from_url(url) as store:
                # marked, so that a test that has written nothing yet does not share it with another
                if url not in taken and store.dbsize() == 0 and store.set(_TAKEN, 1, nx=True):
                    taken.append(url)
                    return url
        raise AssertionError("no empty Redis database is left for tests")

    yield take
    for url in taken:
        with Redis.from_url(url) as store:
            store.flushdb()


@pytest.fixture
def database(stack: Addresses) -> Iterator[Callable[[], str]]:
    """For one test."""
    with _databases(stack) as take:
        yield take


@pytest.fixture(scope="module")
def module_place(
    stack: Addresses, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Place]:
    """One deployment for all tests of a module."""
    name = f"{request.module.__name__.rpartition('.')[2][-20:]}-{uuid.uuid4().hex[:8]}"
    with _databases(stack) as take:
        yield Place(tmp_path_factory.mktemp("place"), Addresses(stack.kafka, take(), "tests"), name)


@pytest.fixture
def make_place(
    stack: Addresses, database: Callable[[], str], unique: Callable[[str], str], tmp_path: Path
) -> Callable[..., Place]:
    """Deployments of this test alone, with other settings where given."""

    def make(**settings: object) -> Place:
        name = unique("t")[-28:]
        home = tmp_path / name
        return Place(home, Addresses(stack.kafka, database(), "tests"), name, **settings)

    return make


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    """A deployment of this test alone."""
    return make_place()
