"""Of an erased user nothing is left in anything that batch jobs keep, from the star to the results."""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from batch_jobs.config import BatchConfig, MoneyConfig, ReportConfig
from batch_jobs.running.archived import Archived
from batch_jobs.running.kept import KEPT, SCORES, SEGMENTS, VALUE, erase
from batch_jobs.running.perform import Wanted, perform
from batch_jobs.running.workshop import workshop
from batch_jobs.segments import folders
from batch_jobs.star import tables
from tests.batch_jobs.rows import midnight
from tests.batch_jobs.star.archives import Archive
from tests.batch_jobs.star.happened import DAY, HOUR, MONDAY, SETTINGS, Happened

FIRST: Final = date(2024, 1, 1)
GONE: Final = "who-is-to-go"
DAYS: Final = 70
USERS: Final = [GONE, *(f"user-{n:02}" for n in range(40))]


def lives() -> list[Happened]:
    """Everybody comes now and then, some buy, some begin with a trial."""
    found: list[Happened] = []
    for n, user in enumerate(USERS):
        for day in range(n % 5, DAYS, 1 + n % 7):
            kind = ("page_view", "purchase", "signup")[(n + day) % 3]
            fields = {"amount": 1_000 + n, "order_id": f"o{n}-{day}"} if kind == "purchase" else {}
            found.append(Happened(user, MONDAY + day * DAY + n, kind, f"{n}-{day}", 0, len(found), fields))
    return found


def holding(*roots: Path) -> list[Path]:
    """Files that hold the user's id, in whatever column."""
    found: list[Path] = []
    for path in (p for root in roots for p in root.rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            if any(GONE in str(row) for row in pq.read_table(path, partitioning=None).to_pylist()):
                found.append(path)
        elif GONE.encode() in path.read_bytes():
            found.append(path)
    return found


class Deployment:
    def __init__(self, folder: Path) -> None:
        self.archive = Archive(folder, SETTINGS)
        self.batch, self.results = folder / "batch", folder / "results"
        self.config = BatchConfig(
            archive=str(self.archive.log), folder=str(self.batch), results=str(self.results), kept=8,
            ledger=str(folder), money=MoneyConfig(), registry=str(folder / "registry"), key="unused in here",
            facts=SETTINGS, memory_mb=600, threads=1, look_s=1.0, minute=0, report=ReportConfig(),
        )  # fmt: skip

    def run(self, days: int, *jobs: str) -> None:
        wanted = Wanted(jobs, as_of=FIRST + timedelta(days=days))
        report = perform(workshop(self.config), wanted, lambda _job: lambda _what, _share: None)
        assert report.good, report.outcomes


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    found = Deployment(tmp_path)
    found.archive.add(lives(), MONDAY + DAYS * DAY + HOUR, [0])
    return found


def test_the_engine_has_what_the_configuration_gives_it(deployment: Deployment) -> None:
    with Archived(deployment.config).star(FIRST + timedelta(days=1), lambda _what, _share: None) as star:
        asked = "SELECT current_setting('threads'), current_setting('memory_limit')"
        assert star.engine.raw_sql(asked).fetchall() == [(1, "572.2 MiB")]


def test_what_the_archive_has_let_go_of_leaves_the_star_and_what_jobs_have_kept(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.run(DAYS - 1)
    before = holding(deployment.batch, deployment.results)
    assert {path.relative_to(deployment.batch).parts[0] for path in before} == {"star", SEGMENTS, VALUE}
    marked = FIRST + timedelta(DAYS)
    DeltaTable(deployment.archive.log).delete(
        f"user = '{GONE}' AND day < '{marked}'"
    )  # as the archive does it
    monkeypatch.setattr(tables, "KEEP_HOURS", 0)
    deployment.run(DAYS)
    assert holding(deployment.batch, deployment.results) == []
    members = [pq.read_table(path) for path in folders.tables(deployment.batch / SEGMENTS)]
    assert [table.num_rows for table in members] == [len(USERS) - 1] * 2


def test_an_erasure_empties_every_table_at_once(tmp_path: Path) -> None:
    for name in KEPT:
        with folders.replacing(tmp_path / name, midnight(FIRST)) as fresh:
            pq.write_table(_users(), fresh / "some.parquet")
    assert erase(tmp_path, {GONE}) == len(KEPT)
    assert holding(tmp_path) == []
    assert erase(tmp_path / "nowhere", {GONE}) == 0


def test_of_later_tables_nobody_is_taken_who_came_after_the_as_of(deployment: Deployment) -> None:
    later = midnight(FIRST + timedelta(DAYS))
    with folders.replacing(deployment.batch / SCORES, later) as fresh:
        pq.write_table(_users().append_column("n", [["later"]]), fresh / "scores.parquet")
    deployment.run(1, "overview")
    assert pq.read_table(folders.folder_of(deployment.batch / SCORES, later)).num_rows == 1


def _users() -> pa.Table:
    return pa.table({"user": [GONE]})
