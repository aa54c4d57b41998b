"""The whole job, with and without what it may lack."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_jobs.job import Job, Tables
from batch_jobs.segments.folders import erase, folder_of
from batch_jobs.segments.folders import tables as user_tables
from batch_jobs.segments.job import Segments
from batch_jobs.star.star import Star
from batch_jobs.value.job import CUSTOMERS, OPEN_TRIALS, WARNINGS, Value
from batch_jobs.value.risks import RISKS, given
from batch_jobs.value.tables import KEPT_OF, OF, TABLES
from tests.batch_jobs.rows import Day, active, midnight, star_of
from tests.batch_jobs.segments import crowds
from tests.batch_jobs.value.test_trials import AS_OF, crowd


def quiet(_what: str, share: float) -> None:
    assert 0 <= share <= 1


def run(folder: Path, star: Star, **parameters: Any) -> Tables:
    job: Job = Value(folder, **parameters)
    tables = job(star, quiet)
    assert {name: table.schema for name, table in tables.items()} == {**TABLES, KEPT_OF: OF}
    return tables


def test_everything(tmp_path: Path) -> None:
    rows, paid = crowd(400, seed=2)
    rows += [
        active(f"old{n}", date(2023, 1, 1) + timedelta(7 * n), orders=1, spent=1_000) for n in range(70)
    ] + crowds.crowd(10, seed=3, as_of=AS_OF)
    star = star_of(rows, AS_OF, paid=paid)
    Segments(tmp_path / "segments")(star, quiet)
    risks = pa.Table.from_pylist(
        [
            {"user": f"power-{n}", "time": midnight(AS_OF) - timedelta(ago), "probability": p, "tier": tier}
            for n in range(10)
            for ago, p, tier in ((40, 0.5, "medium"), (33, 0.8, "high"))
        ],
        schema=RISKS,
    )
    folder = tmp_path / "value"
    tables = run(folder, star, segments=tmp_path / "segments", risks=given(risks))
    assert {name for name, table in tables.items() if not table.num_rows} == {"reasons"}
    assert {row["grouping"] for row in tables["ltv"].to_pylist()} == {"all", "cohort", "segment"}
    (total, *_) = tables["revenue_at_risk"].to_pylist()
    assert (total["known"], total["at_risk"]) == (10, pytest.approx(0.8 * total["value"]))
    assert total["recoverable"] == pytest.approx(0.35 * total["at_risk"])
    here = folder_of(folder, star.as_of)
    assert pq.read_table(here / WARNINGS).num_rows == 10
    assert pq.read_table(here / CUSTOMERS).num_rows == len({row["user"] for row in rows})
    open_trials = pq.read_table(here / OPEN_TRIALS)
    assert open_trials.num_rows == sum(row["open"] for row in tables["trials"].to_pylist()) > 0
    assert len(set(open_trials["user"].to_pylist())) == open_trials.num_rows
    assert sorted(path.name for path in folder.iterdir()) == [
        "as_of=2024-06-01"
    ]  # nothing in between is left
    assert erase(folder, ["power-1"]) > 2  # of the customers, the warnings, and of months
    assert not any("power-1" in pq.read_table(path)["user"].to_pylist() for path in user_tables(folder))
    steps = [row["step"] for row in tables["forecast"].to_pylist() if row["horizon"] == 3]
    assert steps == [0, 1, 2, 3] * 2
    for row in tables["forecast"].to_pylist():
        assert row["low_95"] <= row["low_80"] <= row["value"] <= row["high_80"] <= row["high_95"]
    assert tables == run(tmp_path / "again", star, segments=tmp_path / "segments", risks=given(risks))


def test_nobody(tmp_path: Path) -> None:
    tables = run(tmp_path, star_of([], AS_OF))
    assert {name for name, table in tables.items() if table.num_rows} == {"reasons", KEPT_OF}
    assert tables["reasons"]["table"].to_pylist() == [name for name in TABLES if name != "reasons"]


def test_before_the_first_event(tmp_path: Path) -> None:
    tables = run(tmp_path, star_of([active("a", date(2024, 5, 1))], date(2024, 1, 1)))
    assert {name for name, table in tables.items() if table.num_rows} == {"reasons", KEPT_OF}


def test_one_user_without_money(tmp_path: Path) -> None:
    tables = run(tmp_path, star_of([active("a", date(2024, 4, 1))], date(2024, 5, 5)), least=1)
    (month,) = (row for row in tables["arpu"].to_pylist() if row["grouping"] == "all")
    assert (month["month"], month["active"], month["arpu"], month["arppu"]) == ("2024-04", 1, 0.0, None)
    assert {row["value"] for row in tables["ltv"].to_pylist()} == {0.0}
    assert tables["deciles"].num_rows == 0
    reasons = dict(zip(*(tables["reasons"][c].to_pylist() for c in ("table", "reason")), strict=True))
    assert reasons["forecast"] == "1 complete months are fewer than twice 3"
    assert "nobody has ordered" in reasons["deciles"]


@pytest.mark.parametrize(("first", "months"), [(date(2024, 1, 1), 5), (date(2024, 1, 2), 4)])
def test_a_month_that_began_before_the_first_event_is_not_complete(
    tmp_path: Path, first: date, months: int
) -> None:
    rows: list[Day] = [active("a", first), active("a", date(2024, 4, 3), spent=7, orders=1)]
    history = run(tmp_path, star_of(rows, date(2024, 6, 9)))["history"].to_pylist()
    money = {row["month"]: row["value"] for row in history if row["series"] == "revenue"}
    assert len(money) == months
    assert {month: value for month, value in money.items() if value} == {
        "2024-04": 7.0
    }  # others are 0, not absent
