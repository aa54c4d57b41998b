"""Jobs over an archive in an object store: the star is that of the same archive in a folder, also after a change."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from archive.address import address_of
from archive.compaction import compact
from archive.erasing import carry_out
from archive.log import open_log
from batch_jobs.config import BatchConfig, MoneyConfig, ReportConfig
from batch_jobs.running.archived import Archived
from batch_jobs.running.source import SourceError
from batch_jobs.star.schema import TABLES
from tests.archive.logs import FACTS, archive, some
from tests.object_store import Server, object_store

URL = "s3://bucket/archive/log"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with object_store(monkeypatch) as running:
        yield running


def config(log: str, folder: Path) -> BatchConfig:
    return BatchConfig(
        archive=log, folder=str(folder), results=str(folder / "results"), kept=8, ledger=str(folder),
        money=MoneyConfig(), registry=str(folder / "registry"), key="unused in here", facts=FACTS, memory_mb=600,
        threads=1, look_s=1.0, minute=0, report=ReportConfig(),
    )  # fmt: skip


def star(log: str, folder: Path, as_of: date) -> Mapping[str, pa.Table]:
    with Archived(config(log, folder)).star(as_of, lambda _what, _share: None) as found:
        tables = {name: found.engine.to_pyarrow(getattr(found, name)) for name in TABLES}
        assert tables["users"].num_rows
        return {
            name: table.sort_by([(c, "ascending") for c in table.column_names])
            for name, table in tables.items()
        }


def test_it_is_the_star_of_the_same_archive_in_a_folder(server: Server, tmp_path: Path) -> None:
    logs = some(1, 400)
    places = {str(tmp_path / "log"): tmp_path / "local", URL: tmp_path / "remote"}
    for place in places:
        archive(place, logs, batch=100)
    first, then = (
        [star(place, folder, date(2024, 1, day)) for place, folder in places.items()] for day in (2, 3)
    )
    assert first[0] == first[1]
    assert then[0] == then[1] != first[1]
    for place in places:
        opened = open_log(address_of(place))
        assert carry_out(opened) > 0
        compact(opened, date(2024, 3, 1))
    changed = [star(place, folder, date(2024, 1, 3)) for place, folder in places.items()]
    assert changed[0] == changed[1] != then[1]


def test_a_store_that_is_away_or_lacks_a_file_says_so(server: Server, tmp_path: Path) -> None:
    archive(URL, some(2, 60))
    opened = Archived(config(URL, tmp_path))
    lost = opened._log.paths(date.min, date.max)[0].removeprefix(f"{URL}/")
    opened._log._fs.delete_file(lost)
    with (
        pytest.raises(
            SourceError, match=r"cannot be read \(FileNotFoundError: .*day=20.*\): .* results stand"
        ),
        opened.star(date(2024, 1, 2), lambda _what, _share: None),
    ):
        pass
    server.kill()
    server.wait()
    with pytest.raises(SourceError, match="bucket"):
        Archived(config(URL, tmp_path))


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="ftp"):
        Archived(config("ftp://somewhere/log", tmp_path))
