"""The ledger lets go of whoever `control` says, whatever happens on the way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from control import tables
from control.effects import effects
from domain.control import Erasure
from feature_store.connect import connect
from online_model.ledger.erased import hashed
from online_model.ledger.ledger import LedgerError, rows_of_user
from online_model.ledger.schema import to_table
from stream_processors.forgetting import Forgetting, forget
from tests.integration.place import eventually
from tests.online_model.ledger.test_erased import somebody
from tests.online_model.ledger.test_ledger import DAY, ledger, settled


@pytest.fixture
def url(database: Callable[[], str]) -> str:
    """A database of Redis of its own."""
    return database()


@pytest.fixture
def store(url: str) -> Iterator[Redis]:
    with connect(url) as own:
        yield own


def decided(store: Redis, user: str, until: int) -> None:
    for command in effects(Erasure(id=hashed(user), at=5, by="tests", until=until)):
        store.execute_command(*command)  # type: ignore[no-untyped-call]


def test_rows_go_and_the_wish_is_done_with(store: Redis, tmp_path: Path) -> None:
    table = to_table(settled(50))
    user, time = somebody(table)
    ledger(tmp_path).write_day(DAY, table)
    assert forget(store, tmp_path) == 0
    decided(store, user, time)
    assert store.hgetall(tables.ERASED) == {hashed(user).encode(): b"5"}
    assert forget(store, tmp_path) == 1
    assert rows_of_user(tmp_path, user) == []
    assert store.exists(tables.TO_FORGET) == 0


def test_what_failed_is_still_wanted(store: Redis, tmp_path: Path) -> None:
    (tmp_path / "erased.json").write_text("{")
    decided(store, "ann", 7)
    with pytest.raises(LedgerError):
        forget(store, tmp_path)
    assert store.hgetall(tables.TO_FORGET) == {hashed("ann").encode(): b"7"}


def test_the_thread_does_it(store: Redis, url: str, tmp_path: Path) -> None:
    with Forgetting(url, tmp_path):
        decided(store, "ann", 7)
        eventually("it is done", lambda: not store.exists(tables.TO_FORGET))
    assert hashed("ann") in (tmp_path / "erased.json").read_text()
