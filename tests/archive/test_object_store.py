"""The same in an object store."""

from collections.abc import Iterator
from datetime import date

import pytest
from deltalake import DeltaTable

from archive.address import address_of
from archive.compaction import compact
from archive.erasing import carry_out, rows_of_user
from archive.errors import ArchiveAwayError, FencedError, MissingArchiveError
from archive.log import open_log
from archive.reading import changed_days, in_log_order
from tests.archive.contents import addresses
from tests.archive.logs import START, TOPIC, archive, archive_at, mark, part, some
from tests.object_store import Server, object_store

URL = "s3://bucket/archive/log"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with object_store(monkeypatch) as running:
        yield running


def test_all_that_an_archive_does(server: Server) -> None:
    with pytest.raises(MissingArchiveError):
        open_log(address_of(URL))
    logs = some(1, 300)
    found = archive(URL, logs, batch=50)
    begun = found.version
    for partition, log in logs.items():
        rows = [row for rows in in_log_order(found, partition, 0) for row in rows.to_pylist()]
        assert [(row["offset"], row["value"]) for row in rows] == [(n, r.value) for n, r in enumerate(log)]
    assert compact(found, date(2024, 3, 1)) > 0
    assert changed_days(found, begun) == set()
    assert carry_out(found) > 0
    assert changed_days(found, begun)
    assert found.vacuum(0) > 0
    again = open_log(address_of(URL), TOPIC)
    assert again.positions(2) == {p: len(log) for p, log in logs.items()}
    assert sum(pair.rows for pair in again.content()) == sum(map(len, logs.values()))
    assert rows_of_user(again, "nobody") == []
    assert addresses(again)[0].startswith(URL)
    assert DeltaTable(URL, storage_options=address_of(URL).options).count() == sum(map(len, logs.values()))


def test_of_two_who_append_at_once_one_is_refused(server: Server) -> None:
    one, other = archive_at(URL), archive_at(URL)
    one.append({0: part(0, 0, [mark(START)])})
    with pytest.raises(FencedError):
        other.append({0: part(0, 0, [mark(START)])})
    other.append({1: part(1, 0, [mark(START)])})
    other.refresh()
    assert other.positions(2) == {0: 1, 1: 1}
    assert sum(file.rows for file in other.content()) == 2


def test_a_store_that_is_away_is_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    found = archive_at(URL)
    server.kill()
    server.wait()
    with pytest.raises(ArchiveAwayError, match="bucket"):
        found.append({0: part(0, 0, [mark(START)])})
    with pytest.raises(ArchiveAwayError, match="bucket"):
        found.refresh()
    with pytest.raises(ArchiveAwayError, match="bucket"):
        open_log(address_of(URL))


def test_a_bucket_that_is_not_there(server: Server) -> None:
    with pytest.raises(ArchiveAwayError, match="elsewhere"):
        archive_at("s3://elsewhere/log")
