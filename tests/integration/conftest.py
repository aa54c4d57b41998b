"""Deployments for tests, on the shared Kafka and Redis."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from local_stack.addresses import Addresses
from tests.integration.place import Place

_DATABASES = range(1, 16)


@pytest.fixture
def database(stack: Addresses) -> Iterator[Callable[[], str]]:
    """URLs of empty Redis databases, emptied again afterwards: the store's keys are the same in each."""
    taken: list[str] = []

    def take() -> str:
        for number in _DATABASES:
            url = f"{stack.redis.rsplit('/', 1)[0]}/{number}"
            with Redis.from_url(url) as store:
                if url not in taken and store.dbsize() == 0:
                    taken.append(url)
                    return url
        raise AssertionError("no empty Redis database is left for tests")

    yield take
    for url in taken:
        with Redis.from_url(url) as store:
            store.flushdb()


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
